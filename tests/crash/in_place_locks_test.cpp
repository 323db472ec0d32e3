// SPDX-License-Identifier: Apache-2.0
//
// The locks of an overwriting in place, on the kernel: what is tried has its number in
// src/write/in_place_locks.h.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/files.h"
#include "untorn/etag.h"
#include "untorn/replace.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::read_file;
using testing::ScratchDirectory;
using testing::write_file;
using Names = std::vector<std::string>;

ReplaceOptions with_sidecar(const std::string& folder) {
  ReplaceOptions options;
  options.sidecar = folder;
  options.hard_links = HardLinkPolicy::in_place;
  return options;
}

bool make_folder(const std::string& path) {
  return mkdir(path.c_str(), 0700) == 0;
}

// A program that increments a number in a file, with the version that it read.
bool increment(const std::string& path, const ReplaceOptions& common, int times) {
  for (int done = 0; done < times;) {
    const auto read = read_version(path);
    if (!read) {
      if (read.error().code() == Code::busy) continue;
      return false;
    }
    ReplaceOptions options = common;
    options.if_match = read->etag;
    // Half of a line that is overwritten is no number.
    const std::string next = std::to_string(std::stoi(read->content) + 1);
    const auto written = replace_file(path, next, options);
    if (written) ++done;
    if (!written && written.error().code() != Code::conflict) return false;
  }
  return true;
}

// L1, L2: two names of one file, in two directories, with two folders; each pair in two processes.
TEST(InPlaceLocks, L1_with_if_match_no_update_is_lost_whatever_the_folder_and_the_name) {
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  for (const char* name : {"s1", "s2", "d1", "d2"}) ASSERT_TRUE(make_folder(scratch / name));
  write_file(fs, scratch / "d1/a", "0");
  ASSERT_EQ(link((scratch / "d1/a").c_str(), (scratch / "d2/a").c_str()), 0);
  constexpr int times = 15;
  std::vector<pid_t> children;
  for (const char* folder : {"s1", "s2"}) {
    for (const char* name : {"d1/a", "d2/a"}) {
      const pid_t child = fork();
      ASSERT_GE(child, 0);
      if (child == 0) {
        _exit(increment(scratch / name, with_sidecar(scratch / folder), times) ? 0 : 1);
      }
      children.push_back(child);
    }
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_EQ(read_file(fs, scratch / "d2/a"), std::to_string(4 * times));
}

TEST(InPlaceLocks, L4_who_holds_the_lock_of_the_target_or_its_directory_is_waited_for) {
  const ScratchDirectory scratch;
  FileSystem& fs = posix_file_system();
  write_file(fs, scratch / "a", "old");
  ASSERT_EQ(link((scratch / "a").c_str(), (scratch / "b").c_str()), 0);
  ASSERT_TRUE(make_folder(scratch / "s"));
  ReplaceOptions options = with_sidecar(scratch / "s");
  options.lock_wait = std::chrono::milliseconds(10);
  {
    const OwnedHandle held(
        fs, fs.open(Handle::working_directory, scratch / "b", {.access = Access::read}).value());
    ASSERT_TRUE(fs.lock(held.get(), LockMode::shared));
    const auto busy = replace_file(scratch / "a", "new", options);
    ASSERT_FALSE(busy);
    EXPECT_EQ(busy.error().code(), Code::busy);
    EXPECT_EQ(busy.error().outcome(), Outcome::not_applied);
    EXPECT_NE(busy.error().message().find("the lock of the file"), std::string::npos);
  }
  {
    const OwnedHandle held(
        fs,
        fs.open(Handle::working_directory, scratch.path(), {.access = Access::directory}).value());
    ASSERT_TRUE(fs.lock(held.get(), LockMode::exclusive));
    options.if_match = read_etag(scratch / "a").value();
    const auto late = replace_file(scratch / "a", "new", options);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), Code::timed_out);
    EXPECT_EQ(late.error().outcome(), Outcome::not_applied);
  }
  EXPECT_EQ(read_file(fs, scratch / "b"), "old");
  EXPECT_EQ(names_in(fs, scratch / "s"), Names{".untorn-in-place-lock"});
  EXPECT_TRUE(replace_file(scratch / "a", "new", options));
}

}  // namespace
}  // namespace untorn
