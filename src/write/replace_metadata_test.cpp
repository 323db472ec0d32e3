// SPDX-License-Identifier: Apache-2.0
//
// Owner, mode, attributes and other names of the file that is replaced.
#include "untorn/replace.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "write/replace_test_support.h"

namespace untorn {
namespace {

using testing::file;
using testing::names_in;
using testing::read_file;
using testing::replace;
using testing::status_of;
using Names = std::vector<std::string>;

TEST(Replace, new_file_gets_its_mode_from_the_kernel) {
  InMemoryFileSystem fs(MemoryOptions{.umask = 027});
  const auto receipt = replace(fs, "a.json", "new");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_FALSE(receipt->existed);
  EXPECT_EQ(status_of(fs, "a.json").mode, 0640U);
}

TEST(Replace, a_mode_that_is_asked_for_holds_for_new_and_old_files) {
  InMemoryFileSystem fs({file("old", "x", 0755)});
  ASSERT_TRUE(replace(fs, "old", "y", {.mode = 0604}));
  ASSERT_TRUE(replace(fs, "new", "y", {.mode = 0666}));
  EXPECT_EQ(status_of(fs, "old").mode, 0604U);
  EXPECT_EQ(status_of(fs, "new").mode, 0666U);
  EXPECT_FAILS(replace(fs, "new", "z", {.mode = 010000}), invalid_argument, inspect, not_applied);
}

std::uint32_t mode_of_temporary(FileSystem& fs, const ReplaceOptions& options) {
  auto replacer = FileReplacer::open(fs, "a", options);
  EXPECT_TRUE(replacer);
  const Names names = names_in(fs, ".");
  EXPECT_EQ(names.size(), 2U);
  return status_of(fs, names.at(0)).mode;
}

TEST(Replace, new_content_is_private_while_another_group_could_have_other_rights_than_everybody) {
  const std::vector<std::pair<std::uint32_t, std::uint32_t>> modes = {
      {0644, 0644}, {0600, 0600}, {0755, 0755}, {0444, 0444},  {0640, 0600},
      {0664, 0600}, {0604, 0600}, {0660, 0600}, {04755, 0600}, {01644, 0600}};
  for (const auto& [mode, first] : modes) {
    InMemoryFileSystem fs({file("a", "x", mode)}, MemoryOptions{.umask = 0});
    EXPECT_EQ(mode_of_temporary(fs, {}), first) << std::oct << mode;
    EXPECT_EQ(mode_of_temporary(fs, {.mode = mode}), first) << std::oct << mode;
    EXPECT_TRUE(replace(fs, "a", "y"));
    EXPECT_EQ(status_of(fs, "a").mode, mode);
  }
}

TEST(Replace, new_content_is_private_while_an_access_list_may_leave_somebody_out) {
  InMemoryFileSystem fs({file("a", "x", 0644)});
  auto old = fs.open(Handle::working_directory, "a", {.access = Access::write});
  ASSERT_TRUE(old && fs.set_attribute(*old, "system.posix_acl_access", "one user less"));
  EXPECT_EQ(mode_of_temporary(fs, {}), 0600U);
}

TEST(Replace, a_umask_does_not_take_rights_of_the_old_file_away) {
  InMemoryFileSystem fs({file("a", "x", 0666)}, MemoryOptions{.umask = 077});
  const auto receipt = replace(fs, "a", "y");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->metadata_lost, Names{});
  EXPECT_EQ(status_of(fs, "a").mode, 0666U);
}

TEST(Replace, owner_attributes_and_mode_are_kept_in_the_order_that_keeps_them) {
  InMemoryFileSystem fs({file("a", "x")});
  auto old = fs.open(Handle::working_directory, "a", {.access = Access::write});
  ASSERT_TRUE(old);
  ASSERT_TRUE(fs.set_owner(*old, 7, 8));
  ASSERT_TRUE(fs.set_attribute(*old, "user.origin", "here"));
  ASSERT_TRUE(fs.set_mode(*old, 06755));
  ASSERT_TRUE(fs.close(*old));
  const auto receipt = replace(fs, "a", "y");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->metadata_lost, Names{});
  const Status status = status_of(fs, "a");
  EXPECT_EQ(status.user, 7U);
  EXPECT_EQ(status.group, 8U);
  EXPECT_EQ(status.mode, 06755U);
  auto file = fs.open(Handle::working_directory, "a", {.access = Access::read});
  EXPECT_EQ(fs.get_attribute(*file, "user.origin").value_or(""), "here");
}

TEST(Replace, metadata_changed_while_writing_is_kept_as_it_is_at_the_end) {
  InMemoryFileSystem fs({file("a", "x", 0644)});
  auto replacer = FileReplacer::open(fs, "a");
  ASSERT_TRUE(replacer && replacer->write("y"));
  auto old = fs.open(Handle::working_directory, "a", {.access = Access::read});
  ASSERT_TRUE(fs.set_mode(*old, 0600));
  ASSERT_TRUE(std::move(*replacer).commit());
  EXPECT_EQ(status_of(fs, "a").mode, 0600U);
}

TEST(Replace, an_owner_that_cannot_be_kept_is_reported_and_takes_its_set_user_id_along) {
  InMemoryFileSystem below({file("a", "x")});
  auto old = below.open(Handle::working_directory, "a", {.access = Access::write});
  ASSERT_TRUE(below.set_owner(*old, 7, 8) && below.set_mode(*old, 06755));
  FaultFileSystem fs(
      below, Fault{.at = 0, .call = Call::set_owner, .error = Errno{EPERM}, .persistent = true});
  EXPECT_FAILS(replace(fs, "a", "y", {.require_metadata = true}), permission_denied, copy_metadata,
               not_applied);
  EXPECT_EQ(read_file(below, "a"), "x");
  const auto receipt = replace(fs, "a", "y");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->metadata_lost, (Names{"owner", "group", "mode"}));
  EXPECT_EQ(status_of(below, "a").mode, 0755U);
}

TEST(Replace, a_group_that_cannot_be_kept_hands_its_rights_to_no_other_group) {
  const std::vector<std::pair<std::uint32_t, std::uint32_t>> modes = {
      {0640, 0600}, {0664, 0644}, {02771, 0711}, {0604, 0604}, {0666, 0666}};
  for (const auto& [before, after] : modes) {
    InMemoryFileSystem below({file("a", "x")});
    auto old = below.open(Handle::working_directory, "a", {.access = Access::write});
    ASSERT_TRUE(below.set_owner(*old, 0, 8) && below.set_mode(*old, before));
    FaultFileSystem fs(
        below, Fault{.at = 0, .call = Call::set_owner, .error = Errno{EPERM}, .persistent = true});
    const auto receipt = replace(fs, "a", "y");
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_EQ(status_of(below, "a").mode, after);
    EXPECT_EQ(receipt->metadata_lost, before == after ? Names{"group"} : (Names{"group", "mode"}));
    ASSERT_TRUE(replace(fs, "a", "z", {.mode = 0640}));
    EXPECT_EQ(status_of(below, "a").mode, 0640U) << "who asks for a mode gets it";
  }
}

TEST(Replace, an_acl_that_cannot_be_kept_does_not_leave_its_mask_to_the_group) {
  InMemoryFileSystem below({file("a", "x", 0660)});
  auto old = below.open(Handle::working_directory, "a", {.access = Access::write});
  ASSERT_TRUE(below.set_attribute(*old, "system.posix_acl_access", "one more user"));
  FaultFileSystem fs(below, Fault{.at = 0, .call = Call::set_attribute, .error = Errno{ENOSPC}});
  const auto receipt = replace(fs, "a", "y");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->metadata_lost, (Names{"xattr system.posix_acl_access", "mode"}));
  EXPECT_EQ(status_of(below, "a").mode, 0600U);
}

TEST(Replace, attributes_that_cannot_be_kept_are_reported_by_name) {
  InMemoryFileSystem below({file("a", "x")});
  auto old = below.open(Handle::working_directory, "a", {.access = Access::write});
  ASSERT_TRUE(below.set_attribute(*old, "user.one", "1"));
  ASSERT_TRUE(below.set_attribute(*old, "user.two", "2"));
  FaultFileSystem fs(below, Fault{.at = 1, .call = Call::set_attribute, .error = Errno{ENOSPC}});
  const auto receipt = replace(fs, "a", "y");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->metadata_lost, Names{"xattr user.two"});
}

TEST(Replace, signatures_of_the_old_content_are_not_carried_over) {
  InMemoryFileSystem fs({file("a", "x")});
  auto old = fs.open(Handle::working_directory, "a", {.access = Access::write});
  ASSERT_TRUE(fs.set_attribute(*old, "security.ima", "hash of x"));
  const auto receipt = replace(fs, "a", "y");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(receipt->metadata_lost, Names{});
  auto file = fs.open(Handle::working_directory, "a", {.access = Access::read});
  EXPECT_FALSE(fs.get_attribute(*file, "security.ima"));
}

TEST(Replace, keep_metadata_off_keeps_the_mode_alone) {
  InMemoryFileSystem fs({file("a", "x", 0640)});
  auto old = fs.open(Handle::working_directory, "a", {.access = Access::write});
  ASSERT_TRUE(fs.set_attribute(*old, "user.one", "1"));
  const auto receipt = replace(fs, "a", "y", {.keep_metadata = false});
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(status_of(fs, "a").mode, 0640U);
  auto file = fs.open(Handle::working_directory, "a", {.access = Access::read});
  EXPECT_FALSE(fs.get_attribute(*file, "user.one"));
}

TEST(Replace, hard_links_are_split_and_reported_or_refused) {
  InMemoryFileSystem fs({file("a", "x")});
  ASSERT_TRUE(fs.link(Handle::working_directory, "a", Handle::working_directory, "b"));
  EXPECT_FAILS(replace(fs, "a", "y", {.hard_links = HardLinkPolicy::refuse}), has_hard_links,
               inspect, not_applied);
  const auto receipt = replace(fs, "a", "y");
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_TRUE(receipt->hard_links_split);
  EXPECT_EQ(read_file(fs, "a"), "y");
  EXPECT_EQ(read_file(fs, "b"), "x");
}

TEST(Replace, a_file_that_this_user_may_not_write_is_respected) {
  const std::vector<TreeEntry> tree = {{.path = "d", .type = FileType::directory, .mode = 0777},
                                       file("d/a", "x", 0444)};
  InMemoryFileSystem fs(tree, MemoryOptions{.user = 1000, .group = 1000});
  EXPECT_FAILS(replace(fs, "d/a", "y"), permission_denied, inspect, not_applied);
  EXPECT_EQ(read_file(fs, "d/a"), "x");
  const auto receipt = replace(fs, "d/a", "y", {.override_read_only = true});
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_EQ(read_file(fs, "d/a"), "y");
  EXPECT_EQ(status_of(fs, "d/a").mode, 0444U);
}

TEST(Replace, a_file_that_cannot_be_read_loses_the_attributes_it_has_and_says_so) {
  for (const bool has_attribute : {false, true}) {
    InMemoryFileSystem fs(
        std::vector<TreeEntry>{{.path = "d", .type = FileType::directory, .mode = 0777},
                               file("d/a", "x", 0600)},
        MemoryOptions{.user = 1000, .group = 1000});
    auto old = fs.open(Handle::working_directory, "d/a", {.access = Access::write});
    ASSERT_TRUE(old);
    if (has_attribute) {
      ASSERT_TRUE(fs.set_attribute(*old, "user.origin", "here"));
    }
    ASSERT_TRUE(fs.set_mode(*old, 0200));
    const auto receipt = replace(fs, "d/a", "y");
    ASSERT_TRUE(receipt) << receipt.error();
    EXPECT_EQ(receipt->metadata_lost, has_attribute ? Names{"xattr"} : Names{});
    EXPECT_EQ(status_of(fs, "d/a").mode, 0200U);
  }
}

TEST(Replace, a_directory_that_cannot_be_written_is_a_clear_error) {
  const std::vector<TreeEntry> tree = {{.path = "d", .type = FileType::directory, .mode = 0555},
                                       file("d/a", "x", 0666)};
  InMemoryFileSystem fs(tree, MemoryOptions{.user = 1000, .group = 1000});
  EXPECT_FAILS(replace(fs, "d/a", "y"), permission_denied, create_temporary, not_applied);
  EXPECT_EQ(read_file(fs, "d/a"), "x");
}

}  // namespace
}  // namespace untorn
