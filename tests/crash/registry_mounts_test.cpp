// SPDX-License-Identifier: Apache-2.0
//
// A registry on real mounts: a disk that is really full, and one that cannot be written.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <string>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/private_world.h"
#include "untorn/registry.h"

namespace untorn {
namespace {

using testing::in_private_world;
using testing::names_in;
using testing::pattern;
using testing::read_file;
using testing::ScratchDirectory;
using Names = std::vector<std::string>;

const std::string spec = R"({"n": 1})";

std::vector<Attachment> code(std::size_t bytes) {
  return {{.name = "bin", .content = pattern(bytes, 1)}};
}

TEST(RegistryMounts, a_disk_that_fills_keeps_every_entry_whole_and_gets_its_space_back) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    DEMAND(mount("tmpfs", scratch.path().c_str(), "tmpfs", 0, "size=1m") == 0);
    auto registry = Registry::open(scratch.path());
    DEMAND(registry && registry->add("small", spec, code(1000)));
    const Names before = names_in(posix_file_system(), scratch.path());
    for (int round = 0; round < 20; ++round) {
      // Each fits alone; with the version that is kept they do not.
      const auto added = registry->add("large", spec, code(700000));
      DEMAND(!added);
      DEMAND(added.error().code() == Code::no_space);
      DEMAND(added.error().outcome() == Outcome::not_applied);
      const auto replaced = registry->replace("small", spec, code(700000));
      DEMAND(!replaced && replaced.error().code() == Code::no_space);
      DEMAND(names_in(posix_file_system(), scratch.path()) == before);
      DEMAND(read_file(posix_file_system(), scratch / "small.bin") == pattern(1000, 1));
    }
    const auto check = registry->verify();
    DEMAND(check && check->was_healthy() && check->entries.size() == 1);
    DEMAND(registry->replace("small", spec, code(100000)));
    return "";
  });
  EXPECT_EQ(problem, "");
}

TEST(RegistryMounts, on_a_mount_that_cannot_be_written_it_is_read_and_every_change_refused) {
  NEED_PRIVATE_WORLD();
  const ScratchDirectory scratch;
  const std::string problem = in_private_world([&scratch]() -> std::string {
    DEMAND(mount("tmpfs", scratch.path().c_str(), "tmpfs", 0, "size=1m") == 0);
    {
      auto registry = Registry::open(scratch.path());
      DEMAND(registry && registry->add("greet", spec, code(1000)));
    }
    DEMAND(mount(nullptr, scratch.path().c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY,
                 nullptr) == 0);
    auto registry = Registry::open(scratch.path());
    DEMAND(registry);
    DEMAND(registry->get("greet"));
    DEMAND(registry->list()->entries.size() == 1);
    DEMAND(registry->verify(false)->was_healthy());
    DEMAND(registry->verify()->was_healthy());
    DEMAND(!registry->replace("greet", R"({"n": 2})"));
    DEMAND(!registry->remove("greet"));
    DEMAND(!registry->add("other", spec));
    DEMAND(registry->versions("greet")->size() == 1);
    return "";
  });
  EXPECT_EQ(problem, "");
}

}  // namespace
}  // namespace untorn
