// SPDX-License-Identifier: Apache-2.0
#include "filesystem/conformance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace untorn {
namespace {

using test::read_handle;
using test::read_path;
using test::write_path;
using testing::ElementsAre;

using NamesConformance = FileSystemConformance;

// ------------------------------------------------------------------ rename

TEST_P(NamesConformance, rename_replaces_and_open_handles_keep_the_old_file) {
  write_path(fs(), "old", "old");
  write_path(fs(), "new", "new");
  const auto file = open("old", for_reading);
  ASSERT_TRUE(file);
  const std::uint64_t inode = status("new").inode;
  EXPECT_EQ(rename_errno("new", "old"), 0);
  EXPECT_EQ(read_path(fs(), "old"), "new");
  EXPECT_EQ(status("old").inode, inode);
  EXPECT_FALSE(exists("new"));
  EXPECT_EQ(read_handle(fs(), file->get()), "old");
  EXPECT_EQ(fs().status(file->get()).value().links, 0U);
}

TEST_P(NamesConformance, rename_reports_what_does_not_fit) {
  write_path(fs(), "file", "");
  make_directory("d");
  make_directory("d/e");
  make_directory("empty");
  EXPECT_EQ(rename_errno("missing", "x"), ENOENT);
  EXPECT_EQ(rename_errno("file", "missing/x"), ENOENT);
  EXPECT_EQ(rename_errno("file", "d"), EISDIR);
  EXPECT_EQ(rename_errno("d", "file"), ENOTDIR);
  EXPECT_EQ(rename_errno("empty", "d"), ENOTEMPTY);
  EXPECT_EQ(rename_errno("d", "d/e/x"), EINVAL);
  EXPECT_EQ(rename_errno("d", "d/e"), EINVAL);
  EXPECT_EQ(rename_errno("d/e", "d"), ENOTEMPTY);
  EXPECT_EQ(rename_errno("file", "file/x"), ENOTDIR);
  EXPECT_EQ(rename_errno("file/", "x"), ENOTDIR);
  EXPECT_EQ(rename_errno("file", "x/"), ENOTDIR);
  EXPECT_EQ(rename_errno(".", "x"), EBUSY);
  EXPECT_EQ(rename_errno("file", ".."), EBUSY);
  EXPECT_EQ(rename_errno("d", "d"), 0);
  EXPECT_EQ(rename_errno("d", "empty/"), 0);
  EXPECT_EQ(status("empty/e").type, FileType::directory);
}

TEST_P(NamesConformance, rename_of_two_names_of_one_file_does_nothing) {
  write_path(fs(), "a", "text");
  ASSERT_EQ(errno_of(fs().link(here, "a", here, "b")), 0);
  EXPECT_EQ(rename_errno("a", "b"), 0);
  EXPECT_TRUE(exists("a"));
  EXPECT_TRUE(exists("b"));
}

TEST_P(NamesConformance, rename_no_replace_never_replaces) {
  write_path(fs(), "a", "a");
  write_path(fs(), "b", "b");
  EXPECT_EQ(rename_errno("a", "b", RenameMode::no_replace), EEXIST);
  EXPECT_EQ(rename_errno("a", "a", RenameMode::no_replace), EEXIST);
  EXPECT_EQ(rename_errno("missing", "b", RenameMode::no_replace), ENOENT);
  EXPECT_EQ(rename_errno("a", "..", RenameMode::no_replace), EEXIST);
  EXPECT_EQ(read_path(fs(), "b"), "b");
  EXPECT_EQ(rename_errno("a", "c", RenameMode::no_replace), 0);
  EXPECT_EQ(read_path(fs(), "c"), "a");
}

TEST_P(NamesConformance, rename_exchange_swaps_even_a_file_and_a_directory) {
  write_path(fs(), "file", "text");
  make_directory("d");
  make_directory("d/e");
  EXPECT_EQ(rename_errno("file", "missing", RenameMode::exchange), ENOENT);
  EXPECT_EQ(rename_errno("d", "d/e", RenameMode::exchange), EINVAL);
  EXPECT_EQ(rename_errno("d/e", "d", RenameMode::exchange), EINVAL);
  EXPECT_EQ(rename_errno("file", "d/e", RenameMode::exchange), 0);
  EXPECT_EQ(read_path(fs(), "d/e"), "text");
  EXPECT_EQ(status("file").type, FileType::directory);
  EXPECT_EQ(rename_errno("file", "d", RenameMode::exchange), 0);
  EXPECT_EQ(read_path(fs(), "file/e"), "text");
}

TEST_P(NamesConformance, a_moved_directory_keeps_its_content_and_learns_its_parent) {
  make_directory("a");
  make_directory("b");
  make_directory("a/sub");
  write_path(fs(), "a/sub/file", "text");
  write_path(fs(), "b/mark", "in b");
  const auto sub = open("a/sub", directory_only);
  ASSERT_TRUE(sub);
  EXPECT_EQ(rename_errno("a/sub", "b/sub"), 0);
  EXPECT_EQ(read_path(fs(), "b/sub/file"), "text");
  EXPECT_EQ(read_path(fs(), "b/sub/../mark"), "in b");
  EXPECT_EQ(open_errno("file", for_reading, sub->get()), 0);
  EXPECT_EQ(errno_of(fs().remove_directory(here, "a")), 0);
}

TEST_P(NamesConformance, rename_works_between_directory_handles) {
  make_directory("a");
  make_directory("b");
  write_path(fs(), "a/file", "text");
  const auto from = open("a", directory_only);
  const auto to = open("b", directory_only);
  ASSERT_TRUE(from && to);
  EXPECT_EQ(errno_of(fs().rename(from->get(), "file", to->get(), "moved", RenameMode::replace)), 0);
  EXPECT_EQ(read_path(fs(), "b/moved"), "text");
  EXPECT_EQ(errno_of(fs().rename(from->get(), "file", to->get(), "x", RenameMode::replace)),
            ENOENT);
}

// ------------------------------------------------------------------ link, unlink, directories

TEST_P(NamesConformance, hard_links_are_one_file_with_two_names) {
  write_path(fs(), "a", "text");
  ASSERT_EQ(errno_of(fs().link(here, "a", here, "b")), 0);
  EXPECT_EQ(status("a").links, 2U);
  EXPECT_EQ(status("a").inode, status("b").inode);
  write_path(fs(), "b", "changed");
  EXPECT_EQ(read_path(fs(), "a"), "changed");
  EXPECT_EQ(errno_of(fs().link(here, "a", here, "b")), EEXIST);
  EXPECT_EQ(errno_of(fs().link(here, "missing", here, "c")), ENOENT);
  make_directory("d");
  EXPECT_EQ(errno_of(fs().link(here, "d", here, "c")), EPERM);
  ASSERT_EQ(errno_of(fs().make_symlink("a", here, "link")), 0);
  ASSERT_EQ(errno_of(fs().link(here, "link", here, "c")), 0);
  EXPECT_EQ(status("c").type, FileType::symlink) << "the link itself is linked, not its target";
  ASSERT_EQ(errno_of(fs().unlink(here, "a")), 0);
  EXPECT_EQ(status("b").links, 1U);
}

TEST_P(NamesConformance, unlink_and_remove_directory_keep_to_their_kind) {
  write_path(fs(), "file", "");
  make_directory("d");
  make_directory("d/e");
  ASSERT_EQ(errno_of(fs().make_symlink("d", here, "link")), 0);
  EXPECT_EQ(errno_of(fs().unlink(here, "missing")), ENOENT);
  EXPECT_EQ(errno_of(fs().unlink(here, "d")), EISDIR);
  EXPECT_EQ(errno_of(fs().unlink(here, "d/.")), EISDIR);
  EXPECT_EQ(errno_of(fs().unlink(here, "file/")), ENOTDIR);
  EXPECT_EQ(errno_of(fs().remove_directory(here, "missing")), ENOENT);
  EXPECT_EQ(errno_of(fs().remove_directory(here, "file")), ENOTDIR);
  EXPECT_EQ(errno_of(fs().remove_directory(here, "link")), ENOTDIR);
  EXPECT_EQ(errno_of(fs().remove_directory(here, "d")), ENOTEMPTY);
  EXPECT_EQ(errno_of(fs().remove_directory(here, "d/.")), EINVAL);
  EXPECT_EQ(errno_of(fs().remove_directory(here, "d/e/..")), ENOTEMPTY);
  EXPECT_EQ(errno_of(fs().unlink(here, "link")), 0);
  EXPECT_EQ(errno_of(fs().remove_directory(here, "d/e")), 0);
  EXPECT_EQ(errno_of(fs().remove_directory(here, "d")), 0);
  EXPECT_FALSE(exists("d"));
}

TEST_P(NamesConformance, nothing_can_be_made_in_a_removed_directory) {
  make_directory("d");
  const auto directory = open("d", directory_only);
  ASSERT_TRUE(directory);
  ASSERT_EQ(errno_of(fs().remove_directory(here, "d")), 0);
  EXPECT_EQ(open_errno("file", create_new, directory->get()), ENOENT);
  EXPECT_EQ(errno_of(fs().make_directory(directory->get(), "e", 0777)), ENOENT);
  EXPECT_EQ(errno_of(fs().make_symlink("x", directory->get(), "l")), ENOENT);
  EXPECT_TRUE(fs().list(directory->get()).value().empty());
  EXPECT_EQ(fs().status(directory->get()).value().links, 0U);
}

TEST_P(NamesConformance, make_directory_reports_what_is_in_the_way) {
  write_path(fs(), "file", "");
  ASSERT_EQ(errno_of(fs().make_directory(here, "d/", 0777)), 0);
  EXPECT_EQ(status("d").type, FileType::directory);
  EXPECT_EQ(status("d").mode, 0755U);
  ASSERT_EQ(errno_of(fs().make_directory(here, "private", 0700)), 0);
  EXPECT_EQ(status("private").mode, 0700U);
  EXPECT_EQ(errno_of(fs().make_directory(here, "d", 0777)), EEXIST);
  EXPECT_EQ(errno_of(fs().make_directory(here, "file", 0777)), EEXIST);
  EXPECT_EQ(errno_of(fs().make_directory(here, ".", 0777)), EEXIST);
  EXPECT_EQ(errno_of(fs().make_directory(here, "file/d", 0777)), ENOTDIR);
  EXPECT_EQ(errno_of(fs().make_directory(here, "missing/d", 0777)), ENOENT);
}

TEST_P(NamesConformance, symlinks_hold_any_text) {
  const std::string target(1000, 't');
  ASSERT_EQ(errno_of(fs().make_symlink(target, here, "long")), 0);
  EXPECT_EQ(fs().read_link(here, "long").value(), target);
  EXPECT_EQ(status("long").type, FileType::symlink);
  EXPECT_EQ(status("long").size, target.size());
  EXPECT_EQ(errno_of(fs().make_symlink("", here, "x")), ENOENT);
  EXPECT_EQ(errno_of(fs().make_symlink(std::string(4096, 't'), here, "x")), ENAMETOOLONG);
  EXPECT_EQ(errno_of(fs().make_symlink("y", here, "long")), EEXIST);
  write_path(fs(), "file", "");
  EXPECT_EQ(errno_of(fs().read_link(here, "file")), EINVAL);
  EXPECT_EQ(errno_of(fs().read_link(here, "missing")), ENOENT);
}

TEST_P(NamesConformance, list_is_sorted_and_knows_the_types) {
  for (const char* name : {"b", "a", "c.txt", ".hidden", "Z"}) write_path(fs(), name, "");
  make_directory("d");
  ASSERT_EQ(errno_of(fs().make_symlink("a", here, "link")), 0);
  const auto root = open(".", directory_only);
  ASSERT_TRUE(root);
  const auto entries = fs().list(root->get());
  ASSERT_TRUE(entries);
  std::vector<std::string> names;
  for (const Entry& entry : *entries) {
    names.push_back(entry.name);
    EXPECT_EQ(entry.type, status(entry.name).type) << entry.name;
    EXPECT_EQ(entry.inode, status(entry.name).inode) << entry.name;
  }
  EXPECT_THAT(names, ElementsAre(".hidden", "Z", "a", "b", "c.txt", "d", "link"));
  EXPECT_EQ(fs().list(root->get()).value().size(), 7U) << "a second listing is complete, too";
  EXPECT_EQ(fs().list(here).value().size(), 7U);
}

UNTORN_EVERY_FILE_SYSTEM(NamesConformance);

}  // namespace
}  // namespace untorn
