// SPDX-License-Identifier: Apache-2.0
//
// if_match against others: many who take the lock, and one who does not, at every instant between
// two calls. What is tried has its number in src/write/match.h.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/crash/blockdev/hooked_file_system.h"
#include "tests/support/files.h"
#include "untorn/etag.h"
#include "untorn/replace.h"

namespace untorn {
namespace {

using lab::HookedFileSystem;
using testing::names_in;
using testing::read_file;
using testing::ScratchDirectory;
using testing::write_file;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// A program that knows nothing of us: a temporary of its own, renamed over the target.
void replace_as_a_stranger(FileSystem& fs, const std::string& content) {
  write_file(fs, "stranger.tmp", content);
  ASSERT_TRUE(fs.rename(Handle::working_directory, "stranger.tmp", Handle::working_directory, "a",
                        RenameMode::replace));
}

// What the files whose name begins with "a" hold.
std::multiset<std::string> versions(FileSystem& fs) {
  std::multiset<std::string> found;
  for (const std::string& name : names_in(fs, ".")) {
    if (name.starts_with("a")) found.insert(read_file(fs, name).value_or("<unreadable>"));
  }
  return found;
}

struct Trial {
  Result<Receipt> result;
  std::size_t calls = 0;
  bool always_there = true;
};

// Replaces "a", which holds "old", by "ours" with the etag that "old" had; a stranger acts after
// each of the calls `when`.
Trial detect_with_strangers(InMemoryFileSystem& memory, const std::vector<std::size_t>& when) {
  const auto etag = read_etag(memory, "a");
  EXPECT_TRUE(etag);
  Trial trial{.result = Receipt{}};
  const auto after_call = [&](Handle) {
    trial.always_there = trial.always_there && read_file(memory, "a").has_value();
    for (std::size_t index = 0; index < when.size(); ++index) {
      if (when[index] == trial.calls) {
        replace_as_a_stranger(memory, "stranger " + std::to_string(index));
      }
    }
    ++trial.calls;
  };
  HookedFileSystem fs(memory, after_call);
  trial.result =
      replace_file(fs, "a", bytes_of("ours"), {.if_match = *etag, .match = Match::detect});
  return trial;
}

InMemoryFileSystem fresh() {
  return InMemoryFileSystem({{.path = "a", .content = Bytes(std::string_view("old"))}});
}

std::size_t calls_without_strangers() {
  InMemoryFileSystem memory = fresh();
  const Trial trial = detect_with_strangers(memory, {});
  EXPECT_TRUE(trial.result) << trial.result.error();
  EXPECT_EQ(versions(memory), std::multiset<std::string>{"ours"});
  EXPECT_EQ(names_in(memory, "."), std::vector<std::string>{"a"});
  return trial.calls;
}

TEST(DetectMatch, a_version_that_a_stranger_puts_there_is_never_destroyed_at_any_instant) {
  const std::size_t calls = calls_without_strangers();
  ASSERT_GT(calls, 5U);
  std::size_t conflicts = 0;
  for (std::size_t at = 0; at < calls; ++at) {
    InMemoryFileSystem memory = fresh();
    const Trial trial = detect_with_strangers(memory, {at});
    EXPECT_TRUE(trial.always_there) << at;
    EXPECT_TRUE(versions(memory).contains("stranger 0")) << at;
    if (trial.result) continue;  // the stranger came after the exchange: it replaced our version
    ++conflicts;
    EXPECT_EQ(trial.result.error().code(), Code::conflict) << trial.result.error();
    EXPECT_FALSE(versions(memory).contains("ours")) << at;
  }
  EXPECT_GT(conflicts, 3U);
  EXPECT_LT(conflicts, calls);
}

TEST(DetectMatch, two_versions_of_strangers_both_stay_unless_one_replaced_the_other) {
  const std::size_t calls = calls_without_strangers() + 4;  // an exchange back makes more
  std::size_t kept_aside = 0;
  for (std::size_t first = 0; first < calls; ++first) {
    for (std::size_t second = first; second < calls; ++second) {
      InMemoryFileSystem memory = fresh();
      const Trial trial = detect_with_strangers(memory, {first, second});
      EXPECT_TRUE(trial.always_there) << first << ' ' << second;
      const std::multiset<std::string> found = versions(memory);
      const bool last_acted = trial.calls > second;
      const bool first_acted = trial.calls > first;
      EXPECT_TRUE(!last_acted || found.contains("stranger 1")) << first << ' ' << second;
      if (first_acted && !last_acted) {
        EXPECT_TRUE(found.contains("stranger 0")) << first << ' ' << second;
      }
      if (found.contains("stranger 0") && found.contains("stranger 1")) {
        ++kept_aside;
        ASSERT_FALSE(trial.result);
        EXPECT_EQ(trial.result.error().code(), Code::conflict);
        EXPECT_EQ(trial.result.error().outcome(), Outcome::unknown);
        EXPECT_EQ(read_file(memory, "a.untorn-displaced-1"), "stranger 1");
        EXPECT_NE(trial.result.error().detail().find("a.untorn-displaced-1"), std::string::npos);
      }
    }
  }
  EXPECT_GT(kept_aside, 0U);
}

TEST(DetectMatch, a_stranger_that_removes_the_file_makes_a_conflict) {
  const std::size_t calls = calls_without_strangers();
  for (std::size_t at = 0; at < calls; ++at) {
    InMemoryFileSystem memory = fresh();
    const auto etag = read_etag(memory, "a");
    ASSERT_TRUE(etag);
    std::size_t made = 0;
    HookedFileSystem fs(memory, [&](Handle) {
      if (made++ == at) (void)memory.unlink(Handle::working_directory, "a");
    });
    const auto result =
        replace_file(fs, "a", bytes_of("ours"), {.if_match = *etag, .match = Match::detect});
    if (!result) {
      EXPECT_EQ(result.error().code(), Code::conflict) << result.error();
    }
    for (const std::string& name : names_in(memory, ".")) {
      EXPECT_FALSE(name.starts_with(".untorn-tmp-")) << at;
    }
  }
}

TEST(DetectMatch, a_name_that_an_earlier_conflict_left_is_not_used_again) {
  InMemoryFileSystem memory(
      {{.path = "a", .content = Bytes(std::string_view("old"))},
       {.path = "a.untorn-displaced-1", .content = Bytes(std::string_view("kept"))}});
  const Trial trial = detect_with_strangers(memory, {});
  ASSERT_TRUE(trial.result) << trial.result.error();
  EXPECT_EQ(read_file(memory, "a.untorn-displaced-1"), "kept");
  EXPECT_EQ(versions(memory), (std::multiset<std::string>{"kept", "ours"}));
}

// One increment of the number in the file, again and again until it is our version that was read.
bool increment(const std::string& path, Match match) {
  for (;;) {
    const auto read = read_version(path);
    if (!read) return false;
    const std::string next = std::to_string(std::stoi(read->content) + 1);
    const auto written =
        replace_file(path, std::string_view(next),
                     {.durability = Durability::process, .if_match = read->etag, .match = match});
    if (written) return true;
    if (written.error().code() != Code::conflict) return false;
  }
}

class MatchProcesses : public ::testing::TestWithParam<Match> {};

TEST_P(MatchProcesses, eight_processes_lose_no_increment) {
  constexpr int processes = 8;
  constexpr int increments = 25;
  const ScratchDirectory scratch;
  const std::string path = scratch / "a";
  write_file(posix_file_system(), path, "0");
  std::vector<pid_t> children;
  for (int index = 0; index < processes; ++index) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      bool good = true;
      for (int made = 0; good && made < increments; ++made) good = increment(path, GetParam());
      _exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  EXPECT_EQ(read_file(posix_file_system(), path), std::to_string(processes * increments));
  EXPECT_EQ(names_in(posix_file_system(), scratch.path()), std::vector<std::string>{"a"});
}

TEST_P(MatchProcesses, sixteen_threads_lose_no_increment) {
  constexpr int threads = 16;
  constexpr int increments = 10;
  const ScratchDirectory scratch;
  const std::string path = scratch / "a";
  write_file(posix_file_system(), path, "0");
  std::vector<std::thread> running;
  running.reserve(threads);
  for (int index = 0; index < threads; ++index) {
    running.emplace_back([&] {
      for (int made = 0; made < increments; ++made) EXPECT_TRUE(increment(path, GetParam()));
    });
  }
  for (std::thread& thread : running) thread.join();
  EXPECT_EQ(read_file(posix_file_system(), path), std::to_string(threads * increments));
}

INSTANTIATE_TEST_SUITE_P(, MatchProcesses, ::testing::Values(Match::cooperative, Match::detect),
                         [](const auto& instance) {
                           return instance.param == Match::detect ? "detect" : "cooperative";
                         });

}  // namespace
}  // namespace untorn
