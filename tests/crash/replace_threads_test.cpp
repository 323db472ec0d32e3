// SPDX-License-Identifier: Apache-2.0
//
// Many writers on one path, in threads and in processes.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/versions.h"
#include "untorn/replace.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::number_of;
using testing::read_file;
using testing::ScratchDirectory;
using testing::version;

// Reads until told to stop, and counts what is no whole version.
void read_versions(const std::string& path, std::stop_token stop, std::size_t& torn,
                   std::size_t& reads) {
  do {
    const auto content = read_file(posix_file_system(), path);
    if (!content || !number_of(*content)) ++torn;
    ++reads;
  } while (!stop.stop_requested());
}

// Each of `threads` replaces `rounds` times. Returns how many failed.
std::size_t write_versions(const std::string& path, unsigned threads, unsigned rounds,
                           unsigned seed) {
  std::vector<std::size_t> failures(threads);
  {
    std::vector<std::jthread> writers;
    for (unsigned thread = 0; thread < threads; ++thread) {
      writers.emplace_back([&, thread] {
        for (unsigned round = 0; round < rounds; ++round) {
          const unsigned number = seed + thread * rounds + round;
          if (!replace_file(path, version(number), {.durability = Durability::process})) {
            ++failures[thread];
          }
        }
      });
    }
  }
  std::size_t sum = 0;
  for (const std::size_t each : failures) sum += each;
  return sum;
}

TEST(ReplaceMany, threads_of_one_process_on_one_path_all_succeed_and_readers_see_whole_versions) {
  const ScratchDirectory scratch;
  const std::string path = scratch / "state";
  ASSERT_TRUE(replace_file(path, version(0)));
  std::size_t torn = 0;
  std::size_t reads = 0;
  std::jthread reader([&](std::stop_token stop) { read_versions(path, stop, torn, reads); });
  EXPECT_EQ(write_versions(path, 32, 20, 1), 0U);
  reader.request_stop();
  reader.join();
  EXPECT_EQ(torn, 0U);
  EXPECT_GT(reads, 0U);
  EXPECT_EQ(names_in(posix_file_system(), scratch.path()), std::vector<std::string>{"state"});
}

TEST(ReplaceMany, thirty_two_threads_in_each_of_eight_processes_leave_one_whole_version) {
  const ScratchDirectory scratch;
  const std::string path = scratch / "state";
  ASSERT_TRUE(replace_file(path, version(0)));
  constexpr unsigned processes = 8;
  constexpr unsigned threads = 32;
  constexpr unsigned rounds = 10;
  std::vector<pid_t> children;
  for (unsigned process = 0; process < processes; ++process) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const unsigned seed = 1 + process * threads * rounds;
      _exit(write_versions(path, threads, rounds, seed) == 0 ? 0 : 1);
    }
    children.push_back(child);
  }
  std::size_t torn = 0;
  std::size_t reads = 0;
  std::jthread reader([&](std::stop_token stop) { read_versions(path, stop, torn, reads); });
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  reader.request_stop();
  reader.join();
  EXPECT_EQ(torn, 0U);
  EXPECT_EQ(names_in(posix_file_system(), scratch.path()), std::vector<std::string>{"state"});
}

TEST(ReplaceMany, of_many_creators_that_must_not_find_a_file_exactly_one_wins) {
  for (int round = 0; round < 50; ++round) {
    const ScratchDirectory scratch;
    const std::string path = scratch / "once";
    std::vector<int> won(8);
    {
      std::vector<std::jthread> creators;
      for (std::size_t creator = 0; creator < won.size(); ++creator) {
        creators.emplace_back([&, creator] {
          const auto receipt = replace_file(
              path, std::to_string(creator),
              {.durability = Durability::process, .existence = Existence::must_not_exist});
          won[creator] = receipt ? 1 : receipt.error().code() == Code::already_exists ? 0 : -1;
        });
      }
    }
    ASSERT_EQ(std::count(won.begin(), won.end(), 1), 1);
    ASSERT_EQ(std::count(won.begin(), won.end(), -1), 0);
    const auto winner = std::find(won.begin(), won.end(), 1) - won.begin();
    EXPECT_EQ(read_file(posix_file_system(), path), std::to_string(winner));
  }
}

}  // namespace
}  // namespace untorn
