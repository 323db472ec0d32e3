// SPDX-License-Identifier: Apache-2.0
#include "untorn/line_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "line_log/line_log_test_support.h"
#include "tests/support/files.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::read_file;
using testing::status_of;
using testing::write_file;

TEST_F(LineLogInMemory, lines_are_appended_and_end_in_line_ends) {
  LineLog log = open();
  const auto first = log.append("one");
  ASSERT_TRUE(first) << first.error();
  EXPECT_EQ(first->lines, 1U);
  EXPECT_EQ(first->bytes, 4U);
  EXPECT_TRUE(first->synced);
  EXPECT_EQ(first->achieved, Durability::durable);
  const auto more = log.append(std::vector<std::string>{"two", "", "three\twith\rmore"});
  ASSERT_TRUE(more) << more.error();
  EXPECT_EQ(more->lines, 3U);
  EXPECT_EQ(content(), "one\ntwo\n\nthree\twith\rmore\n");
  EXPECT_FALSE(log.torn().happened);
  EXPECT_EQ(log.path(), "a.log");
}

TEST_F(LineLogInMemory, what_is_no_line_is_refused_and_nothing_is_appended) {
  using namespace std::string_view_literals;
  LineLog log = open();
  for (const std::string_view bad : {"a\nb"sv, "a\n"sv, "a\r"sv, "\0"sv, "a\0b"sv}) {
    const auto refused = log.append(bad);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::invalid_argument);
    EXPECT_EQ(refused.error().outcome(), Outcome::not_applied);
    const auto list = log.append(std::vector<std::string>{"good", std::string(bad)});
    ASSERT_FALSE(list);
    EXPECT_NE(list.error().message().find("number 2"), std::string::npos) << list.error();
  }
  EXPECT_EQ(content(), "");
  const auto nothing = log.append(std::vector<std::string>());
  ASSERT_TRUE(nothing);
  EXPECT_EQ(nothing->lines, 0U);
}

TEST_F(LineLogInMemory, an_existing_file_is_continued) {
  write_file(fs, "a.log", "by another program\n");
  LineLog log = open();
  ASSERT_TRUE(log.append("ours"));
  EXPECT_EQ(content(), "by another program\nours\n");
}

TEST_F(LineLogInMemory, a_partial_line_is_moved_away_at_open_and_never_glued) {
  write_file(fs, "a.log", "whole\ntorn");
  LineLog log = open();
  EXPECT_TRUE(log.torn().happened);
  EXPECT_EQ(log.torn().bytes, 4U);
  EXPECT_EQ(log.torn().lines, 0U);
  EXPECT_EQ(log.torn().moved_to, "a.log.torn-1");
  EXPECT_EQ(log.torn().reason, "it ends in the middle of a line");
  EXPECT_NE(log.torn().message().find("a.log.torn-1"), std::string::npos);
  ASSERT_TRUE(log.append("next"));
  EXPECT_EQ(content(), "whole\nnext\n");
  EXPECT_EQ(content("a.log.torn-1"), "torn");
}

TEST_F(LineLogInMemory, a_file_of_one_partial_line_becomes_empty) {
  write_file(fs, "a.log", "torn");
  LineLog log = open();
  EXPECT_EQ(content(), "");
  EXPECT_EQ(content("a.log.torn-1"), "torn");
}

TEST_F(LineLogInMemory, from_the_first_nul_on_everything_is_moved_also_whole_lines_after_it) {
  const std::string bad = std::string("half") + std::string(5, '\0') + "\nwhole\nagain\n";
  write_file(fs, "a.log", "one\ntwo\n" + bad);
  LineLog log = open();
  EXPECT_EQ(log.torn().reason, "NUL bytes at line 3");
  EXPECT_EQ(log.torn().lines, 3U);
  EXPECT_EQ(log.torn().bytes, bad.size());
  EXPECT_EQ(content(), "one\ntwo\n");
  EXPECT_EQ(content("a.log.torn-1"), bad);
}

TEST_F(LineLogInMemory, what_is_torn_later_gets_a_number_that_nothing_has) {
  write_file(fs, "a.log", "one\ntorn");
  write_file(fs, "a.log.torn-7", "somebody's");
  write_file(fs, "a.log.torn-x", "no number");
  {
    const LineLog log = open();
  }
  EXPECT_EQ(content("a.log.torn-8"), "torn");
  write_file(fs, "a.log", "one\ntorn");
  {
    const LineLog log = open();
  }
  EXPECT_EQ(content("a.log.torn-9"), "torn") << "the same bytes, but another event";
  EXPECT_EQ(content("a.log.torn-7"), "somebody's");
}

TEST_F(LineLogInMemory, an_append_moves_a_partial_line_that_came_since_the_open) {
  LineLog log = open();
  ASSERT_TRUE(log.append("one"));
  write_file(fs, "tail", "");
  const OwnedHandle other(
      fs, fs.open(Handle::working_directory, "a.log", {.access = Access::write, .append = true})
              .value());
  const std::string partial = "killed in the mid";
  ASSERT_TRUE(fs.write(other.get(), std::as_bytes(std::span(partial))));
  ASSERT_TRUE(log.append("two"));
  EXPECT_EQ(content(), "one\ntwo\n");
  EXPECT_EQ(content("a.log.torn-1"), partial);
  EXPECT_EQ(log.torn().moved_to, "a.log.torn-1");
}

TEST_F(LineLogInMemory, what_was_synced_is_not_looked_at_again) {
  LineLog log = open();
  ASSERT_TRUE(log.append("one"));
  ASSERT_TRUE(log.append("two"));
  // Behind the back of the mark: only who looks at all of it sees this.
  const OwnedHandle other(
      fs, fs.open(Handle::working_directory, "a.log", {.access = Access::write}).value());
  const std::string nul(1, '\0');
  ASSERT_TRUE(fs.write_at(other.get(), 0, std::as_bytes(std::span(nul))));
  const std::string looked_at =
      std::string("a line that is longer than what the mark remembers") + std::string(50, '.');
  ASSERT_TRUE(log.append(looked_at));
  const LineLog again = open();
  EXPECT_FALSE(again.torn().happened);
}

TEST_F(LineLogInMemory, without_its_mark_or_with_one_of_another_content_all_is_looked_at) {
  for (const bool lost : {true, false}) {
    write_file(fs, "a.log", "");
    {
      LineLog log = open();
      ASSERT_TRUE(log.append(std::string(100, 'x')));
    }
    std::string changed = *read_file(fs, "a.log");
    changed[0] = '\0';
    if (lost) {
      write_file(fs, ".untorn/logs/a.log", "");
    } else {
      changed[99] = 'y';
    }
    write_file(fs, "a.log", changed);
    const LineLog log = open();
    EXPECT_TRUE(log.torn().happened) << lost;
    EXPECT_EQ(content(), "");
  }
}

TEST_F(LineLogInMemory, a_mark_of_a_newer_format_is_left_alone_and_so_is_the_log) {
  write_file(fs, "a.log", "one\ntorn");
  {
    const LineLog log = open();
  }
  const std::string newer = "untorn-log-mark 7 2 something=else\n";
  write_file(fs, ".untorn/logs/a.log", newer);
  write_file(fs, "a.log", "one\ntorn again");
  const auto refused = LineLog::open(fs, "a.log");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::unsupported);
  EXPECT_EQ(content(), "one\ntorn again");
  EXPECT_EQ(content(".untorn/logs/a.log"), newer);
}

TEST_F(LineLogInMemory, where_no_mark_can_be_kept_the_log_works) {
  write_file(fs, ".untorn", "a file is in the way");
  LineLog log = open();
  ASSERT_TRUE(log.append("one"));
  EXPECT_EQ(content(), "one\n");
  EXPECT_EQ(content(".untorn"), "a file is in the way");
}

TEST_F(LineLogInMemory, what_is_no_file_is_refused) {
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, "d", 0755));
  const auto directory = LineLog::open(fs, "d");
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().code(), Code::not_regular_file);
  const auto nowhere = LineLog::open(fs, "none/a.log");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code(), Code::not_found);
  for (const std::string& bad : {std::string(), std::string("a\0b", 3)}) {
    const auto invalid = LineLog::open(fs, bad);
    ASSERT_FALSE(invalid);
    EXPECT_EQ(invalid.error().code(), Code::invalid_argument);
  }
  for (const unsigned keep : {0U, 1001U}) {
    const auto refused = LineLog::open(fs, "a.log", {.keep = keep});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::invalid_argument);
  }
  EXPECT_EQ(names_in(fs, "."), std::vector<std::string>{"d"});
}

TEST_F(LineLogInMemory, a_link_leads_to_the_log_and_both_names_share_it) {
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, "d", 0755));
  ASSERT_TRUE(fs.make_symlink("d/real.log", Handle::working_directory, "a.log"));
  LineLog by_link = open();
  LineLog direct = open({}, "d/real.log");
  ASSERT_TRUE(by_link.append("one"));
  ASSERT_TRUE(direct.append("two"));
  EXPECT_EQ(content("d/real.log"), "one\ntwo\n");
  EXPECT_EQ(status_of(fs, "a.log").type, FileType::symlink);
}

TEST_F(LineLogInMemory, the_mark_lies_in_the_tree_that_was_named) {
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, "p", 0755));
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, "p/logs", 0755));
  LineLog log = open({.tree = "p"}, "p/logs/../logs/./a.log");
  ASSERT_TRUE(log.append("one"));
  EXPECT_EQ(names_in(fs, "p/.untorn/logs"), std::vector<std::string>{"logs%2Fa.log"});
  EXPECT_EQ(names_in(fs, "p/logs"), std::vector<std::string>{"a.log"});
  EXPECT_EQ(status_of(fs, "p/.untorn").mode, 0700U);
  EXPECT_EQ(status_of(fs, "p/.untorn/logs/logs%2Fa.log").mode, 0600U);
  const auto outside = LineLog::open(fs, "p/logs/../../a.log", {.tree = "p"});
  ASSERT_FALSE(outside);
  EXPECT_EQ(outside.error().code(), Code::invalid_argument);
  EXPECT_FALSE(LineLog::open(fs, "a.log", {.tree = "none"}));
}

TEST_F(LineLogInMemory, a_new_file_has_the_mode_that_was_asked_for_and_an_old_one_keeps_its) {
  {
    const LineLog log = open({.mode = 0666});
  }
  EXPECT_EQ(status_of(fs, "a.log").mode, 0666U) << "whatever the umask";
  {
    const LineLog log = open({.mode = 0600});
  }
  EXPECT_EQ(status_of(fs, "a.log").mode, 0666U);
  {
    const LineLog log = open({}, "b.log");
  }
  EXPECT_EQ(status_of(fs, "b.log").mode, 0644U);
  write_file(fs, "b.log", "torn");
  {
    const LineLog log = open({}, "b.log");
  }
  EXPECT_EQ(status_of(fs, "b.log.torn-1").mode, 0644U);
}

TEST_F(LineLogInMemory, a_removed_or_renamed_file_is_made_again) {
  LineLog log = open();
  ASSERT_TRUE(log.append("one"));
  ASSERT_TRUE(fs.rename(Handle::working_directory, "a.log", Handle::working_directory, "away",
                        RenameMode::replace));
  ASSERT_TRUE(log.append("two"));
  EXPECT_EQ(content("away"), "one\n");
  EXPECT_EQ(content(), "two\n");
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "a.log"));
  ASSERT_TRUE(log.append("three"));
  EXPECT_EQ(content(), "three\n");
}

TEST_F(LineLogInMemory, a_file_that_was_truncated_goes_on_from_its_new_end) {
  LineLog log = open();
  ASSERT_TRUE(log.append(std::string(300, 'x')));
  write_file(fs, "a.log", "");  // as `> a.log` does, or logrotate with copytruncate
  ASSERT_TRUE(log.append("one"));
  EXPECT_EQ(content(), "one\n");
  EXPECT_FALSE(log.torn().happened);
}

TEST_F(LineLogInMemory, a_batch_is_synced_when_it_is_full_at_sync_and_at_the_end) {
  LineLog log =
      open({.sync = LineSync::batched, .batch_lines = 3, .batch_time = std::chrono::hours(1)});
  EXPECT_FALSE(log.append("one")->synced);
  EXPECT_FALSE(log.append("two")->synced);
  const auto full = log.append("three");
  EXPECT_TRUE(full->synced);
  EXPECT_EQ(full->syncs, 1U);
  EXPECT_FALSE(log.append("four")->synced) << "a new batch";
  EXPECT_TRUE(log.sync());
  EXPECT_TRUE(log.append(std::vector<std::string>(3, "x"))->synced);
  LineLog hasty = open({.sync = LineSync::batched, .batch_time = std::chrono::milliseconds(0)});
  EXPECT_TRUE(hasty.append("old enough")->synced);
}

TEST_F(LineLogInMemory, a_level_that_the_file_system_cannot_give_is_reported) {
  InMemoryFileSystem volatile_fs(MemoryOptions{.kind = {"tmpfs", true, false, true}});
  auto log = LineLog::open(volatile_fs, "a.log");
  ASSERT_TRUE(log) << log.error();
  const auto receipt = log->append("one");
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(receipt->synced);
  EXPECT_EQ(receipt->achieved, Durability::process);
  EXPECT_NE(receipt->why_lower.find("tmpfs"), std::string::npos);
  auto never = LineLog::open(volatile_fs, "b.log", {.sync = LineSync::never});
  EXPECT_EQ(never->append("one")->why_lower, "");
}

TEST_F(LineLogInMemory, where_locks_are_not_known_to_work_it_is_refused_by_name) {
  for (const char* name : {"nfs", "cifs", "9p", "fuse", "vfat", "unknown"}) {
    InMemoryFileSystem remote(MemoryOptions{.kind = {name, false, true, true}});
    const auto refused = LineLog::open(remote, "a.log");
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code(), Code::unsupported);
    EXPECT_NE(refused.error().message().find(name), std::string::npos) << refused.error();
    EXPECT_TRUE(remote.tree().empty());
  }
}

TEST_F(LineLogInMemory, a_lock_that_is_not_free_in_time_is_busy) {
  LineLog log = open({.lock_wait = std::chrono::milliseconds(1)});
  const OwnedHandle other(
      fs, fs.open(Handle::working_directory, "a.log", {.access = Access::read}).value());
  ASSERT_TRUE(fs.lock(other.get(), LockMode::exclusive));
  const auto busy = log.append("one");
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code(), Code::busy);
  ASSERT_TRUE(fs.unlock(other.get()));
  EXPECT_TRUE(log.append("one"));
}

TEST_F(LineLogInMemory, no_handle_is_left_open) {
  {
    write_file(fs, "a.log", "torn");
    LineLog log = open({.rotate_bytes = 1});
    ASSERT_TRUE(log.append("one"));
    ASSERT_TRUE(log.append("two"));
    LineLog moved = std::move(log);
    ASSERT_TRUE(moved.append("three"));
    LineLog other = open({}, "b.log");
    other = std::move(moved);
    ASSERT_TRUE(other.append("four"));
  }
  EXPECT_EQ(fs.open_handles(), 0U);
}

}  // namespace
}  // namespace untorn
