// SPDX-License-Identifier: Apache-2.0
//
// Every call of applying a patch fails once, with every errno that it may give: what apply() says
// is true, and afterwards the project is whole and goes on.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "tests/crash/patch_project.h"

namespace untorn {
namespace {

using pipeline::PatchManager;
using testing::judge_patch;
using testing::patch_options;
using testing::targets_state;

constexpr std::array errors = {EIO, ENOSPC, EACCES, EPERM, EROFS, EMFILE, EINTR, ENOMEM};

std::unique_ptr<InMemoryFileSystem> make_project() {
  std::vector<TreeEntry> tree;
  for (const auto& [path, content] : testing::patch_project_files(false)) {
    tree.push_back({.path = path, .content = Bytes(std::string_view(content))});
  }
  return std::make_unique<InMemoryFileSystem>(tree);
}

Result<pipeline::PatchResult> apply(FileSystem& fs) {
  auto patches = PatchManager::open(fs, "p", patch_options());
  if (!patches) return std::unexpected(patches.error());
  return patches->apply(1);
}

TEST(PatchFaults, every_failing_call_is_told_truly_and_leaves_the_project_whole) {
  auto counted_below = make_project();
  FaultFileSystem counted(*counted_below);
  ASSERT_TRUE(apply(counted));
  const std::size_t calls = counted.sites().size();
  ASSERT_GT(calls, 50U);
  std::size_t failed = 0;
  for (std::uint64_t at = 0; at < calls; ++at) {
    for (const int os_errno : errors) {
      auto below = make_project();
      FaultFileSystem fs(*below, Fault{.at = at, .error = Errno{os_errno}});
      const auto result = apply(fs);
      const std::string where = to_string(counted.sites()[at]) + ", errno " +
                                std::to_string(os_errno) +
                                (result ? "" : ": " + result.error().message());
      EXPECT_EQ(below->open_handles(), 0U) << where;
      if (result) {
        EXPECT_EQ(targets_state(*below, "p"), "after") << where;
      } else if (result.error().outcome() == Outcome::not_applied) {
        ++failed;
        EXPECT_EQ(targets_state(*below, "p"), "before") << where;
      }
      EXPECT_EQ(judge_patch(*below, "p"), "") << where;
      const auto again = apply(*below);
      EXPECT_TRUE(again) << where << "; " << again.error();
      EXPECT_EQ(targets_state(*below, "p"), "after") << where;
    }
  }
  EXPECT_GT(failed, calls) << "too few faults were noticed";
}

}  // namespace
}  // namespace untorn
