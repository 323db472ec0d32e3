// SPDX-License-Identifier: Apache-2.0
//
// What a replacement does to a file system in memory. Crash states are enumerated in tests/crash,
// the kernel's own behaviour is tried in replace_posix_test.cpp.
#include "untorn/replace.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "write/replace_test_support.h"
#include "write/temporary.h"

namespace untorn {
namespace {

using testing::count;
using testing::file;
using testing::names_in;
using testing::pattern;
using testing::read_file;
using testing::replace;
using testing::status_of;
using testing::write_file;
using Names = std::vector<std::string>;

TEST(Replace, existing_file_holds_the_new_content_and_the_receipt_says_what_was_done) {
  InMemoryFileSystem fs({file("a.json", "old")});
  const auto receipt = replace(fs, "a.json", "new!");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(read_file(fs, "a.json"), "new!");
  EXPECT_EQ(names_in(fs, "."), Names{"a.json"});
  EXPECT_EQ(receipt->outcome, Outcome::applied);
  EXPECT_EQ(receipt->requested, Durability::durable);
  EXPECT_EQ(receipt->achieved, Durability::durable);
  EXPECT_EQ(receipt->protocol, Protocol::classic);
  EXPECT_EQ(receipt->syncs, 2U);
  EXPECT_EQ(receipt->bytes, 4U);
  EXPECT_TRUE(receipt->existed);
  EXPECT_FALSE(receipt->unchanged);
  EXPECT_FALSE(receipt->hard_links_split);
  EXPECT_EQ(receipt->metadata_lost, Names{});
  EXPECT_EQ(receipt->why_lower, "");
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(Replace, the_temporary_has_the_shape_that_cleaners_know_and_is_locked) {
  InMemoryFileSystem fs({file("d/a", "x")});
  auto replacer = FileReplacer::open(fs, "d/a");
  ASSERT_TRUE(replacer);
  const Names names = names_in(fs, "d");
  ASSERT_EQ(names.size(), 2U);
  EXPECT_TRUE(names[0].starts_with(write::temporary_prefix));
  EXPECT_EQ(names[0].size(), write::temporary_prefix.size() + 32);
  auto other = fs.open(Handle::working_directory, "d/" + names[0], {.access = Access::read});
  ASSERT_TRUE(other);
  const auto locked = fs.lock(*other, LockMode::exclusive);
  ASSERT_FALSE(locked);
  EXPECT_EQ(number(locked.error()), EWOULDBLOCK);
  replacer->discard();
  EXPECT_EQ(names_in(fs, "d"), Names{"a"});
}

TEST(Replace, existence_conditions_are_checked_before_anything_is_written) {
  InMemoryFileSystem below({file("a", "x")});
  FaultFileSystem fs(below);
  EXPECT_FAILS(replace(fs, "a", "y", {.existence = Existence::must_not_exist}), already_exists,
               inspect, not_applied);
  EXPECT_FAILS(replace(fs, "b", "y", {.existence = Existence::must_exist}), not_found, inspect,
               not_applied);
  EXPECT_EQ(count(fs, Call::write), 0U);
  ASSERT_TRUE(replace(fs, "a", "y", {.existence = Existence::must_exist}));
  ASSERT_TRUE(replace(fs, "b", "y", {.existence = Existence::must_not_exist}));
}

TEST(Replace, of_two_creators_that_must_not_find_a_file_only_one_succeeds) {
  InMemoryFileSystem fs;
  const ReplaceOptions options{.existence = Existence::must_not_exist};
  auto first = FileReplacer::open(fs, "a", options);
  auto second = FileReplacer::open(fs, "a", options);
  ASSERT_TRUE(first && second && first->write("1") && second->write("2"));
  ASSERT_TRUE(std::move(*first).commit());
  EXPECT_FAILS(std::move(*second).commit(), already_exists, rename, not_applied);
  EXPECT_EQ(read_file(fs, "a"), "1");
  EXPECT_EQ(names_in(fs, "."), Names{"a"});
}

TEST(Replace, after_a_failed_write_every_further_call_fails_the_same_way) {
  InMemoryFileSystem below({file("a", "x")});
  FaultFileSystem fs(below, Fault{.at = 1, .call = Call::write, .error = Errno{ENOSPC}});
  auto replacer = FileReplacer::open(fs, "a");
  ASSERT_TRUE(replacer && replacer->write("1"));
  EXPECT_FAILS(replacer->write("2"), no_space, write, not_applied);
  EXPECT_FAILS(replacer->write("3"), no_space, write, not_applied);
  EXPECT_EQ(names_in(below, "."), Names{"a"}) << "the space is given back at once";
  EXPECT_FAILS(std::move(*replacer).commit(), no_space, write, not_applied);
  EXPECT_EQ(read_file(below, "a"), "x");
}

TEST(Replace, skip_if_same_writes_nothing_and_still_makes_the_level_true) {
  InMemoryFileSystem below({file("a", "same")});
  FaultFileSystem fs(below);
  const auto receipt = replace(fs, "a", "same", {.skip_if_same = true});
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_TRUE(receipt->unchanged);
  EXPECT_EQ(receipt->outcome, Outcome::not_applied);
  EXPECT_EQ(receipt->protocol, Protocol::none);
  EXPECT_EQ(receipt->achieved, Durability::durable);
  EXPECT_EQ(receipt->syncs, 2U);
  EXPECT_EQ(receipt->bytes, 4U);
  EXPECT_EQ(count(fs, Call::sync), 2U);
  EXPECT_EQ(count(fs, Call::write) + count(fs, Call::rename) + count(fs, Call::unlink), 0U);
  const auto quick =
      replace(fs, "a", "same", {.durability = Durability::process, .skip_if_same = true});
  ASSERT_TRUE(quick);
  EXPECT_EQ(quick->syncs, 0U);
  EXPECT_EQ(quick->etag, receipt->etag);
}

TEST(Replace, skip_if_same_sees_every_difference) {
  const std::string content = pattern(200000, 3);
  for (const std::string& old : {std::string(), content.substr(1), content + "x",
                                 content.substr(0, 199999) + "\n", "\n" + content.substr(1)}) {
    InMemoryFileSystem fs({file("a", old)});
    const auto receipt = replace(fs, "a", content, {.skip_if_same = true});
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_FALSE(receipt->unchanged);
    EXPECT_EQ(read_file(fs, "a"), content);
  }
  InMemoryFileSystem other_mode({file("a", content, 0600)});
  const auto receipt = replace(other_mode, "a", content, {.mode = 0644, .skip_if_same = true});
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_FALSE(receipt->unchanged);
  EXPECT_EQ(status_of(other_mode, "a").mode, 0644U);
  const auto fresh = replace(other_mode, "b", "", {.skip_if_same = true});
  ASSERT_TRUE(fresh) << fresh.error();
  EXPECT_FALSE(fresh->unchanged) << "an empty new file is not the same as none";
  EXPECT_EQ(read_file(other_mode, "b"), "");
}

TEST(Replace, a_failed_sync_of_unchanged_content_is_reported_as_not_applied) {
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{1}}) {
    InMemoryFileSystem below({file("a", "same")});
    FaultFileSystem fs(below, Fault{.at = at, .call = Call::sync, .error = Errno{EIO}});
    const auto result = replace(fs, "a", "same", {.skip_if_same = true});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().outcome(), Outcome::not_applied);
    EXPECT_EQ(result.error().step(), at == 0 ? Step::sync_file : Step::sync_directory);
  }
}

TEST(FileReplacer, pieces_become_one_content) {
  InMemoryFileSystem fs({file("a", "old")});
  auto replacer = FileReplacer::open(fs, "a");
  ASSERT_TRUE(replacer);
  for (const char* piece : {"one ", "", "two ", "three"}) ASSERT_TRUE(replacer->write(piece));
  EXPECT_EQ(read_file(fs, "a"), "old");
  const auto receipt = std::move(*replacer).commit();
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->bytes, 13U);
  EXPECT_EQ(read_file(fs, "a"), "one two three");
}

TEST(FileReplacer, without_commit_nothing_happens) {
  InMemoryFileSystem fs({file("a", "old")});
  {
    auto replacer = FileReplacer::open(fs, "a");
    ASSERT_TRUE(replacer && replacer->write("new"));
    FileReplacer moved = std::move(*replacer);
    ASSERT_TRUE(moved.write("er"));
    EXPECT_EQ(names_in(fs, ".").size(), 2U);
  }
  EXPECT_EQ(names_in(fs, "."), Names{"a"});
  EXPECT_EQ(read_file(fs, "a"), "old");
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(FileReplacer, a_discarded_one_refuses_to_go_on) {
  InMemoryFileSystem fs({file("a", "old")});
  auto replacer = FileReplacer::open(fs, "a");
  ASSERT_TRUE(replacer && replacer->write("new"));
  replacer->discard();
  replacer->discard();
  EXPECT_FAILS(replacer->write("x"), invalid_argument, write, not_applied);
  EXPECT_FAILS(std::move(*replacer).commit(), invalid_argument, check, not_applied);
  EXPECT_EQ(read_file(fs, "a"), "old");
}

TEST(FileReplacer, skip_if_same_compares_while_the_content_streams) {
  const std::string content = pattern(300000, 5);
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{65536}, std::size_t{300000}}) {
    InMemoryFileSystem fs({file("a", content)});
    auto replacer = FileReplacer::open(fs, "a", {.skip_if_same = true});
    ASSERT_TRUE(replacer);
    for (std::size_t offset = 0; offset < content.size(); offset += piece) {
      ASSERT_TRUE(replacer->write(std::string_view(content).substr(offset, piece)));
    }
    const auto receipt = std::move(*replacer).commit();
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_TRUE(receipt->unchanged);
    EXPECT_EQ(receipt->syncs, 2U);
    EXPECT_EQ(names_in(fs, "."), Names{"a"});
  }
  InMemoryFileSystem fs({file("a", content)});
  auto replacer = FileReplacer::open(fs, "a", {.skip_if_same = true});
  ASSERT_TRUE(replacer && replacer->write(std::string_view(content).substr(0, 299999)));
  const auto receipt = std::move(*replacer).commit();
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_FALSE(receipt->unchanged);
  EXPECT_EQ(read_file(fs, "a"), content.substr(0, 299999));
}

TEST(FileReplacer, skip_if_same_skips_only_what_is_still_under_the_name) {
  const std::vector<std::function<void(InMemoryFileSystem&)>> changes = {
      [](InMemoryFileSystem& fs) { ASSERT_TRUE(replace(fs, "a", "other")); },
      [](InMemoryFileSystem& fs) { ASSERT_TRUE(fs.unlink(Handle::working_directory, "a")); },
      [](InMemoryFileSystem& fs) { write_file(fs, "a", "other"); },
  };
  for (const auto& change : changes) {
    InMemoryFileSystem fs({file("a", "same")});
    auto replacer = FileReplacer::open(fs, "a", {.skip_if_same = true});
    ASSERT_TRUE(replacer && replacer->write("same"));
    change(fs);
    const auto receipt = std::move(*replacer).commit();
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_FALSE(receipt->unchanged);
    EXPECT_EQ(read_file(fs, "a"), "same");
    EXPECT_EQ(names_in(fs, "."), Names{"a"});
  }
}

TEST(Etag, changes_with_every_replacement_and_every_write) {
  InMemoryFileSystem fs({file("a", "x")});
  const auto first = replace(fs, "a", "1");
  const auto second = replace(fs, "a", "2");
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->etag, second->etag);
  write_file(fs, "a", "3");
  const auto third = replace(fs, "a", "3", {.skip_if_same = true});
  ASSERT_TRUE(third && third->unchanged);
  EXPECT_NE(third->etag, second->etag);
  for (const char letter : third->etag) EXPECT_TRUE(letter > ' ' && letter < 0x7F);
}

TEST(Error, messages_of_a_refused_replacement_say_what_where_why_and_what_is_there_now) {
  InMemoryFileSystem fs({file("d/a", "x")});
  const auto result = replace(fs, "d", "y");
  ASSERT_FALSE(result);
  const std::string message = result.error().message();
  EXPECT_TRUE(message.starts_with("d: ")) << message;
  EXPECT_NE(message.find("it is a directory"), std::string::npos) << message;
}

}  // namespace
}  // namespace untorn
