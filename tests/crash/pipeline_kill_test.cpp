// SPDX-License-Identifier: Apache-2.0
//
// The pipeline's classes in real processes, killed at random instants; and the two tests that the
// project began with, under their names. Those prove little: docs/guide/keep-state.md says why.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <random>
#include <string>
#include <thread>

#include "tests/support/files.h"
#include "untorn/pipeline/pattern_store.h"
#include "untorn/pipeline/state_manager.h"

namespace untorn::pipeline {
namespace {

using testing::ScratchDirectory;

template <class Work>
pid_t start(const Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    work();
    _exit(1);
  }
  return child;
}

void kill_after(pid_t child, std::chrono::microseconds delay) {
  ASSERT_GT(child, 0);
  std::this_thread::sleep_for(delay);
  ASSERT_EQ(kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the process failed by itself";
}

[[noreturn]] void save_for_ever(const std::string& project) {
  auto manager = StateManager::open(project, {.durability = Durability::process});
  if (!manager) _exit(1);
  for (int number = 0;; ++number) {
    const auto saved = manager->update([number](PipelineState& state) -> Result<void> {
      state.tasks = {};
      for (int i = 0; i < 50; ++i) {
        (void)state.add_task("task " + std::to_string(i) + " of " + std::to_string(number), "a.py");
      }
      return {};
    });
    if (!saved) _exit(1);
  }
}

TEST(Seed, test_atomic_write_crash_safety) {
  const ScratchDirectory project;
  kill_after(start([&] { save_for_ever(project.path()); }), std::chrono::milliseconds(100));
  const auto text = testing::read_file(posix_file_system(), project / ".pipeline/state.json");
  ASSERT_TRUE(text) << "nothing was saved within the time";
  EXPECT_TRUE(JsonDocument::parse(*text)) << "the file is corrupted";
}

TEST(Seed, test_state_recovery_after_crash) {
  const ScratchDirectory project;
  PipelineState original = PipelineState::make();
  (void)original.add_task("survive", "s.py");
  {
    auto manager = StateManager::open(project.path());
    ASSERT_TRUE(manager) << manager.error();
    ASSERT_TRUE(manager->save(original));
  }
  // The next process is killed while it does not save, and then while it saves nothing else.
  kill_after(start([&] {
               auto manager = StateManager::open(project.path());
               for (;;) (void)manager->load();
             }),
             std::chrono::milliseconds(50));
  auto manager = StateManager::open(project.path());
  ASSERT_TRUE(manager) << manager.error();
  const auto recovered = manager->load();
  ASSERT_TRUE(recovered) << recovered.error();
  EXPECT_TRUE(*recovered == original);
}

// Records operation after operation from `first` on; goes on where the last process was killed, as
// far as this one knows.
[[noreturn]] void record_for_ever(const std::string& project, std::uint64_t first) {
  auto store = PatternStore::open(project, {.durability = Durability::process});
  if (!store) _exit(1);
  for (std::uint64_t number = first;; ++number) {
    const auto recorded = store->record_execution(
        "operation " + std::to_string(number),
        {.phase = "coding", .tool = "edit", .success = true, .task = "task"});
    if (!recorded) _exit(1);
  }
}

TEST(PipelineKill, of_three_hundred_kills_none_loses_or_doubles_a_count) {
  constexpr int kills = 300;
  const ScratchDirectory project;
  std::mt19937 random(20240607);
  std::uniform_int_distribution<int> delay_us(0, 8000);
  std::uint64_t counted = 0;
  auto store = PatternStore::open(project.path(), {.durability = Durability::process});
  ASSERT_TRUE(store) << store.error();
  for (int i = 0; i < kills; ++i) {
    // Who restarts cannot know whether the last one was counted, and records it again.
    const std::uint64_t first = counted;
    kill_after(start([&] { record_for_ever(project.path(), first); }),
               std::chrono::microseconds(delay_us(random)));
    const auto statistics = store->statistics();
    ASSERT_TRUE(statistics) << statistics.error();
    EXPECT_FALSE(store->last_recovery()) << "a kill never damages the file";
    ASSERT_GE(statistics->executions, counted) << "counts are lost after kill " << i;
    ASSERT_EQ(statistics->executions, statistics->remembered);
    counted = statistics->executions;
    if (counted == 0) continue;
    const auto again = store->record_execution(
        "operation " + std::to_string(counted - 1),
        {.phase = "coding", .tool = "edit", .success = true, .task = "task"});
    ASSERT_TRUE(again) << again.error();
    ASSERT_TRUE(again->already) << "numbers are not those that were recorded";
  }
  RecordProperty("counted", static_cast<int>(counted));
  EXPECT_GT(counted, 100U) << "hardly anything was recorded: the test proves nothing";
}

}  // namespace
}  // namespace untorn::pipeline
