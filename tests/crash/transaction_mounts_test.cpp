// SPDX-License-Identifier: Apache-2.0
//
// Real mounts below a tree, and a disk that is really full.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <string>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/private_world.h"
#include "untorn/transaction.h"

namespace untorn {
namespace {

using testing::in_private_world;
using testing::names_in;
using testing::pattern;
using testing::read_file;
using testing::ScratchDirectory;
using testing::write_file;
using Names = std::vector<std::string>;

bool make_directory(const std::string& path) {
  return posix_file_system().make_directory(Handle::working_directory, path, 0755).has_value();
}

TEST(TransactionMounts, a_mount_below_the_root_is_refused_and_the_rest_goes_on) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    FileSystem& fs = posix_file_system();
    DEMAND(make_directory(scratch / "other") && make_directory(scratch / "bound"));
    write_file(fs, scratch / "file", "a mount of its own");
    write_file(fs, scratch / "source", "source");
    const std::string other = scratch / "other";
    DEMAND(mount("tmpfs", other.c_str(), "tmpfs", 0, "") == 0);
    const std::string bound = scratch / "bound";
    DEMAND(mount(scratch.path().c_str(), bound.c_str(), nullptr, MS_BIND, nullptr) == 0);
    const std::string file = scratch / "file";
    const std::string source = scratch / "source";
    DEMAND(mount(source.c_str(), file.c_str(), nullptr, MS_BIND, nullptr) == 0);
    auto change = Transaction::begin(scratch.path());
    DEMAND(change.has_value());
    for (const char* path : {"other/a", "bound/a", "file"}) {
      const auto put = change->put(path, "x");
      DEMAND(!put && put.error().code() == Code::mount_point);
    }
    const auto removed = change->remove("other");
    DEMAND(!removed && removed.error().code() == Code::mount_point);
    DEMAND(change->put("a", "new").has_value());
    DEMAND(std::move(*change).commit().has_value());
    DEMAND(read_file(fs, scratch / "a") == "new");
    return "";
  });
  EXPECT_EQ(problem, "");
}

TEST(TransactionMounts, a_disk_that_fills_leaves_all_as_it_was) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    DEMAND(mount("tmpfs", scratch.path().c_str(), "tmpfs", 0, "size=1m") == 0);
    FileSystem& fs = posix_file_system();
    write_file(fs, scratch / "a", "old a");
    write_file(fs, scratch / "b", "old b");
    for (int round = 0; round < 5; ++round) {
      auto change = Transaction::begin(scratch.path());
      DEMAND(change.has_value());
      DEMAND(change->put("a", "small").has_value());
      DEMAND(change->put("b", pattern(2000000, 1)).has_value());
      const auto receipt = std::move(*change).commit();
      DEMAND(!receipt);
      DEMAND(receipt.error().code() == Code::no_space);
      DEMAND(receipt.error().outcome() == Outcome::not_applied);
      DEMAND((names_in(fs, scratch.path()) == Names{".untorn", "a", "b"}));
      DEMAND(read_file(fs, scratch / "a") == "old a");
    }
    auto change = Transaction::begin(scratch.path());
    DEMAND(change && change->put("a", pattern(300000, 2)));
    const auto receipt = std::move(*change).commit();
    DEMAND(receipt.has_value());
    DEMAND(receipt->achieved == Durability::process);
    DEMAND(!receipt->why_lower.empty());
    return "";
  });
  EXPECT_EQ(problem, "");
}

}  // namespace
}  // namespace untorn
