// SPDX-License-Identifier: Apache-2.0
//
// Syncs that files share: how many, in which order, and who learns of a failure.
#include "write/group_sync.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"

namespace untorn::write {
namespace {

const FileSystemKind journal = {.name = "ext4", .range_sync = RangeSync::before_names};
const FileSystemKind btrfs = {.name = "btrfs"};
const FileSystemKind unknown = {.name = "unknown"};

// A group of so many files in two directories, run to its end.
struct GroupRun {
  GroupRun(const FileSystemKind& kind, std::size_t count, Durability level,
           std::vector<Fault> faults = {})
      : fs(memory, std::move(faults)), group(fs, kind, level, ProtocolChoice::automatic, nullptr) {
    for (const char* name : {"a", "b"}) {
      EXPECT_TRUE(memory.make_directory(Handle::working_directory, name, 0755));
      directories.push_back(
          memory.open(Handle::working_directory, name, {.access = Access::directory}).value());
    }
    for (std::size_t index = 0; index < count; ++index) {
      files.push_back(memory
                          .open(directories[index % 2], "f" + std::to_string(index),
                                {.access = Access::write, .create = true})
                          .value());
      group.written(files.back());
    }
    contents = group.wait(files, directories[0]);
    names = group.settle(directories);
  }

  [[nodiscard]] std::string calls() const {
    std::string text;
    for (const CallSite& site : fs.sites()) text += std::string(to_string(site.call)) + " ";
    return text;
  }
  [[nodiscard]] std::size_t count(Call call) const {
    const auto sites = fs.sites();
    return static_cast<std::size_t>(std::ranges::count(sites, call, &CallSite::call));
  }

  InMemoryFileSystem memory;
  FaultFileSystem fs;
  GroupSync group;
  std::vector<Handle> directories;
  std::vector<Handle> files;
  std::vector<SystemResult<void>> contents;
  std::vector<SystemResult<void>> names;
};

TEST(GroupSync, with_ranges_one_commit_serves_any_number_of_files) {
  for (const std::size_t files : {1U, 2U, 100U}) {
    const GroupRun run(journal, files, Durability::durable);
    EXPECT_EQ(run.count(Call::start_writeback), files);
    EXPECT_EQ(run.count(Call::sync_range), files);
    EXPECT_EQ(run.count(Call::sync), 2U) << "the directories";
    EXPECT_EQ(run.group.syncs(), 2U);
    EXPECT_EQ(run.group.commits(), 1U);
  }
}

TEST(GroupSync, every_write_back_is_started_before_the_first_is_waited_for) {
  EXPECT_EQ(GroupRun(journal, 2, Durability::ordered).calls(),
            "start_writeback start_writeback sync_range sync_range ");
}

TEST(GroupSync, on_btrfs_everything_is_synced_twice) {
  const GroupRun run(btrfs, 100, Durability::durable);
  EXPECT_EQ(run.count(Call::sync_everything), 2U);
  EXPECT_EQ(run.count(Call::sync), 0U);
  EXPECT_EQ(run.group.syncs(), 2U);
  EXPECT_EQ(run.group.commits(), 2U);
  EXPECT_EQ(GroupRun(btrfs, 100, Durability::ordered).count(Call::sync_everything), 1U);
}

// Two files are not worth writing back what strangers have changed.
TEST(GroupSync, on_btrfs_fewer_than_three_files_are_synced_one_by_one) {
  const GroupRun run(btrfs, 2, Durability::durable);
  EXPECT_EQ(run.count(Call::sync_everything), 0U);
  EXPECT_EQ(run.count(Call::sync), 4U);
  EXPECT_EQ(run.group.commits(), 4U);
}

TEST(GroupSync, elsewhere_each_file_and_each_directory_is_synced) {
  const GroupRun run(unknown, 10, Durability::durable);
  EXPECT_EQ(run.count(Call::sync), 12U);
  EXPECT_EQ(run.count(Call::sync_everything), 0U);
  EXPECT_EQ(run.group.commits(), 12U);
  EXPECT_EQ(GroupRun(unknown, 10, Durability::ordered).count(Call::sync), 10U);
}

TEST(GroupSync, where_ranges_are_unknown_to_a_sandbox_files_are_synced) {
  const GroupRun run(
      journal, 3, Durability::durable,
      {{.at = 0, .call = Call::sync_range, .error = Errno{ENOSYS}, .persistent = true}});
  EXPECT_TRUE(run.contents[0] && run.contents[1] && run.contents[2]);
  EXPECT_EQ(run.count(Call::sync), 3U + 2U);
}

TEST(GroupSync, without_a_level_nothing_is_called) {
  EXPECT_EQ(GroupRun(journal, 3, Durability::process).calls(), "");
  EXPECT_EQ(GroupRun({.name = "tmpfs", .volatile_storage = true}, 3, Durability::durable).calls(),
            "");
}

TEST(GroupSync, a_server_is_asked_for_late_errors_at_every_level) {
  const GroupRun run({.name = "nfs", .network = true}, 3, Durability::process);
  EXPECT_EQ(run.count(Call::sync), 3U);
  EXPECT_EQ(run.group.commits(), 0U);
}

TEST(GroupSync, one_content_that_fails_is_told_and_the_others_are_safe) {
  for (const auto& [kind, call] : {std::pair(journal, Call::sync_range), {unknown, Call::sync}}) {
    const GroupRun run(kind, 3, Durability::durable,
                       {{.at = 1, .call = call, .error = Errno{EIO}}});
    EXPECT_TRUE(run.contents[0]);
    EXPECT_FALSE(run.contents[1]);
    EXPECT_TRUE(run.contents[2]);
    EXPECT_TRUE(run.names[0] && run.names[1]);
  }
}

// G3: the failure may be a stranger's.
TEST(GroupSync, after_a_failed_sync_of_everything_each_file_is_asked) {
  const GroupRun run(btrfs, 4, Durability::durable,
                     {{.at = 0, .call = Call::sync_everything, .error = Errno{EIO}},
                      {.at = 2, .call = Call::sync, .error = Errno{EIO}}});
  EXPECT_TRUE(run.contents[0] && run.contents[1] && run.contents[3]);
  EXPECT_FALSE(run.contents[2]);
  EXPECT_TRUE(run.names[0] && run.names[1]);
}

TEST(GroupSync, a_file_that_was_closed_before_a_failed_sync_of_everything_has_failed) {
  InMemoryFileSystem memory;
  FaultFileSystem fs(memory, Fault{.at = 0, .call = Call::sync_everything, .error = Errno{ENOSPC}});
  const Handle root =
      memory.open(Handle::working_directory, ".", {.access = Access::directory}).value();
  GroupSync group(fs, btrfs, Durability::durable, ProtocolChoice::automatic, nullptr, 3);
  const Handle file = memory.open(root, "f", {.access = Access::write, .create = true}).value();
  group.written(file);
  EXPECT_TRUE(group.wait_for(file));
  const std::vector<Handle> files = {Handle::none, file};
  const auto contents = group.wait(files, root);
  ASSERT_FALSE(contents[0]);
  EXPECT_EQ(number(contents[0].error()), ENOSPC);
  EXPECT_TRUE(contents[1]);
}

TEST(GroupSync, a_directory_that_fails_is_told_and_synced_once) {
  const GroupRun run(journal, 2, Durability::durable,
                     {{.at = 0, .call = Call::sync, .error = Errno{EIO}}});
  EXPECT_FALSE(run.names[0]);
  EXPECT_TRUE(run.names[1]);
  EXPECT_EQ(run.count(Call::sync), 2U);
}

TEST(GroupSync, names_after_a_failed_sync_of_everything_are_all_in_doubt) {
  const GroupRun run(btrfs, 3, Durability::durable,
                     {{.at = 1, .call = Call::sync_everything, .error = Errno{EIO}}});
  EXPECT_FALSE(run.names[0] || run.names[1]);
}

TEST(GroupSync, half_of_the_files_that_a_process_may_open_are_for_a_group) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(open_files_max(), std::max<std::size_t>(4, limit.rlim_cur / 2));
}

}  // namespace
}  // namespace untorn::write
