// SPDX-License-Identifier: Apache-2.0
//
// Systems that answer in unusual ways: short writes, failed syncs, calls that are not there, file
// systems that promise less.
#include "untorn/replace.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "write/replace_test_support.h"

namespace untorn {
namespace {

using testing::count;
using testing::file;
using testing::names_in;
using testing::pattern;
using testing::read_file;
using testing::replace;
using testing::write_file;
using Names = std::vector<std::string>;

TEST(Replace, must_not_exist_works_without_rename_flags_by_a_link) {
  InMemoryFileSystem below;
  FaultFileSystem fs(
      below, Fault{.at = 0, .call = Call::rename, .error = Errno{EINVAL}, .persistent = true});
  const ReplaceOptions options{.existence = Existence::must_not_exist};
  ASSERT_TRUE(replace(fs, "a", "y", options));
  EXPECT_EQ(read_file(below, "a"), "y");
  EXPECT_EQ(names_in(below, "."), Names{"a"});
  auto late = FileReplacer::open(fs, "b", options);
  ASSERT_TRUE(late && late->write("mine"));
  write_file(below, "b", "theirs");
  EXPECT_FAILS(std::move(*late).commit(), already_exists, rename, not_applied);
  EXPECT_EQ(read_file(below, "b"), "theirs");
  EXPECT_EQ(names_in(below, "."), (Names{"a", "b"}));
}

TEST(Replace, a_second_name_that_cannot_be_removed_after_a_link_is_named) {
  InMemoryFileSystem below;
  FaultFileSystem fs(
      below, {Fault{.at = 0, .call = Call::rename, .error = Errno{ENOSYS}},
              Fault{.at = 0, .call = Call::unlink, .error = Errno{EIO}, .persistent = true}});
  const auto result = replace(fs, "a", "y", {.existence = Existence::must_not_exist});
  EXPECT_FAILS(result, io, clean_up, applied_unsynced);
  EXPECT_NE(result.error().message().find(".untorn-tmp-"), std::string::npos);
  EXPECT_EQ(read_file(below, "a"), "y");
}

TEST(Replace, short_writes_are_continued) {
  const std::string content = pattern(10000, 1);
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{4096}, std::size_t{9999}}) {
    InMemoryFileSystem below;
    FaultFileSystem fs(below, Fault{.at = 0,
                                    .call = Call::write,
                                    .persistent = true,
                                    .effect = Fault::Effect::short_write,
                                    .bytes = bytes});
    ASSERT_TRUE(replace(fs, "a", content));
    EXPECT_EQ(read_file(below, "a"), content);
    EXPECT_GT(count(fs, Call::write), 1U);
  }
}

TEST(Replace, a_write_that_takes_nothing_is_an_error_and_not_a_loop) {
  InMemoryFileSystem below({file("a", "x")});
  FaultFileSystem fs(below, Fault{.at = 0,
                                  .call = Call::write,
                                  .persistent = true,
                                  .effect = Fault::Effect::short_write,
                                  .bytes = 0});
  EXPECT_FAILS(replace(fs, "a", "new"), io, write, not_applied);
  EXPECT_EQ(read_file(below, "a"), "x");
  EXPECT_EQ(names_in(below, "."), Names{"a"});
}

TEST(Replace, a_failed_sync_is_final) {
  InMemoryFileSystem below({file("a", "x")});
  FaultFileSystem fs(below, Fault{.at = 0, .call = Call::sync, .error = Errno{EIO}});
  const auto result = replace(fs, "a", "y");
  EXPECT_FAILS(result, io, sync_file, not_applied);
  EXPECT_EQ(result.error().advice(), Advice::stop);
  EXPECT_EQ(count(fs, Call::sync), 1U);
  EXPECT_EQ(count(fs, Call::rename), 0U);
  EXPECT_EQ(read_file(below, "a"), "x");
  EXPECT_EQ(names_in(below, "."), Names{"a"});
}

TEST(Replace, a_failed_directory_sync_says_that_the_new_content_is_visible) {
  InMemoryFileSystem below({file("a", "x")});
  FaultFileSystem fs(below, Fault{.at = 1, .call = Call::sync, .error = Errno{EIO}});
  const auto result = replace(fs, "a", "y");
  EXPECT_FAILS(result, io, sync_directory, applied_unsynced);
  EXPECT_EQ(count(fs, Call::sync), 2U);
  EXPECT_EQ(read_file(below, "a"), "y");
  EXPECT_EQ(names_in(below, "."), Names{"a"});
}

TEST(Replace, a_directory_that_has_no_sync_lowers_the_level) {
  for (const int os_errno : {EINVAL, ENOTSUP, EOPNOTSUPP, ENOSYS}) {
    InMemoryFileSystem below({file("a", "x")});
    FaultFileSystem fs(below, Fault{.at = 1, .call = Call::sync, .error = Errno{os_errno}});
    const auto receipt = replace(fs, "a", "y");
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_EQ(receipt->achieved, Durability::ordered);
    EXPECT_EQ(receipt->why_lower, "memory cannot sync a directory");
  }
}

TEST(Replace, strict_refuses_before_writing_where_the_directory_has_no_sync) {
  InMemoryFileSystem below({file("a", "x")}, MemoryOptions{.kind = {"cifs", false, true, true}});
  FaultFileSystem fs(
      below, Fault{.at = 0, .call = Call::sync, .error = Errno{EINVAL}, .persistent = true});
  EXPECT_FAILS(replace(fs, "a", "y", {.strict = true}), unsupported, inspect, not_applied);
  EXPECT_EQ(count(fs, Call::write), 0U);
  EXPECT_EQ(read_file(below, "a"), "x");
}

TEST(Replace, a_strict_call_that_learns_it_too_late_says_so) {
  InMemoryFileSystem below({file("a", "x")});
  FaultFileSystem fs(below, Fault{.at = 1, .call = Call::sync, .error = Errno{EINVAL}});
  EXPECT_FAILS(replace(fs, "a", "y", {.strict = true}), unsupported, sync_directory,
               applied_unsynced);
}

TEST(Replace, volatile_storage_and_torn_renames_give_the_level_process) {
  const std::vector<std::pair<FileSystemKind, std::string>> kinds = {
      {{"tmpfs", true, false, true}, "tmpfs keeps nothing across a power cut"},
      {{"overlay", true, false, true},
       "overlay mounted `volatile` keeps nothing across a power cut"},
      {{"vfat", false, false, false}, "a power cut may tear a rename on vfat"}};
  for (const auto& [kind, why] : kinds) {
    InMemoryFileSystem fs(MemoryOptions{.kind = kind});
    for (const Durability level : {Durability::ordered, Durability::durable}) {
      const auto receipt = replace(fs, "a", "y", {.durability = level});
      ASSERT_TRUE(receipt) << receipt.error();
      EXPECT_EQ(receipt->requested, level);
      EXPECT_EQ(receipt->achieved, Durability::process);
      EXPECT_EQ(receipt->why_lower, why);
      EXPECT_FAILS(replace(fs, "a", "z", {.durability = level, .strict = true}), unsupported,
                   inspect, not_applied);
    }
    const auto receipt = replace(fs, "a", "y", {.durability = Durability::process, .strict = true});
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_EQ(receipt->why_lower, "");
  }
}

TEST(Replace, network_file_systems_are_asked_for_late_write_errors_at_every_level) {
  InMemoryFileSystem below(MemoryOptions{.kind = {"nfs", false, true, true}});
  FaultFileSystem fs(below, Fault{.at = 0, .call = Call::sync, .error = Errno{EDQUOT}});
  const ReplaceOptions options{.durability = Durability::process};
  EXPECT_FAILS(replace(fs, "a", "y", options), no_space, sync_file, not_applied);
  EXPECT_EQ(names_in(below, "."), Names{});
  const auto receipt = replace(fs, "a", "y", options);
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->syncs, 1U);
}

TEST(Replace, a_rename_whose_answer_a_server_lost_is_recognised_by_the_inode) {
  for (const int os_errno : {ENOENT, EEXIST}) {
    const FileSystemKind nfs{"nfs", false, true, true};
    InMemoryFileSystem below({file("a", "x")}, MemoryOptions{.kind = nfs});
    FaultFileSystem fs(below, Fault{.at = 0,
                                    .call = Call::rename,
                                    .error = Errno{os_errno},
                                    .effect = Fault::Effect::done_but_failed});
    const auto receipt = replace(fs, "a", "y");
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_EQ(receipt->achieved, Durability::durable);
    EXPECT_EQ(read_file(below, "a"), "y");
  }
}

TEST(Replace, a_file_system_without_locks_is_written_all_the_same) {
  for (const int os_errno : {ENOSYS, EOPNOTSUPP, ENOLCK, EINVAL}) {
    InMemoryFileSystem below;
    FaultFileSystem fs(below, Fault{.at = 0, .call = Call::lock, .error = Errno{os_errno}});
    ASSERT_TRUE(replace(fs, "a", "y"));
    EXPECT_EQ(names_in(below, "."), Names{"a"});
  }
}

TEST(Replace, a_temporary_that_a_cleaner_locked_first_is_left_for_a_new_one) {
  InMemoryFileSystem below;
  FaultFileSystem fs(below, Fault{.at = 0, .call = Call::lock, .error = Errno{EWOULDBLOCK}});
  ASSERT_TRUE(replace(fs, "a", "y"));
  EXPECT_EQ(count(fs, Call::lock), 2U);
  EXPECT_EQ(names_in(below, "."), Names{"a"});

  FaultFileSystem always(
      below, Fault{.at = 0, .call = Call::lock, .error = Errno{EWOULDBLOCK}, .persistent = true});
  EXPECT_FAILS(replace(always, "a", "z"), busy, create_temporary, not_applied);
  EXPECT_EQ(names_in(below, "."), Names{"a"});
}

TEST(Replace, a_taken_random_name_is_not_opened_but_avoided) {
  InMemoryFileSystem below;
  FaultFileSystem fs(below, Fault{.at = 1, .call = Call::open, .error = Errno{EEXIST}});
  ASSERT_TRUE(replace(fs, "a", "y"));
  EXPECT_EQ(names_in(below, "."), Names{"a"});
}

}  // namespace
}  // namespace untorn
