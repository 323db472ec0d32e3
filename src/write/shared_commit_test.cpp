// SPDX-License-Identifier: Apache-2.0
//
// Threads that end their replacements together: who leads, who follows, and what each is told.
#include "write/shared_commit.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/recording_file_system.h"
#include "tests/support/shared_syncs.h"

namespace untorn::write {
namespace {

using testing::FakeClock;
using testing::SlowSyncs;

// Three directories with a file each.
class SharedCommit : public ::testing::Test {
 protected:
  SharedCommit() {
    for (std::size_t index = 0; index < names.size(); ++index) {
      EXPECT_TRUE(memory_.make_directory(Handle::working_directory, names[index], 0755));
      directories_[index] =
          memory_.open(Handle::working_directory, names[index], {.access = Access::directory})
              .value();
      files_[index] =
          memory_.open(directories_[index], "f", {.access = Access::write, .create = true}).value();
    }
  }

  [[nodiscard]] FinalSync request(std::size_t index) const {
    return {.mount = 1, .file = files_[index], .directory = directories_[index]};
  }

  // One thread syncs, slowly, while the others arrive; these then end together.
  std::vector<FinalSyncResult> together(SlowSyncs& slow, const std::vector<std::size_t>& others) {
    FileSystem& fs = slow.fs();
    FinalSyncResult first = commits_.settle(fs, request(0));  // now it is known to be slow
    EXPECT_EQ(first.syncs, 2U);
    slow.hold_until_waiting(others.size());
    std::vector<FinalSyncResult> results(others.size());
    std::vector<std::thread> threads;
    threads.emplace_back([&] { first = commits_.settle(fs, request(0)); });
    slow.wait_until_held();
    for (std::size_t index = 0; index < others.size(); ++index) {
      threads.emplace_back(
          [&, index] { results[index] = commits_.settle(fs, request(others[index])); });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_FALSE(first.shared) << "it led before the others came";
    return results;
  }

  static constexpr std::array names = {"a", "b", "c"};
  InMemoryFileSystem memory_;
  std::array<Handle, 3> directories_{};
  std::array<Handle, 3> files_{};
  FakeClock clock_;
  SharedCommits commits_{clock_};
};

TEST_F(SharedCommit, one_thread_syncs_its_file_and_its_directory_and_never_waits) {
  SlowSyncs slow(memory_, clock_);
  for (int round = 0; round < 5; ++round) {
    const FinalSyncResult made = commits_.settle(slow.fs(), request(0));
    EXPECT_TRUE(made.file && made.directory);
    EXPECT_EQ(made.syncs, 2U);
    EXPECT_EQ(made.commits, 1U);
    EXPECT_FALSE(made.shared);
  }
  EXPECT_EQ(clock_.waits(), 0U);
}

TEST_F(SharedCommit, those_who_arrive_during_a_sync_share_the_next_one) {
  RecordingFileSystem counted(memory_);
  SlowSyncs slow(counted, clock_);
  const auto results = together(slow, {1, 2, 1, 0});
  unsigned leaders = 0;
  for (const FinalSyncResult& result : results) {
    EXPECT_TRUE(result.shared);
    EXPECT_TRUE(result.file && result.directory);
    if (result.syncs != 0) ++leaders;
    EXPECT_EQ(result.syncs, result.commits * 3) << "three different directories, no file";
  }
  EXPECT_EQ(leaders, 1U);
  EXPECT_EQ(counted.calls(Call::sync), 2U + 2U + 3U);
}

TEST_F(SharedCommit, two_handles_of_one_directory_are_synced_once) {
  RecordingFileSystem counted(memory_);
  const Handle again =
      memory_.open(Handle::working_directory, "b", {.access = Access::directory}).value();
  directories_[2] = again;
  SlowSyncs slow(counted, clock_);
  (void)together(slow, {1, 2});
  EXPECT_EQ(counted.calls(Call::sync), 2U + 2U + 1U);
}

// S5.
TEST_F(SharedCommit, each_gets_the_result_of_its_own_directory) {
  // 0 to 3 are the first two settlements; then the directories of the group in the order of
  // arrival.
  FaultFileSystem failing(memory_, Fault{.at = 4, .call = Call::sync, .error = Errno{EIO}});
  SlowSyncs slow(failing, clock_);
  const auto results = together(slow, {1, 1, 1});
  for (const FinalSyncResult& result : results) {
    ASSERT_FALSE(result.directory);
    EXPECT_EQ(number(result.directory.error()), EIO);
  }
  std::size_t syncs = 0;
  for (const CallSite& site : failing.sites()) syncs += site.call == Call::sync ? 1U : 0U;
  EXPECT_EQ(syncs, 5U) << "a sync that failed was repeated";
}

TEST_F(SharedCommit, a_directory_that_fails_does_not_harm_the_others) {
  FaultFileSystem failing(memory_, Fault{.at = 4, .call = Call::sync, .error = Errno{EIO}});
  SlowSyncs slow(failing, clock_);
  const auto results = together(slow, {1, 2});
  EXPECT_NE(results[0].directory.has_value(), results[1].directory.has_value());
}

TEST_F(SharedCommit, a_failed_sync_of_the_file_leaves_the_directory_alone) {
  FaultFileSystem failing(memory_, Fault{.at = 0, .call = Call::sync, .error = Errno{EIO}});
  const FinalSyncResult made = commits_.settle(failing, request(0));
  EXPECT_FALSE(made.file);
  EXPECT_EQ(made.syncs, 1U);
}

// S6: fast disks are left to the journal, which groups by itself.
TEST_F(SharedCommit, where_syncs_are_fast_nobody_waits) {
  std::vector<std::thread> threads;
  std::atomic<unsigned> syncs = 0;
  for (std::size_t thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 50; ++round) {
        const FinalSyncResult made = commits_.settle(memory_, request(thread % 3));
        EXPECT_TRUE(made.directory);
        syncs += made.syncs;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(syncs, 8U * 50U * 2U);
  EXPECT_EQ(clock_.waits(), 0U);
}

// S6: the leader gives up on those who do not come again.
TEST_F(SharedCommit, a_leader_waits_once_for_threads_that_do_not_come_again) {
  SlowSyncs slow(memory_, clock_);
  (void)together(slow, {1, 2, 1, 2});
  const std::size_t before = clock_.waits();
  const FinalSyncResult made = commits_.settle(slow.fs(), request(0));
  EXPECT_EQ(made.syncs, 2U);
  EXPECT_FALSE(made.shared);
  const std::size_t after = clock_.waits();
  EXPECT_GT(after, before);
  EXPECT_EQ(commits_.settle(slow.fs(), request(0)).syncs, 2U);
  EXPECT_EQ(clock_.waits(), after);
}

TEST_F(SharedCommit, many_threads_in_turns_all_end) {
  SlowSyncs slow(memory_, clock_);
  std::atomic<unsigned> commits = 0;
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 50; ++round) {
        const FinalSyncResult made = commits_.settle(slow.fs(), request(thread % 3));
        EXPECT_TRUE(made.file && made.directory);
        commits += made.commits;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(commits, 50U);
  EXPECT_LE(commits, 8U * 50U);
}

TEST(SharedCommitFork, a_child_does_not_wait_for_groups_of_its_parent) {
  InMemoryFileSystem fs;
  const Handle directory =
      fs.open(Handle::working_directory, ".", {.access = Access::directory}).value();
  const Handle file = fs.open(directory, "f", {.access = Access::write, .create = true}).value();
  const FinalSync request{.mount = 1, .file = file, .directory = directory};
  EXPECT_EQ(settle_shared(fs, request).syncs, 2U);
  const pid_t child = fork();
  if (child == 0) _exit(settle_shared(fs, request).syncs == 2U ? 0 : 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace untorn::write
