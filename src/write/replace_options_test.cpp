// SPDX-License-Identifier: Apache-2.0
//
// if_match, backups, create_parents, replace_file_at, and the protocol that a call gets.
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/etag.h"
#include "untorn/replace.h"
#include "write/replace_test_support.h"
#include "write/version.h"

namespace untorn {
namespace {

using testing::count;
using testing::file;
using testing::names_in;
using testing::read_file;
using testing::replace;
using testing::status_of;
using testing::write_file;
using Names = std::vector<std::string>;

FileSystemKind one_commit_kind() {
  FileSystemKind kind;
  kind.name = "ext4";
  kind.range_sync = RangeSync::before_names;
  return kind;
}

TEST(ReplaceProtocol, is_one_commit_only_where_range_syncs_come_before_names) {
  InMemoryFileSystem fs({file("a", "x")}, MemoryOptions{.kind = one_commit_kind()});
  const auto receipt = replace(fs, "a", "y");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->protocol, Protocol::one_commit);
  EXPECT_EQ(receipt->syncs, 2U);
  EXPECT_EQ(receipt->commits, 1U);
  const auto ordered = replace(fs, "a", "y", {.durability = Durability::ordered});
  ASSERT_TRUE(ordered) << ordered.error();
  EXPECT_EQ(ordered->syncs, 0U);
  EXPECT_EQ(ordered->commits, 0U);
  const auto classic = replace(fs, "a", "y", {.protocol = ProtocolChoice::classic});
  ASSERT_TRUE(classic) << classic.error();
  EXPECT_EQ(classic->protocol, Protocol::classic);
  EXPECT_EQ(classic->commits, 2U);
}

TEST(ReplaceProtocol, a_failed_range_sync_is_final_and_leaves_the_old_file) {
  InMemoryFileSystem below({file("a", "x")}, MemoryOptions{.kind = one_commit_kind()});
  FaultFileSystem fs(below, Fault{.at = 0, .call = Call::sync_range, .error = Errno{EIO}});
  const auto result = replace(fs, "a", "y");
  EXPECT_FAILS(result, io, sync_file, not_applied);
  EXPECT_EQ(result.error().advice(), Advice::stop);
  EXPECT_EQ(count(fs, Call::sync_range), 1U);
  EXPECT_EQ(count(fs, Call::sync), 0U);
  EXPECT_EQ(count(fs, Call::rename), 0U);
  EXPECT_EQ(read_file(below, "a"), "x");
  EXPECT_EQ(names_in(below, "."), Names{"a"});
}

TEST(ReplaceProtocol, a_sandbox_without_range_syncs_gets_classic) {
  InMemoryFileSystem below({file("a", "x")}, MemoryOptions{.kind = one_commit_kind()});
  FaultFileSystem fs(below, Fault{.at = 0, .call = Call::sync_range, .error = Errno{ENOSYS}});
  const auto receipt = replace(fs, "a", "y");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->protocol, Protocol::classic);
  EXPECT_EQ(receipt->syncs, 2U);
  EXPECT_EQ(receipt->commits, 2U);
}

TEST(ReplaceProtocol, an_error_of_a_sync_after_the_rename_is_applied_unsynced) {
  for (const std::uint64_t at : {0U, 1U}) {
    InMemoryFileSystem below({file("a", "x")}, MemoryOptions{.kind = one_commit_kind()});
    FaultFileSystem fs(below, Fault{.at = at, .call = Call::sync, .error = Errno{EIO}});
    const auto result = replace(fs, "a", "y");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().outcome(), Outcome::applied_unsynced);
    EXPECT_EQ(result.error().step(), at == 0 ? Step::sync_file : Step::sync_directory);
    EXPECT_EQ(count(fs, Call::sync), at + 1);
    EXPECT_EQ(read_file(below, "a"), "y");
  }
}

TEST(ReplaceProtocol, storage_that_keeps_nothing_is_not_synced) {
  FileSystemKind kind;
  kind.name = "tmpfs";
  kind.volatile_storage = true;
  InMemoryFileSystem fs({file("a", "x")}, MemoryOptions{.kind = kind});
  const auto receipt = replace(fs, "a", "y");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->syncs, 0U);
  EXPECT_EQ(receipt->commits, 0U);
  EXPECT_EQ(receipt->achieved, Durability::process);
}

TEST(Replace, a_temporary_that_is_taken_away_before_it_is_locked_is_made_again) {
  InMemoryFileSystem below({file("a", "x")});
  FaultFileSystem fs(below, Fault{.at = 0, .call = Call::lock, .error = Errno{EWOULDBLOCK}});
  ASSERT_TRUE(replace(fs, "a", "y"));
  EXPECT_EQ(names_in(below, "."), Names{"a"});
}

TEST(Etag, of_a_receipt_is_that_of_a_reader_and_of_no_other_version) {
  InMemoryFileSystem fs({file("a", "x")});
  const auto receipt = replace(fs, "a", "content");
  ASSERT_TRUE(receipt) << receipt.error();
  const auto etag = read_etag(fs, "a");
  ASSERT_TRUE(etag) << etag.error();
  EXPECT_EQ(*etag, receipt->etag);
  EXPECT_TRUE(etag->starts_with("u2-"));
  const auto read = read_version(fs, "a");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->content, "content");
  EXPECT_EQ(read->etag, *etag);
  write_file(fs, "a", "CONTENT");
  EXPECT_NE(read_etag(fs, "a").value_or(""), *etag);
}

TEST(Etag, of_content_in_pieces_is_that_of_the_whole) {
  InMemoryFileSystem fs;
  auto replacer = FileReplacer::open(fs, "a");
  ASSERT_TRUE(replacer && replacer->write("one ") && replacer->write("two"));
  const auto receipt = std::move(*replacer).commit();
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->etag, read_etag(fs, "a").value_or(""));
}

TEST(Etag, is_parsed_only_as_it_is_written) {
  const write::Version version{
      .device = 1, .inode = 0, .size = 3, .changed_ns = ~0ULL, .content = {5, 6}};
  const std::string etag = write::to_etag(version);
  EXPECT_EQ(etag, "u2-1-0-3-ffffffffffffffff-5-6");
  EXPECT_EQ(write::parse_etag(etag), version);
  for (const char* wrong :
       {"", "u2", "u1-1-0-3-4-5-6", "u2-1-0-3-4-5", "u2-1-0-3-4-5-6-7", "u2-1-0-3-4-5-6 ",
        "u2-1-00-3-4-5-6", "u2-1-0-3-4-5-G", "u2-1-0-3-4-5-A", "u2-1-0-3-4-5-11111111111111111",
        "u2--1-0-3-4-5-6", "u2-1-0-3-4-5-"}) {
    EXPECT_FALSE(write::parse_etag(wrong)) << wrong;
  }
}

TEST(Etag, errors_of_readers_are_clear) {
  InMemoryFileSystem fs({file("d/a", "x")});
  EXPECT_FAILS(read_etag(fs, "missing"), not_found, inspect, not_applied);
  EXPECT_FAILS(read_etag(fs, "d"), not_regular_file, inspect, not_applied);
}

TEST(IfMatch, replaces_the_version_that_was_read_and_no_other) {
  for (const Match match : {Match::cooperative, Match::detect}) {
    InMemoryFileSystem fs({file("a", "x")});
    const std::string etag = read_etag(fs, "a").value_or("");
    const auto receipt = replace(fs, "a", "y", {.if_match = etag, .match = match});
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_EQ(receipt->etag, read_etag(fs, "a").value_or(""));
    EXPECT_FAILS(replace(fs, "a", "z", {.if_match = etag, .match = match}), conflict, inspect,
                 not_applied);
    EXPECT_EQ(read_file(fs, "a"), "y");
    EXPECT_EQ(names_in(fs, "."), Names{"a"});
    EXPECT_EQ(fs.open_handles(), 0U);
  }
}

TEST(IfMatch, a_stream_meets_the_version_that_came_while_it_was_written) {
  InMemoryFileSystem fs({file("a", "x")});
  auto replacer = FileReplacer::open(fs, "a", {.if_match = read_etag(fs, "a").value_or("")});
  ASSERT_TRUE(replacer && replacer->write("ours"));
  ASSERT_TRUE(replace(fs, "a", "theirs"));
  EXPECT_FAILS(std::move(*replacer).commit(), conflict, check, not_applied);
  EXPECT_EQ(read_file(fs, "a"), "theirs");
  EXPECT_EQ(names_in(fs, "."), Names{"a"});
}

TEST(IfMatch, the_content_counts_even_where_everything_else_is_the_same) {
  InMemoryFileSystem fs({file("a", "x")});
  write::Version version = write::parse_etag(read_etag(fs, "a").value_or("")).value();
  ++version.content.second;
  EXPECT_FAILS(replace(fs, "a", "y", {.if_match = write::to_etag(version)}), conflict, check,
               not_applied);
  EXPECT_EQ(read_file(fs, "a"), "x");
}

TEST(IfMatch, what_cannot_be_meant_is_refused) {
  InMemoryFileSystem fs({file("a", "x")});
  const std::string etag = read_etag(fs, "a").value_or("");
  EXPECT_FAILS(replace(fs, "gone", "y", {.if_match = etag}), conflict, inspect, not_applied);
  EXPECT_FAILS(replace(fs, "a", "y", {.if_match = "\"strong\""}), invalid_argument, inspect,
               not_applied);
  EXPECT_FAILS(replace(fs, "a", "y", {.existence = Existence::must_not_exist, .if_match = etag}),
               invalid_argument, inspect, not_applied);
  EXPECT_EQ(names_in(fs, "."), Names{"a"});
}

TEST(IfMatch, the_same_content_under_another_version_is_a_conflict) {
  InMemoryFileSystem fs({file("a", "x")});
  const std::string etag = read_etag(fs, "a").value_or("");
  const auto kept = replace(fs, "a", "x", {.skip_if_same = true, .if_match = etag});
  ASSERT_TRUE(kept) << kept.error();
  EXPECT_TRUE(kept->unchanged);
  EXPECT_EQ(kept->etag, etag);
  ASSERT_TRUE(replace(fs, "a", "x"));
  EXPECT_FAILS(replace(fs, "a", "x", {.skip_if_same = true, .if_match = etag}), conflict, inspect,
               not_applied);
}

TEST(IfMatch, others_who_hold_the_lock_are_waited_for_and_then_given_up) {
  InMemoryFileSystem fs({file("a", "x")});
  const auto other = fs.open(Handle::working_directory, ".", {.access = Access::directory});
  ASSERT_TRUE(other && fs.lock(*other, LockMode::exclusive));
  const std::string etag = read_etag(fs, "a").value_or("");
  EXPECT_FAILS(replace(fs, "a", "y", {.if_match = etag, .lock_wait = std::chrono::milliseconds(5)}),
               timed_out, check, not_applied);
  EXPECT_EQ(names_in(fs, "."), Names{"a"});
  ASSERT_TRUE(replace(fs, "a", "y")) << "who states no version takes no lock";
}

TEST(IfMatch, without_locks_for_directories_or_exchanges_it_is_unsupported) {
  InMemoryFileSystem below({file("a", "x")});
  const std::string etag = read_etag(below, "a").value_or("");
  {
    FaultFileSystem fs(below, Fault{.at = 1, .call = Call::lock, .error = Errno{EOPNOTSUPP}});
    EXPECT_FAILS(replace(fs, "a", "y", {.if_match = etag}), unsupported, check, not_applied);
  }
  for (const std::uint64_t at : {0U, 1U}) {
    FaultFileSystem fs(below, Fault{.at = at, .call = Call::rename, .error = Errno{EINVAL}});
    EXPECT_FAILS(replace(fs, "a", "y", {.if_match = etag, .match = Match::detect}), unsupported,
                 rename, not_applied);
  }
  EXPECT_EQ(read_file(below, "a"), "x");
  EXPECT_EQ(names_in(below, "."), Names{"a"});
}

TEST(Backups, are_the_older_versions_in_their_order_and_no_more_than_asked_for) {
  InMemoryFileSystem fs({file("a", "0"), file("a.~9~", "not ours")});
  for (const char* content : {"1", "2", "3", "4", "5"}) {
    const auto receipt = replace(fs, "a", content, {.backups = 3});
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_FALSE(receipt->hard_links_split);
  }
  EXPECT_EQ(read_file(fs, "a"), "5");
  EXPECT_EQ(read_file(fs, "a.~1~"), "4");
  EXPECT_EQ(read_file(fs, "a.~2~"), "3");
  EXPECT_EQ(read_file(fs, "a.~3~"), "2");
  EXPECT_EQ(names_in(fs, "."), (Names{"a", "a.~1~", "a.~2~", "a.~3~", "a.~9~"}));
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(Backups, of_a_new_file_there_are_none_and_one_is_replaced) {
  InMemoryFileSystem fs;
  ASSERT_TRUE(replace(fs, "a", "1", {.backups = 1}));
  EXPECT_EQ(names_in(fs, "."), Names{"a"});
  ASSERT_TRUE(replace(fs, "a", "2", {.backups = 1}));
  ASSERT_TRUE(replace(fs, "a", "3", {.backups = 1}));
  EXPECT_EQ(read_file(fs, "a.~1~"), "2");
  EXPECT_EQ(names_in(fs, "."), (Names{"a", "a.~1~"}));
}

TEST(Backups, a_gap_is_filled_and_what_lies_above_stays) {
  InMemoryFileSystem fs({file("a", "new"), file("a.~1~", "one"), file("a.~3~", "three")});
  ASSERT_TRUE(replace(fs, "a", "newer", {.backups = 5}));
  EXPECT_EQ(read_file(fs, "a.~1~"), "new");
  EXPECT_EQ(read_file(fs, "a.~2~"), "one");
  EXPECT_EQ(read_file(fs, "a.~3~"), "three");
}

TEST(Backups, what_a_crash_left_half_moved_is_not_moved_twice) {
  InMemoryFileSystem fs({file("a", "old"), file("a.~2~", "older")});
  const Handle root = Handle::working_directory;
  ASSERT_TRUE(fs.link(root, "a", root, "a.~1~"));  // V5: before the rename
  const auto receipt =
      replace(fs, "a", "new", {.hard_links = HardLinkPolicy::refuse, .backups = 2});
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(read_file(fs, "a.~1~"), "old");
  EXPECT_EQ(read_file(fs, "a.~2~"), "older");
  EXPECT_EQ(names_in(fs, "."), (Names{"a", "a.~1~", "a.~2~"}));
}

TEST(Backups, every_failing_call_leaves_the_file_and_the_newest_backup) {
  const auto tree = {file("a", "old"), file("a.~1~", "one"), file("a.~2~", "two")};
  std::size_t sites = 0;
  {
    InMemoryFileSystem below(tree);
    FaultFileSystem fs(below);
    ASSERT_TRUE(replace(fs, "a", "new", {.backups = 3}));
    sites = fs.sites().size();
  }
  for (std::size_t at = 0; at < sites; ++at) {
    InMemoryFileSystem below(tree);
    FaultFileSystem fs(below, Fault{.at = at, .error = Errno{EIO}});
    const auto result = replace(fs, "a", "new", {.backups = 3});
    const std::string now = read_file(below, "a").value_or("<gone>");
    const std::string newest = read_file(below, "a.~1~").value_or("<gone>");
    EXPECT_TRUE(now == "old" || now == "new") << at << ' ' << now;
    EXPECT_TRUE(newest == "one" || newest == "old") << at << ' ' << newest;
    EXPECT_TRUE(now != "new" || newest == "old") << at;
    const bool applied = result || result.error().outcome() != Outcome::not_applied;
    EXPECT_EQ(now, applied ? "new" : "old") << at;
    for (const std::string& name : names_in(below, ".")) {
      EXPECT_FALSE(name.starts_with(".untorn-tmp-")) << at << ' ' << name;
    }
  }
}

TEST(Backups, are_refused_where_they_cannot_be_made) {
  const std::string name(252, 'n');
  InMemoryFileSystem below({file("a", "x"), file(name, "x")});
  EXPECT_FAILS(replace(below, name, "y", {.backups = 1}), invalid_argument, inspect, not_applied);
  for (const int os_errno : {EPERM, EOPNOTSUPP, EMLINK}) {
    FaultFileSystem fs(below, Fault{.at = 0, .call = Call::link, .error = Errno{os_errno}});
    EXPECT_FAILS(replace(fs, "a", "y", {.backups = 1}), unsupported, rename, not_applied);
  }
  EXPECT_EQ(read_file(below, "a"), "x");
  EXPECT_EQ(names_in(below, ".").size(), 2U);
}

TEST(CreateParents, makes_what_is_missing_and_syncs_each_at_durable) {
  InMemoryFileSystem fs({file("d/keep", "x")});
  EXPECT_FAILS(replace(fs, "d/x/y/a", "new"), not_found, open_directory, not_applied);
  const auto receipt = replace(fs, "d/x/y/a", "new", {.create_parents = true});
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->syncs, 4U);
  EXPECT_EQ(read_file(fs, "d/x/y/a"), "new");
  EXPECT_EQ(status_of(fs, "d/x").mode, 0755U);
  const auto again = replace(fs, "d/x/y/a", "newer", {.create_parents = true});
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->syncs, 2U);
  const auto ordered =
      replace(fs, "e/f/a", "new", {.durability = Durability::ordered, .create_parents = true});
  ASSERT_TRUE(ordered) << ordered.error();
  EXPECT_EQ(ordered->syncs, 1U);
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(CreateParents, one_commit_needs_no_sync_of_its_own_for_them) {
  InMemoryFileSystem fs(MemoryOptions{.kind = one_commit_kind()});
  const auto receipt = replace(fs, "x/y/a", "new", {.create_parents = true});
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->syncs, 2U);
  EXPECT_EQ(receipt->commits, 1U);
}

TEST(CreateParents, walks_dots_links_and_what_others_make_meanwhile) {
  InMemoryFileSystem fs({file("d/keep", "x")});
  ASSERT_TRUE(fs.make_symlink("d", Handle::working_directory, "s"));
  ASSERT_TRUE(replace(fs, "s/x/../y//z/./a", "new", {.create_parents = true}));
  EXPECT_EQ(read_file(fs, "d/y/z/a"), "new");
  FaultFileSystem racing(fs, Fault{.at = 0,
                                   .call = Call::make_directory,
                                   .error = Errno{EEXIST},
                                   .effect = Fault::Effect::done_but_failed});
  const auto receipt = replace(racing, "r/a", "new", {.create_parents = true});
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->syncs, 3U);
  EXPECT_FAILS(replace(fs, "d/keep/x/a", "new", {.create_parents = true}), not_found,
               open_directory, not_applied);
}

TEST(ReplaceFileAt, replaces_one_name_in_the_directory_of_the_caller) {
  InMemoryFileSystem fs({file("d/a", "x"), file("e/b", "x")});
  const auto directory = fs.open(Handle::working_directory, "d", {.access = Access::directory});
  ASSERT_TRUE(directory);
  ASSERT_TRUE(fs.make_symlink("../e/b", *directory, "s"));
  const auto put = [&](std::string_view name, std::string_view content) {
    return replace_file_at(fs, *directory, name, std::as_bytes(std::span(content)));
  };
  ASSERT_TRUE(put("a", "y"));
  ASSERT_TRUE(put("new", "n"));
  ASSERT_TRUE(put("s", "through the link"));
  EXPECT_EQ(read_file(fs, "d/a"), "y");
  EXPECT_EQ(read_file(fs, "d/new"), "n");
  EXPECT_EQ(read_file(fs, "e/b"), "through the link");
  for (const char* name : {"", ".", "..", "e/b", "/a"}) {
    const auto refused = put(name, "z");
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code(), Code::invalid_argument) << name;
  }
  EXPECT_EQ(fs.open_handles(), 1U) << "the directory stays the caller's";
}

}  // namespace
}  // namespace untorn
