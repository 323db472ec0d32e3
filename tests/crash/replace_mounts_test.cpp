// SPDX-License-Identifier: Apache-2.0
//
// Real mounts: a disk that is really full, a file that is a mount of its own, mounts that keep
// nothing or cannot be written.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/private_world.h"
#include "tests/support/require.h"
#include "untorn/replace.h"

namespace untorn {
namespace {

using testing::in_private_world;
using testing::names_in;
using testing::pattern;
using testing::read_file;
using testing::ScratchDirectory;
using testing::write_file;
using Names = std::vector<std::string>;

bool mount_tmpfs(const std::string& path, const char* options) {
  return mount("tmpfs", path.c_str(), "tmpfs", 0, options) == 0;
}

TEST(ReplaceMounts, a_disk_that_fills_keeps_the_old_content_and_gets_its_space_back) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    DEMAND(mount_tmpfs(scratch.path(), "size=1m"));
    FileSystem& fs = posix_file_system();
    const std::string old = pattern(600000, 1);
    write_file(fs, scratch / "a", old);
    for (int round = 0; round < 20; ++round) {
      const auto receipt = replace_file(scratch / "a", pattern(600000, 2));
      DEMAND(!receipt);
      DEMAND(receipt.error().code() == Code::no_space);
      DEMAND(receipt.error().step() == Step::write);
      DEMAND(receipt.error().outcome() == Outcome::not_applied);
      DEMAND(receipt.error().os_errno() == ENOSPC);
      DEMAND(read_file(fs, scratch / "a") == old);
      DEMAND(names_in(fs, scratch.path()) == Names{"a"});
    }
    DEMAND(replace_file(scratch / "a", pattern(300000, 3)).has_value());
    DEMAND(read_file(fs, scratch / "a") == pattern(300000, 3));
    return "";
  });
  EXPECT_EQ(problem, "");
}

TEST(ReplaceMounts, a_directory_without_inodes_left_is_a_clear_error) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    DEMAND(mount_tmpfs(scratch.path(), "size=1m,nr_inodes=2"));
    FileSystem& fs = posix_file_system();
    write_file(fs, scratch / "a", "old");
    const auto receipt = replace_file(scratch / "a", "new");
    DEMAND(!receipt);
    DEMAND(receipt.error().code() == Code::no_space);
    DEMAND(receipt.error().step() == Step::create_temporary);
    DEMAND(read_file(fs, scratch / "a") == "old");
    return "";
  });
  EXPECT_EQ(problem, "");
}

TEST(ReplaceMounts, tmpfs_is_reported_as_keeping_nothing_and_refused_by_strict) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    DEMAND(mount_tmpfs(scratch.path(), "size=1m"));
    const auto receipt = replace_file(scratch / "a", "new");
    DEMAND(receipt.has_value());
    DEMAND(receipt->requested == Durability::durable);
    DEMAND(receipt->achieved == Durability::process);
    DEMAND(receipt->why_lower == "tmpfs keeps nothing across a power cut");
    const auto strict = replace_file(scratch / "b", "new", {.strict = true});
    DEMAND(!strict && strict.error().code() == Code::unsupported);
    DEMAND(names_in(posix_file_system(), scratch.path()) == Names{"a"});
    return "";
  });
  EXPECT_EQ(problem, "");
}

TEST(ReplaceMounts, a_file_that_is_a_mount_of_its_own_is_refused_before_anything_is_written) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    FileSystem& fs = posix_file_system();
    write_file(fs, scratch / "outside", "old");
    write_file(fs, scratch / "mounted", "below");
    DEMAND(mount((scratch / "outside").c_str(), (scratch / "mounted").c_str(), nullptr, MS_BIND,
                 nullptr) == 0);
    const auto receipt = replace_file(scratch / "mounted", "new");
    DEMAND(!receipt);
    DEMAND(receipt.error().code() == Code::mount_point);
    DEMAND(receipt.error().step() == Step::inspect);
    DEMAND(read_file(fs, scratch / "outside") == "old");
    DEMAND((names_in(fs, scratch.path()) == Names{"mounted", "outside"}));
    return "";
  });
  EXPECT_EQ(problem, "");
}

TEST(ReplaceMounts, a_file_that_becomes_a_mount_while_it_is_written_is_left_alone) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    FileSystem& fs = posix_file_system();
    write_file(fs, scratch / "outside", "old");
    write_file(fs, scratch / "mounted", "below");
    auto replacer = FileReplacer::open(scratch / "mounted", {});
    DEMAND(replacer.has_value() && replacer->write("new").has_value());
    DEMAND(mount((scratch / "outside").c_str(), (scratch / "mounted").c_str(), nullptr, MS_BIND,
                 nullptr) == 0);
    const auto receipt = std::move(*replacer).commit();
    DEMAND(!receipt);
    DEMAND(receipt.error().code() == Code::mount_point);
    DEMAND(receipt.error().step() == Step::inspect);
    DEMAND(receipt.error().outcome() == Outcome::not_applied);
    DEMAND(read_file(fs, scratch / "outside") == "old");
    DEMAND((names_in(fs, scratch.path()) == Names{"mounted", "outside"}));
    return "";
  });
  EXPECT_EQ(problem, "");
}

TEST(ReplaceMounts, a_read_only_mount_is_refused_before_anything_is_written) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    DEMAND(mount_tmpfs(scratch.path(), "size=1m"));
    write_file(posix_file_system(), scratch / "a", "old");
    DEMAND(mount(nullptr, scratch.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
    const auto existing = replace_file(scratch / "a", "new");
    DEMAND(!existing && existing.error().code() == Code::permission_denied);
    DEMAND(existing.error().os_errno() == EROFS);
    const auto fresh = replace_file(scratch / "b", "new");
    DEMAND(!fresh && fresh.error().code() == Code::permission_denied);
    return "";
  });
  EXPECT_EQ(problem, "");
}

// The lower directory of an overlay; `volatile` makes its fsync a lie, which mountinfo tells.
TEST(ReplaceMounts, an_overlay_that_is_volatile_is_seen_through) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    DEMAND(mount_tmpfs(scratch.path(), "size=4m"));
    for (const char* name : {"lower", "upper", "work", "merged"}) {
      DEMAND(mkdir((scratch / name).c_str(), 0755) == 0);
    }
    write_file(posix_file_system(), scratch / "lower/a", "old");
    const std::string folders = "lowerdir=" + (scratch / "lower") +
                                ",upperdir=" + (scratch / "upper") +
                                ",workdir=" + (scratch / "work");
    if (mount("overlay", (scratch / "merged").c_str(), "overlay", 0,
              (folders + ",volatile").c_str()) != 0) {
      return std::string("no volatile overlay here: ") + std::strerror(errno);
    }
    const auto receipt = replace_file(scratch / "merged/a", "new");
    DEMAND(receipt.has_value());
    DEMAND(receipt->achieved == Durability::process);
    DEMAND(receipt->why_lower == "overlay mounted `volatile` keeps nothing across a power cut");
    DEMAND(read_file(posix_file_system(), scratch / "merged/a") == "new");
    DEMAND(read_file(posix_file_system(), scratch / "lower/a") == "old");
    return "";
  });
  UNTORN_NEED(!problem.starts_with("no volatile overlay"), "namespaces", problem);
  EXPECT_EQ(problem, "");
}

}  // namespace
}  // namespace untorn
