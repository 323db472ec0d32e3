// SPDX-License-Identifier: Apache-2.0
//
// B1 of batch.h: real processes, killed at random instants of a batch.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/versions.h"
#include "untorn/batch.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::number_of;
using testing::read_file;
using testing::version;

constexpr unsigned files = 12;

std::string path_of(const testing::ScratchDirectory& scratch, unsigned file) {
  return scratch / ((file % 2 == 0 ? "a/" : "b/") + std::to_string(file));
}

bool commit_version(const testing::ScratchDirectory& scratch, unsigned number, Durability level) {
  Batch batch({.durability = level});
  for (unsigned file = 0; file < files; ++file) {
    if (!batch.put(path_of(scratch, file), version(number))) return false;
  }
  const auto receipt = std::move(batch).commit();
  return receipt && receipt->failed == 0;
}

[[noreturn]] void commit_for_ever(const testing::ScratchDirectory& scratch, unsigned first,
                                  Durability level) {
  for (unsigned number = first;; ++number) {
    if (!commit_version(scratch, number, level)) _exit(1);
  }
}

// Counts what a killed batch left, and removes it.
std::size_t remove_left_behind(FileSystem& fs, const std::string& directory) {
  std::size_t count = 0;
  for (const std::string& name : names_in(fs, directory)) {
    if (!name.starts_with(".untorn-tmp-")) continue;
    EXPECT_TRUE(fs.unlink(Handle::working_directory, directory + "/" + name));
    ++count;
  }
  return count;
}

TEST(BatchKill, of_random_kills_none_tears_a_file_or_brings_an_older_one_back) {
  constexpr unsigned kills = 200;
  const testing::ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  for (const char* directory : {"a", "b"}) {
    ASSERT_TRUE(fs.make_directory(Handle::working_directory, scratch / directory, 0755));
  }
  ASSERT_TRUE(commit_version(scratch, 0, Durability::process));
  std::mt19937 random(20240611);
  std::uniform_int_distribution<int> delay_us(0, 15000);
  std::size_t left_behind = 0;
  std::size_t mixtures = 0;
  std::vector<unsigned> newest(files, 0);
  for (unsigned kill_count = 0; kill_count < kills; ++kill_count) {
    const auto level = static_cast<Durability>(1 + kill_count % 3);
    const unsigned next = *std::ranges::max_element(newest) + 1;
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) commit_for_ever(scratch, next, level);
    std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself";
    for (unsigned file = 0; file < files; ++file) {
      const auto content = read_file(fs, path_of(scratch, file));
      ASSERT_TRUE(content) << "file " << file << " is gone after kill " << kill_count;
      const auto number = number_of(*content);
      ASSERT_TRUE(number) << "file " << file << " is torn after kill " << kill_count;
      EXPECT_GE(*number, newest[file]) << "an older version came back";
      newest[file] = *number;
    }
    if (newest.front() != newest.back()) ++mixtures;
    left_behind += remove_left_behind(fs, scratch / "a") + remove_left_behind(fs, scratch / "b");
  }
  RecordProperty("kills", static_cast<int>(kills));
  RecordProperty("left_behind", static_cast<int>(left_behind));
  RecordProperty("mixtures", static_cast<int>(mixtures));
  EXPECT_GT(left_behind, 0U) << "no kill met a batch half done: the test proves nothing";
  EXPECT_GT(newest.front(), 0U) << "no batch came to its end";
}

}  // namespace
}  // namespace untorn
