// SPDX-License-Identifier: Apache-2.0
//
// The whole of it with real files: what happens to them, and what the picture says then.
#include "watch/watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/require.h"
#include "untorn/replace.h"
#include "watch/site.h"

namespace untorn::watch {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class WatcherTest : public ::testing::Test {
 protected:
  FileSystem& fs_ = posix_file_system();
  testing::ScratchDirectory scratch_;
  std::vector<std::string> messages_;
  std::unique_ptr<Watcher> watcher_;

  void begin(std::vector<std::string> documents = {"*.json"}) {
    watcher_ = std::make_unique<Watcher>(
        fs_,
        WatchOptions{.folders = {{.shown = ".", .real = scratch_.path()}},
                     .documents = std::move(documents),
                     .message = [this](const std::string& line) { messages_.push_back(line); }});
    ASSERT_TRUE(watcher_->look_once());
    watcher_->step();
  }

  // Steps as the command does, until it holds. The limit only ends a test that has failed.
  [[nodiscard]] bool becomes(const std::function<bool(const Picture&)>& holds) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!holds(*watcher_->picture())) {
      if (std::chrono::steady_clock::now() > limit) return false;
      pollfd waiting = {.fd = watcher_->descriptor(), .events = POLLIN, .revents = 0};
      (void)poll(&waiting, 1, 1000);
      watcher_->step();
    }
    return true;
  }

  void write_in_place(const std::string& name, const std::string& content) {
    std::ofstream(scratch_ / name) << content;
  }
  void replace(const std::string& name, const std::string& content) {
    ASSERT_TRUE(
        replace_file(scratch_ / name, content, {.durability = Durability::process}).has_value());
  }

  // A writer that died in the middle: a temporary of our shape that nobody has locked.
  void leave_temporary(const std::string& content) {
    write_in_place(".untorn-tmp-0123456789abcdef0123456789abcdef", content);
  }
};

TEST_F(WatcherTest, a_document_written_in_place_is_counted_and_listed) {
  replace("a.json", "{}");
  begin();
  write_in_place("a.json", "{\"a\": 1}");
  ASSERT_TRUE(becomes([](const Picture& picture) { return picture.in_place_writes == 1; }));
  const auto picture = watcher_->picture();
  ASSERT_EQ(picture->in_place.size(), 1U);
  EXPECT_EQ(picture->in_place.front().path, "a.json");
  EXPECT_THAT(messages_, Contains(StartsWith("written in place: a.json")));
}

TEST_F(WatcherTest, each_write_in_place_is_one_time) {
  replace("a.json", "{}");
  begin();
  for (int count = 0; count < 5; ++count) write_in_place("a.json", "{\"a\": 1}");
  ASSERT_TRUE(becomes([](const Picture& picture) { return picture.in_place_writes >= 5; }));
  EXPECT_EQ(watcher_->picture()->in_place_writes, 5U);
}

TEST_F(WatcherTest, replacing_is_no_write_in_place) {
  replace("a.json", "{}");
  begin();
  for (int count = 0; count < 20; ++count) replace("a.json", "{\"a\": 1}");
  write_in_place("b.json", "{}");  // what is counted when all before it was read
  ASSERT_TRUE(becomes([](const Picture& picture) { return picture.in_place_writes > 0; }));
  const auto picture = watcher_->picture();
  EXPECT_EQ(picture->in_place_writes, 1U);
  EXPECT_EQ(picture->in_place.front().path, "b.json");
}

TEST_F(WatcherTest, files_that_are_no_documents_may_be_written_in_place) {
  replace("a.json", "{}");
  begin();
  write_in_place("app.log", "line\n");
  std::filesystem::create_directories(scratch_ / ".untorn/x");
  write_in_place(".untorn/x/b.json", "{}");
  write_in_place("a.json", "{\"a\": 1}");
  ASSERT_TRUE(becomes([](const Picture& picture) { return picture.in_place_writes > 0; }));
  EXPECT_EQ(watcher_->picture()->in_place_writes, 1U);
}

TEST_F(WatcherTest, a_document_that_stops_parsing_is_found_and_its_repair_is_seen) {
  replace("a.json", "{}");
  begin();
  EXPECT_TRUE(is_healthy(*watcher_->picture()));
  write_in_place("a.json", "{\"a\": ");
  ASSERT_TRUE(becomes([](const Picture& picture) { return count_corrupted(picture) == 1; }));
  EXPECT_THAT(messages_, Contains("problem: a.json: corrupt-document"));
  replace("a.json", "{}");
  ASSERT_TRUE(becomes([](const Picture& picture) { return is_healthy(picture); }));
  EXPECT_THAT(messages_, Contains("gone: a.json: corrupt-document"));
}

TEST_F(WatcherTest, a_problem_that_lasts_for_an_instant_is_not_shown) {
  replace("a.json", "{}");
  begin();
  const std::int64_t first = watcher_->picture()->look.at_ns;
  replace("a.json", "{");
  ASSERT_TRUE(becomes([&](const Picture& picture) { return picture.look.at_ns != first; }));
  EXPECT_TRUE(is_healthy(*watcher_->picture()));
  const std::int64_t second = watcher_->picture()->look.at_ns;
  replace("a.json", "{}");
  ASSERT_TRUE(becomes([&](const Picture& picture) { return picture.look.at_ns != second; }));
  EXPECT_TRUE(is_healthy(*watcher_->picture()));
  EXPECT_THAT(messages_, ::testing::IsEmpty());
}

TEST_F(WatcherTest, temporaries_of_dead_writers_are_counted_until_they_are_removed) {
  begin();
  leave_temporary("12345");
  ASSERT_TRUE(becomes([](const Picture& picture) { return count_stale(picture).files == 1; }));
  EXPECT_EQ(count_stale(*watcher_->picture()).size_bytes, 5U);
  std::filesystem::remove(scratch_ / ".untorn-tmp-0123456789abcdef0123456789abcdef");
  EXPECT_TRUE(becomes([](const Picture& picture) { return count_stale(picture).files == 0; }));
}

TEST_F(WatcherTest, a_folder_that_appears_is_watched_with_what_is_in_it) {
  begin();
  std::filesystem::create_directories(scratch_ / "x/y");
  ASSERT_TRUE(
      becomes([](const Picture& picture) { return picture.coverage.watched_folders == 3; }));
  write_in_place("x/y/a.json", "{");
  EXPECT_TRUE(becomes([](const Picture& picture) {
    return count_corrupted(picture) == 1 && picture.in_place_writes == 1;
  }));
}

TEST_F(WatcherTest, a_look_that_is_told_to_end_ends_and_leaves_the_picture) {
  replace("a.json", "{");
  Watcher watcher(fs_, {.folders = {{.shown = ".", .real = scratch_.path()}},
                        .documents = {"*.json"},
                        .keep_going = [] { return false; }});
  EXPECT_FALSE(watcher.look_once());
  EXPECT_EQ(watcher.picture()->look.at_ns, 0);
}

TEST_F(WatcherTest, a_folder_that_cannot_be_looked_at_is_not_healthy) {
  Watcher watcher(fs_, {.folders = {{.shown = "x", .real = scratch_ / "missing"}}});
  EXPECT_TRUE(watcher.look_once());
  EXPECT_FALSE(is_healthy(*watcher.picture()));
  EXPECT_EQ(watcher.picture()->unreadable.size(), 1U);
}

TEST_F(WatcherTest, who_writes_in_place_is_named_where_the_kernel_tells) {
  replace("a.json", "{}");
  begin();
  UNTORN_NEED(watcher_->picture()->coverage.names_writers, "root", "fanotify is not permitted");
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    write_in_place("a.json", "{\"a\": 1}");
    (void)pause();  // to be asked for its name
    _exit(0);
  }
  const std::string process = "process " + std::to_string(child);
  EXPECT_TRUE(becomes([&](const Picture& picture) {
    return !picture.in_place.empty() && picture.in_place.front().writer.ends_with(process);
  }));
  (void)kill(child, SIGKILL);
  (void)waitpid(child, nullptr, 0);
  EXPECT_EQ(watcher_->picture()->in_place_writes, 1U);
}

TEST_F(WatcherTest, what_killed_processes_counted_is_counted) {
  constexpr int processes = 20;
  ASSERT_TRUE(Counters::open(scratch_.path()).has_value());
  begin();
  for (int number = 0; number < processes; ++number) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto counters = Counters::open(scratch_.path());
      if (!counters) _exit(1);
      for (int commit = 0; commit <= number; ++commit) {
        (*counters)->count_commit(Durability::durable, Outcome::applied, 10,
                                  std::chrono::milliseconds(2));
        (*counters)->count_sync(std::chrono::microseconds(400));
      }
      (void)kill(getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
  }
  constexpr std::uint64_t commits = processes * (processes + 1) / 2;
  const Counted counted = watcher_->counters();
  EXPECT_TRUE(counted.errors.empty());
  EXPECT_EQ(counted.totals.commits[2][2], commits);
  EXPECT_EQ(counted.totals.bytes, commits * 10);
  EXPECT_EQ(counted.totals.commit_durations.sum_ns, commits * 2'000'000);
  EXPECT_EQ(counted.totals.sync_durations.count(), commits);
  EXPECT_EQ(watcher_->counters().totals.commits[2][2], commits) << "counted once, however often";
}

TEST_F(WatcherTest, the_site_has_three_pages_and_nothing_else) {
  begin();
  const Site site(*watcher_, "1.2.3", true);
  EXPECT_THAT(site.answer({.path = "/metrics"}).body, HasSubstr("untorn_corrupted_files 0\n"));
  EXPECT_THAT(site.answer({.path = "/metrics"}).type, StartsWith("text/plain; version=0.0.4"));
  EXPECT_EQ(site.answer({.path = "/health"}).type, "application/json");
  EXPECT_THAT(site.answer({.path = "/"}).body, HasSubstr("<title>healthy"));
  for (const char* path : {"/metrics/", "//", "/../etc/passwd", "/%2e%2e/etc/passwd", "*", ""}) {
    EXPECT_EQ(site.answer({.path = path}).status, 404U) << path;
  }
}

TEST_F(WatcherTest, a_name_that_was_pointed_here_by_others_gets_nothing) {
  begin();
  const Site local(*watcher_, "1.2.3", true);
  EXPECT_EQ(local.answer({.path = "/", .host = "evil.example:9464"}).status, 421U);
  EXPECT_EQ(local.answer({.path = "/", .host = "127.0.0.1:9464"}).status, 200U);
  const Site open(*watcher_, "1.2.3", false);
  EXPECT_EQ(open.answer({.path = "/", .host = "monitor.example:9464"}).status, 200U);
}

}  // namespace
}  // namespace untorn::watch
