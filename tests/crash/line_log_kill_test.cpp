// SPDX-License-Identifier: Apache-2.0
//
// Real processes that append to one log at once, killed at random instants, with rotations: lines
// stay whole and in order, and whatever was appended is there, once.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "filesystem/test_directory.h"
#include "tests/support/files.h"
#include "untorn/line_log.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::read_file;

constexpr std::size_t writers_max = 8;

// What each writer has promised, in memory that outlives it.
class Promises {
 public:
  Promises()
      : memory_(mmap(nullptr, sizeof(Numbers), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                     -1, 0)) {}
  Promises(const Promises&) = delete;
  Promises& operator=(const Promises&) = delete;
  ~Promises() { (void)munmap(memory_, sizeof(Numbers)); }

  std::atomic<std::uint64_t>& of(std::size_t writer) {
    return (*static_cast<Numbers*>(memory_))[writer];
  }

 private:
  using Numbers = std::array<std::atomic<std::uint64_t>, writers_max>;
  void* memory_;
};

// "3 17 ccccc…": some are longer than a page, so that a kill may cut them.
std::string line_of(std::size_t writer, std::uint64_t number) {
  const std::size_t length = number % 7 == 0 ? 9000 : 20 + number % 50;
  const auto letter = static_cast<char>('a' + (writer * 5 + number) % 26);
  return std::to_string(writer) + " " + std::to_string(number) + " " + std::string(length, letter);
}

[[noreturn]] void append_for_ever(const std::string& path, std::size_t writer, Promises& promises,
                                  const LineLogOptions& options) {
  auto log = LineLog::open(path, options);
  if (!log) _exit(2);
  for (std::uint64_t number = promises.of(writer) + 1;; ++number) {
    if (!log->append(line_of(writer, number))) _exit(3);
    promises.of(writer) = number;
  }
}

// The lines of all files, oldest first.
std::vector<std::string> lines_of(const std::string& folder, const std::string& name) {
  FileSystem& fs = posix_file_system();
  std::string text;
  for (int number = 1000; number > 0; --number) {
    text += read_file(fs, folder + "/" + name + "." + std::to_string(number)).value_or("");
  }
  text += read_file(fs, folder + "/" + name).value_or("");
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) {
      ADD_FAILURE() << "the last line is partial: " << lines.back().substr(0, 40);
      break;
    }
    begin = end + 1;
  }
  return lines;
}

// Each line is one of a writer, whole; those of a writer are in order, without gap and repetition.
void expect_all_there(const std::vector<std::string>& lines, Promises& promises,
                      std::size_t writers) {
  std::map<std::size_t, std::uint64_t> newest;
  for (const std::string& line : lines) {
    const std::size_t space = line.find(' ');
    ASSERT_NE(space, std::string::npos) << line.substr(0, 60);
    const std::size_t writer = std::stoul(line.substr(0, space));
    const std::uint64_t number = std::stoull(line.substr(space + 1));
    ASSERT_EQ(line, line_of(writer, number));
    // A writer that was killed between append and promise appends that line again.
    const bool is_next = number == newest[writer] + 1 || number == newest[writer];
    ASSERT_TRUE(is_next) << "after " << newest[writer] << " comes " << number << " of " << writer;
    newest[writer] = number;
  }
  for (std::size_t writer = 0; writer < writers; ++writer) {
    EXPECT_GE(newest[writer], promises.of(writer)) << "lines of " << writer << " are lost";
    EXPECT_LE(newest[writer], promises.of(writer) + 1);
  }
}

TEST(LineLogKill, eight_processes_mix_no_line_and_lose_none_when_one_after_another_is_killed) {
  constexpr int kills = 150;
  const test::TestDirectory folder(test::fast_folder());
  const std::string path = folder.path().string() + "/a.log";
  Promises promises;
  std::mt19937 random(20240611);
  std::uniform_int_distribution<int> delay_us(0, 4000);
  std::array<pid_t, writers_max> children{};
  const auto start = [&](std::size_t writer) {
    LineLogOptions options;
    options.sync = writer % 2 == 0 ? LineSync::each : LineSync::never;
    options.rotate_bytes = 200'000;
    options.keep = 1000;
    children[writer] = fork();
    ASSERT_GE(children[writer], 0);
    if (children[writer] == 0) append_for_ever(path, writer, promises, options);
  };
  const auto stop = [&](std::size_t writer) {
    ASSERT_EQ(kill(children[writer], SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(children[writer], &status, 0), children[writer]);
    ASSERT_TRUE(WIFSIGNALED(status)) << "writer " << writer << " failed by itself: " << status;
  };
  for (std::size_t writer = 0; writer < writers_max; ++writer) start(writer);
  for (int kill_count = 0; kill_count < kills; ++kill_count) {
    std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)));
    const std::size_t writer = random() % writers_max;
    stop(writer);
    start(writer);
    if (HasFatalFailure()) break;
  }
  for (std::size_t writer = 0; writer < writers_max; ++writer) stop(writer);
  ASSERT_TRUE(LineLog::open(path)) << "this moves the last torn end away";
  const std::vector<std::string> lines = lines_of(folder.path().string(), "a.log");
  expect_all_there(lines, promises, writers_max);
  std::size_t torn = 0;
  for (const std::string& name : names_in(posix_file_system(), folder.path().string())) {
    torn += name.starts_with("a.log.torn-") ? 1U : 0U;
  }
  RecordProperty("kills", kills);
  RecordProperty("lines", std::to_string(lines.size()));
  RecordProperty("torn", std::to_string(torn));
  EXPECT_GT(lines.size(), 1000U);
}

TEST(LineLogKill, a_hundred_kills_of_a_lone_writer_of_long_lines_leave_whole_lines) {
  constexpr int kills = 120;
  const test::TestDirectory folder(test::fast_folder());
  const std::string path = folder.path().string() + "/a.log";
  const std::string line(3'000'000, 'x');
  std::mt19937 random(7);
  std::uniform_int_distribution<int> delay_us(0, 4000);
  std::size_t torn = 0;
  for (int kill_count = 0; kill_count < kills; ++kill_count) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto log = LineLog::open(path, {.sync = LineSync::never, .rotate_bytes = 9'000'001});
      while (log && log->append(line)) {
      }
      _exit(1);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(delay_us(random)));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    const auto log = LineLog::open(path);
    ASSERT_TRUE(log) << log.error();
    const std::string text = read_file(posix_file_system(), path).value_or("");
    ASSERT_EQ(text.size() % (line.size() + 1), 0U) << "after kill " << kill_count;
    if (!log->torn().happened) continue;
    ++torn;
    ASSERT_EQ(unlink((folder.path().string() + "/" + log->torn().moved_to).c_str()), 0);
  }
  RecordProperty("torn", std::to_string(torn));
  EXPECT_GT(torn, 0U) << "no kill met an append half done: the test proves nothing";
}

TEST(LineLogFork, parent_and_child_go_on_with_one_object_and_mix_no_line) {
  constexpr std::uint64_t lines_each = 300;
  const test::TestDirectory folder(test::fast_folder());
  const std::string path = folder.path().string() + "/a.log";
  auto log = LineLog::open(path, {.sync = LineSync::never, .rotate_bytes = 100'000, .keep = 1000});
  ASSERT_TRUE(log) << log.error();
  ASSERT_TRUE(log->append(line_of(0, 1)));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  const std::size_t writer = child == 0 ? 1 : 0;
  bool appended = true;
  for (std::uint64_t number = 2 - writer; number <= lines_each; ++number) {
    appended = appended && log->append(line_of(writer, number)).has_value();
  }
  if (child == 0) _exit(appended ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(appended);
  Promises promises;
  promises.of(0) = lines_each;
  promises.of(1) = lines_each;
  expect_all_there(lines_of(folder.path().string(), "a.log"), promises, 2);
}

TEST(LineLogThreads, of_a_process_with_a_log_each_mix_no_line) {
  const test::TestDirectory folder(test::fast_folder());
  const std::string path = folder.path().string() + "/a.log";
  std::vector<std::thread> threads;
  for (std::size_t writer = 0; writer < writers_max; ++writer) {
    threads.emplace_back([&path, writer] {
      auto log = LineLog::open(path, {.sync = LineSync::never});
      ASSERT_TRUE(log) << log.error();
      for (std::uint64_t number = 1; number <= 200; ++number) {
        ASSERT_TRUE(log->append(line_of(writer, number)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Promises promises;
  for (std::size_t writer = 0; writer < writers_max; ++writer) promises.of(writer) = 200;
  expect_all_there(lines_of(folder.path().string(), "a.log"), promises, writers_max);
}

TEST(LineLogAge, a_file_that_was_begun_long_ago_is_rotated) {
  const test::TestDirectory folder;
  const std::string path = folder.path().string() + "/a.log";
  auto log = LineLog::open(path, {.sync = LineSync::never, .rotate_age = std::chrono::seconds(1)});
  ASSERT_TRUE(log && log->append("old"));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  auto young = LineLog::open(path, {.rotate_age = std::chrono::hours(1)});
  ASSERT_TRUE(young);
  EXPECT_FALSE(young->append("not an hour old")->rotated);
  const auto receipt = log->append("new");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_TRUE(receipt->rotated);
  EXPECT_EQ(read_file(posix_file_system(), path), "new\n");
}

}  // namespace
}  // namespace untorn
