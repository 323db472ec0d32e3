// SPDX-License-Identifier: Apache-2.0
//
// Real processes, killed at random instants.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <random>
#include <string>
#include <thread>

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
using testing::write_file;

[[noreturn]] void replace_for_ever(const std::string& path, unsigned first, Durability level) {
  for (unsigned number = first;; ++number) {
    if (!replace_file(path, version(number), {.durability = level})) _exit(1);
  }
}

bool is_temporary(const std::string& name) {
  return name.starts_with(".untorn-tmp-");
}

// What a killed writer left: it must be recognisable, and its lock must be free.
void remove_left_behind(const ScratchDirectory& scratch, std::size_t& left_behind) {
  for (const std::string& name : names_in(posix_file_system(), scratch.path())) {
    if (!is_temporary(name)) continue;
    ++left_behind;
    const int file = open((scratch / name).c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_GE(file, 0);
    EXPECT_EQ(flock(file, LOCK_EX | LOCK_NB), 0) << "a dead writer holds no lock";
    close(file);
    ASSERT_EQ(unlink((scratch / name).c_str()), 0);
  }
}

TEST(ReplaceKill, of_a_thousand_random_kills_none_tears_the_file_or_loses_another) {
  constexpr unsigned kills = 1200;
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  const std::string path = scratch / "state";
  write_file(fs, scratch / "neighbour", "untouched");
  write_file(fs, scratch / ".untorn-tmp-of-someone-else", "not ours");
  ASSERT_TRUE(replace_file(path, version(0)));
  std::mt19937 random(20240607);
  std::uniform_int_distribution<int> delay_us(0, 3000);
  std::size_t left_behind = 0;
  unsigned newest = 0;
  for (unsigned kill_count = 0; kill_count < kills; ++kill_count) {
    const auto level = static_cast<Durability>(1 + kill_count % 3);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) replace_for_ever(path, newest + 1, level);
    std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself";
    const auto content = read_file(fs, path);
    ASSERT_TRUE(content) << "the file is gone after kill " << kill_count;
    const auto number = number_of(*content);
    ASSERT_TRUE(number) << "torn after kill " << kill_count << ": " << content->size() << " bytes";
    EXPECT_GE(*number, newest) << "an older version came back";
    newest = *number;
    ASSERT_EQ(read_file(fs, scratch / "neighbour"), "untouched");
    ASSERT_EQ(read_file(fs, scratch / ".untorn-tmp-of-someone-else"), "not ours");
    ASSERT_EQ(unlink((scratch / ".untorn-tmp-of-someone-else").c_str()), 0);
    remove_left_behind(scratch, left_behind);
    write_file(fs, scratch / ".untorn-tmp-of-someone-else", "not ours");
  }
  RecordProperty("kills", static_cast<int>(kills));
  RecordProperty("left_behind", static_cast<int>(left_behind));
  EXPECT_GT(left_behind, 0U) << "no kill met a replacement half done: the test proves nothing";
  EXPECT_GT(newest, 100U);
}

}  // namespace
}  // namespace untorn
