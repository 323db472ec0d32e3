// SPDX-License-Identifier: Apache-2.0
//
// Real doctors, killed at random instants of a repair.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <string>
#include <thread>

#include "filesystem/test_directory.h"
#include "health/doctor.h"
#include "tests/crash/broken_tree.h"

namespace untorn {
namespace {

pid_t start_repair(const std::string& root) {
  const pid_t child = fork();
  if (child == 0) {
    (void)health::examine(posix_file_system(), test::doctor_options(root, true));
    _exit(0);
  }
  return child;
}

void make_broken_tree(const std::string& root) {
  test::make_whole_tree(posix_file_system(), root);
  test::break_tree(posix_file_system(), root);
}

// Of a repair that nobody kills, so that the kills come while there is something to do.
std::chrono::microseconds duration_of_repair(const std::string& root) {
  make_broken_tree(root);
  const auto begin = std::chrono::steady_clock::now();
  int status = 0;
  EXPECT_GT(waitpid(start_repair(root), &status, 0), 0);
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                               begin);
}

// Killed again and again in the same tree, until one of them comes to its end.
TEST(RepairKill, of_random_kills_none_loses_anything_or_keeps_a_further_repair_from_its_end) {
  constexpr int trees = 60;
  constexpr int kills_of_a_tree = 5;
  FileSystem& fs = posix_file_system();
  const test::TestDirectory directory(test::fast_folder());
  std::mt19937 random(20240607);
  const auto duration = duration_of_repair((directory.path() / "sample").string());
  std::uniform_int_distribution<std::int64_t> delay_us(0, duration.count());
  int killed = 0;
  for (int tree = 0; tree < trees; ++tree) {
    const std::string root = (directory.path() / std::to_string(tree)).string();
    make_broken_tree(root);
    ASSERT_FALSE(HasFailure());
    for (int count = 0; count < kills_of_a_tree; ++count) {
      const pid_t child = start_repair(root);
      ASSERT_GT(child, 0);
      std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)));
      (void)kill(child, SIGKILL);
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      killed += WIFSIGNALED(status) ? 1 : 0;
    }
    ASSERT_EQ(test::finish_repair(fs, root), "") << "tree " << tree;
    std::filesystem::remove_all(root);
  }
  RecordProperty("kills", killed);
  EXPECT_GT(killed, 0) << "the repairs were done before they were killed";
}

}  // namespace
}  // namespace untorn
