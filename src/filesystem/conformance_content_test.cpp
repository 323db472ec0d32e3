// SPDX-License-Identifier: Apache-2.0
#include "filesystem/conformance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include <cerrno>
#include <string>
#include <vector>

namespace untorn {
namespace {

using test::as_bytes;
using test::read_handle;
using test::read_path;
using test::write_path;

using ContentConformance = FileSystemConformance;

// ------------------------------------------------------------------ names given to calls

TEST_P(ContentConformance, refuses_empty_names_and_nul_everywhere) {
  const std::string_view with_nul("a\0b", 3);
  for (const std::string_view name : {std::string_view(), with_nul}) {
    EXPECT_EQ(open_errno(name, create_new), EINVAL);
    EXPECT_EQ(errno_of(fs().unlink(here, name)), EINVAL);
    EXPECT_EQ(errno_of(fs().make_directory(here, name, 0777)), EINVAL);
    EXPECT_EQ(errno_of(fs().remove_directory(here, name)), EINVAL);
    EXPECT_EQ(errno_of(fs().make_symlink("x", here, name)), EINVAL);
    EXPECT_EQ(errno_of(fs().read_link(here, name)), EINVAL);
    EXPECT_EQ(errno_of(fs().status_at(here, name)), EINVAL);
    EXPECT_EQ(errno_of(fs().may_write(here, name)), EINVAL);
    EXPECT_EQ(rename_errno(name, "b"), EINVAL);
    EXPECT_EQ(rename_errno("b", name), EINVAL);
    EXPECT_EQ(errno_of(fs().link(here, name, here, "b")), EINVAL);
    EXPECT_EQ(errno_of(fs().link(here, "b", here, name)), EINVAL);
  }
}

TEST_P(ContentConformance, takes_paths_only_under_the_working_directory) {
  make_directory("d");
  write_path(fs(), "d/file", "text");
  EXPECT_EQ(read_path(fs(), "d/file"), "text");
  EXPECT_EQ(read_path(fs(), "./d/../d//file"), "text");
  const auto root = open(".", directory_only);
  ASSERT_TRUE(root);
  EXPECT_EQ(open_errno("d/file", for_reading, root->get()), EINVAL);
  EXPECT_EQ(errno_of(fs().unlink(root->get(), "d/file")), EINVAL);
  EXPECT_EQ(errno_of(fs().rename(root->get(), "d/file", here, "x", RenameMode::replace)), EINVAL);
  const auto directory = open("d", directory_only, root->get());
  ASSERT_TRUE(directory);
  EXPECT_EQ(open_errno("file", for_reading, directory->get()), 0);
}

TEST_P(ContentConformance, refuses_names_that_are_too_long) {
  EXPECT_EQ(open_errno(std::string(255, 'n'), create_new), 0);
  EXPECT_EQ(open_errno(std::string(256, 'n'), create_new), ENAMETOOLONG);
  EXPECT_EQ(errno_of(fs().make_directory(here, std::string(256, 'n'), 0777)), ENAMETOOLONG);
  std::string path = "a";
  while (path.size() < 5000) path += "/a";
  EXPECT_EQ(open_errno(path, for_reading), ENAMETOOLONG);
}

TEST_P(ContentConformance, stale_handles_are_refused) {
  write_path(fs(), "a", "text");
  const auto opened = fs().open(here, "a", for_reading);
  ASSERT_TRUE(opened);
  EXPECT_EQ(errno_of(fs().close(*opened)), 0);
  EXPECT_EQ(errno_of(fs().close(*opened)), EBADF);
  std::vector<std::byte> buffer(1);
  EXPECT_EQ(errno_of(fs().read_at(*opened, 0, buffer)), EBADF);
  EXPECT_EQ(errno_of(fs().sync(*opened)), EBADF);
  EXPECT_EQ(errno_of(fs().status(*opened)), EBADF);
  EXPECT_EQ(open_errno("a", for_reading, *opened), EBADF);
}

// ------------------------------------------------------------------ open

TEST_P(ContentConformance, open_reports_what_is_in_the_way) {
  write_path(fs(), "file", "text");
  make_directory("d");
  ASSERT_EQ(errno_of(fs().make_symlink("file", here, "link")), 0);
  EXPECT_EQ(open_errno("missing", for_reading), ENOENT);
  EXPECT_EQ(open_errno("missing/x", create_new), ENOENT);
  EXPECT_EQ(open_errno("file/x", create_new), ENOTDIR);
  EXPECT_EQ(open_errno("file", create_new), EEXIST);
  EXPECT_EQ(open_errno("link", create_new), EEXIST);
  EXPECT_EQ(open_errno("d", create_new), EEXIST);
  EXPECT_EQ(open_errno("d", for_writing), EISDIR);
  EXPECT_EQ(open_errno("d", {.access = Access::read, .create = true}), EISDIR);
  EXPECT_EQ(open_errno("d", {.access = Access::read, .truncate = true}), EISDIR);
  EXPECT_EQ(open_errno("file", directory_only), ENOTDIR);
  EXPECT_EQ(open_errno("link", {.access = Access::read, .follow = false}), ELOOP);
  EXPECT_EQ(open_errno("link", {.access = Access::directory, .follow = false}), ENOTDIR);
  EXPECT_EQ(open_errno("link", {.access = Access::write, .create = true, .follow = false}), ELOOP);
  EXPECT_EQ(open_errno("file/", for_reading), ENOTDIR);
  EXPECT_EQ(open_errno("new/", {.access = Access::write, .create = true}), EISDIR);
  EXPECT_EQ(open_errno("d/", for_reading), 0);
}

TEST_P(ContentConformance, open_creates_with_mode_less_umask) {
  ASSERT_EQ(open_errno("a", {.access = Access::write, .create = true}), 0);
  EXPECT_EQ(status("a").mode, 0644U);
  ASSERT_EQ(open_errno("b", {.access = Access::write, .create = true, .mode = 0777}), 0);
  EXPECT_EQ(status("b").mode, 0755U);
  EXPECT_EQ(status("b").size, 0U);
  EXPECT_EQ(status("b").links, 1U);
  EXPECT_EQ(status("b").type, FileType::regular);
}

TEST_P(ContentConformance, open_truncates_but_a_plain_open_does_not) {
  write_path(fs(), "a", "text");
  ASSERT_EQ(open_errno("a", for_writing), 0);
  EXPECT_EQ(read_path(fs(), "a"), "text");
  ASSERT_EQ(open_errno("a", {.access = Access::write, .truncate = true}), 0);
  EXPECT_EQ(read_path(fs(), "a"), "");
}

TEST_P(ContentConformance, open_creates_the_target_of_a_dangling_link) {
  make_directory("d");
  ASSERT_EQ(errno_of(fs().make_symlink("d/target", here, "link")), 0);
  EXPECT_EQ(open_errno("link", for_reading), ENOENT);
  write_path(fs(), "link", "text");
  EXPECT_EQ(status("link").type, FileType::symlink);
  EXPECT_EQ(read_path(fs(), "d/target"), "text");
}

TEST_P(ContentConformance, symlinks_are_followed_forty_times_and_no_more) {
  write_path(fs(), "l0", "text");
  for (int i = 1; i <= 41; ++i) {
    const std::string name = "l" + std::to_string(i);
    ASSERT_EQ(errno_of(fs().make_symlink("l" + std::to_string(i - 1), here, name)), 0);
  }
  EXPECT_EQ(read_path(fs(), "l40"), "text");
  EXPECT_EQ(open_errno("l41", for_reading), ELOOP);
  ASSERT_EQ(errno_of(fs().make_symlink("loop", here, "loop")), 0);
  EXPECT_EQ(open_errno("loop", for_reading), ELOOP);
  EXPECT_EQ(open_errno("loop/x", create_new), ELOOP);
}

TEST_P(ContentConformance, symlinks_in_the_middle_of_a_path_lead_on) {
  make_directory("d");
  make_directory("d/e");
  write_path(fs(), "d/e/file", "text");
  write_path(fs(), "d/beside", "beside");
  ASSERT_EQ(errno_of(fs().make_symlink("d/e/", here, "link")), 0);
  ASSERT_EQ(errno_of(fs().make_symlink("../../link", here, "d/e/back")), 0);
  EXPECT_EQ(read_path(fs(), "link/file"), "text");
  EXPECT_EQ(read_path(fs(), "link/../beside"), "beside");
  EXPECT_EQ(read_path(fs(), "d/e/back/back/file"), "text");
  EXPECT_EQ(status("link").type, FileType::symlink);
  EXPECT_EQ(status("link/").type, FileType::directory);
  EXPECT_EQ(read_path(fs(), "link/file/.."), "<errno " + std::to_string(ENOTDIR) + ">");
}

// ------------------------------------------------------------------ content

TEST_P(ContentConformance, write_moves_the_position_and_write_at_does_not) {
  const auto file = open("a", create_new);
  ASSERT_TRUE(file);
  EXPECT_EQ(fs().write(file->get(), as_bytes("0123456789")).value(), 10U);
  EXPECT_EQ(fs().write_at(file->get(), 2, as_bytes("XY")).value(), 2U);
  EXPECT_EQ(fs().write(file->get(), as_bytes("ab")).value(), 2U);
  EXPECT_EQ(fs().write(file->get(), {}).value(), 0U);
  EXPECT_EQ(read_handle(fs(), file->get()), "01XY456789ab");
  EXPECT_EQ(status("a").size, 12U);
}

TEST_P(ContentConformance, a_gap_reads_as_zeros) {
  const auto file = open("a", create_new);
  ASSERT_TRUE(file);
  EXPECT_EQ(fs().write_at(file->get(), 5000, as_bytes("end")).value(), 3U);
  EXPECT_EQ(read_handle(fs(), file->get()), std::string(5000, '\0') + "end");
  ASSERT_EQ(errno_of(fs().truncate(file->get(), 2)), 0);
  ASSERT_EQ(errno_of(fs().truncate(file->get(), 4)), 0);
  EXPECT_EQ(read_handle(fs(), file->get()), std::string(4, '\0'));
  EXPECT_EQ(fs().write(file->get(), as_bytes("A")).value(), 1U);
  EXPECT_EQ(read_handle(fs(), file->get()), std::string("A\0\0\0", 4));
}

TEST_P(ContentConformance, append_always_writes_at_the_end) {
  write_path(fs(), "a", "one");
  const auto file = open("a", {.access = Access::write, .append = true});
  ASSERT_TRUE(file);
  EXPECT_EQ(fs().write(file->get(), as_bytes("two")).value(), 3U);
  write_path(fs(), "a", "12345");
  EXPECT_EQ(fs().write(file->get(), as_bytes("six")).value(), 3U);
  EXPECT_EQ(fs().write_at(file->get(), 0, as_bytes("!")).value(), 1U);
  EXPECT_EQ(read_path(fs(), "a"), "12345six!");
}

TEST_P(ContentConformance, handles_do_only_what_they_were_opened_for) {
  write_path(fs(), "a", "text");
  std::vector<std::byte> buffer(4);
  const auto reading = open("a", for_reading);
  const auto writing = open("a", for_writing);
  const auto directory = open(".", directory_only);
  ASSERT_TRUE(reading && writing && directory);
  EXPECT_EQ(errno_of(fs().write(reading->get(), as_bytes("x"))), EBADF);
  EXPECT_EQ(errno_of(fs().write_at(reading->get(), 0, as_bytes("x"))), EBADF);
  EXPECT_EQ(errno_of(fs().truncate(reading->get(), 0)), EINVAL);
  EXPECT_EQ(errno_of(fs().read_at(writing->get(), 0, buffer)), EBADF);
  EXPECT_EQ(errno_of(fs().read_at(directory->get(), 0, buffer)), EISDIR);
  EXPECT_EQ(errno_of(fs().write(directory->get(), as_bytes("x"))), EBADF);
  EXPECT_EQ(errno_of(fs().truncate(directory->get(), 0)), EINVAL);
  EXPECT_EQ(errno_of(fs().truncate(writing->get(), ~std::uint64_t{0})), EINVAL);
  EXPECT_EQ(errno_of(fs().write_at(writing->get(), ~std::uint64_t{0}, as_bytes("x"))), EINVAL);
  EXPECT_EQ(open_errno("x", for_reading, reading->get()), ENOTDIR);
  EXPECT_EQ(errno_of(fs().list(reading->get())), ENOTDIR);
  EXPECT_EQ(read_path(fs(), "a"), "text");
}

TEST_P(ContentConformance, read_at_stops_at_the_end_of_the_file) {
  write_path(fs(), "a", "0123456789");
  const auto file = open("a", for_reading);
  ASSERT_TRUE(file);
  std::vector<std::byte> buffer(6);
  EXPECT_EQ(fs().read_at(file->get(), 0, buffer).value(), 6U);
  EXPECT_EQ(fs().read_at(file->get(), 7, buffer).value(), 3U);
  EXPECT_EQ(fs().read_at(file->get(), 10, buffer).value(), 0U);
  EXPECT_EQ(fs().read_at(file->get(), 1000, buffer).value(), 0U);
  EXPECT_EQ(fs().read_at(file->get(), 0, {}).value(), 0U);
}

TEST_P(ContentConformance, every_kind_of_handle_can_be_synced) {
  write_path(fs(), "a", "text");
  for (const Access access : {Access::read, Access::write, Access::read_write}) {
    const auto file = open("a", {.access = access});
    ASSERT_TRUE(file);
    EXPECT_EQ(errno_of(fs().sync(file->get())), 0);
    EXPECT_EQ(errno_of(fs().sync_data(file->get())), 0);
  }
  const auto directory = open(".", directory_only);
  ASSERT_TRUE(directory);
  EXPECT_EQ(errno_of(fs().sync(directory->get())), 0);
}

TEST_P(ContentConformance, a_range_and_everything_can_be_synced_by_every_kind_of_handle) {
  write_path(fs(), "a", "text");
  for (const Access access : {Access::read, Access::write, Access::read_write}) {
    const auto file = open("a", {.access = access});
    ASSERT_TRUE(file);
    EXPECT_EQ(errno_of(fs().start_writeback(file->get())), 0);
    EXPECT_EQ(errno_of(fs().sync_range(file->get())), 0);
    EXPECT_EQ(errno_of(fs().sync_everything(file->get())), 0);
  }
  const auto directory = open(".", directory_only);
  ASSERT_TRUE(directory);
  EXPECT_EQ(errno_of(fs().start_writeback(directory->get())), 0);
  EXPECT_EQ(errno_of(fs().sync_range(directory->get())), 0);
  EXPECT_EQ(errno_of(fs().sync_everything(directory->get())), 0);
  EXPECT_EQ(read_path(fs(), "a"), "text");
}

TEST_P(ContentConformance, what_is_not_open_cannot_be_synced) {
  constexpr Handle nothing{99'999};
  EXPECT_EQ(errno_of(fs().sync_range(nothing)), EBADF);
  EXPECT_EQ(errno_of(fs().start_writeback(nothing)), EBADF);
  EXPECT_EQ(errno_of(fs().sync_everything(nothing)), EBADF);
}

TEST_P(ContentConformance, an_unlinked_file_lives_until_it_is_closed) {
  const auto file = open("a", create_new);
  ASSERT_TRUE(file);
  EXPECT_EQ(fs().write(file->get(), as_bytes("text")).value(), 4U);
  ASSERT_EQ(errno_of(fs().unlink(here, "a")), 0);
  EXPECT_FALSE(exists("a"));
  EXPECT_EQ(fs().status(file->get()).value().links, 0U);
  EXPECT_EQ(fs().write(file->get(), as_bytes("more")).value(), 4U);
  EXPECT_EQ(read_handle(fs(), file->get()), "textmore");
  write_path(fs(), "a", "another");
  EXPECT_EQ(read_handle(fs(), file->get()), "textmore");
}

void store(const FileMapping& mapping, std::size_t offset, std::string_view text) {
  std::memcpy(mapping.bytes.subspan(offset, text.size()).data(), text.data(), text.size());
}

TEST_P(ContentConformance, a_mapping_shares_its_bytes_with_the_file_and_other_mappings) {
  write_path(fs(), "a", "0123456789");
  const auto file = open("a", {.access = Access::read_write});
  ASSERT_TRUE(file);
  const auto mapping = fs().map(file->get(), 10);
  const auto other = fs().map(file->get(), 4);
  ASSERT_TRUE(mapping && other);
  EXPECT_EQ(mapping->bytes.size(), 10U);
  EXPECT_EQ(other->bytes.size(), 4U);
  store(*mapping, 2, "XY");
  EXPECT_EQ(read_handle(fs(), file->get()), "01XY456789");
  EXPECT_EQ(other->bytes[3], std::byte{'Y'});
  EXPECT_EQ(fs().write_at(file->get(), 0, as_bytes("ab")).value(), 2U);
  EXPECT_EQ(mapping->bytes[0], std::byte{'a'});
  EXPECT_EQ(status("a").size, 10U);
}

TEST_P(ContentConformance, a_mapping_outlives_the_handle_and_the_name) {
  write_path(fs(), "a", "0123456789");
  FileMapping mapping;
  {
    const auto file = open("a", {.access = Access::read_write});
    ASSERT_TRUE(file);
    auto mapped = fs().map(file->get(), 10);
    ASSERT_TRUE(mapped);
    mapping = *mapped;
  }
  store(mapping, 0, "after");
  EXPECT_EQ(read_path(fs(), "a"), "after56789");
  ASSERT_EQ(errno_of(fs().unlink(here, "a")), 0);
  store(mapping, 0, "AFTER");
  EXPECT_EQ(mapping.bytes[0], std::byte{'A'});
}

TEST_P(ContentConformance, only_a_file_that_is_open_for_reading_and_writing_is_mapped) {
  write_path(fs(), "a", "0123456789");
  for (const Access access : {Access::read, Access::write}) {
    const auto file = open("a", {.access = access});
    ASSERT_TRUE(file);
    EXPECT_EQ(errno_of(fs().map(file->get(), 10)), EACCES);
  }
  const auto file = open("a", {.access = Access::read_write});
  ASSERT_TRUE(file);
  EXPECT_EQ(errno_of(fs().map(file->get(), 0)), EINVAL);
  const auto directory = open(".", {.access = Access::directory});
  ASSERT_TRUE(directory);
  EXPECT_EQ(errno_of(fs().map(directory->get(), 10)), EACCES);
  EXPECT_EQ(errno_of(fs().map(Handle{12345}, 10)), EBADF);
}

UNTORN_EVERY_FILE_SYSTEM(ContentConformance);

}  // namespace
}  // namespace untorn
