// SPDX-License-Identifier: Apache-2.0
//
// Where a path leads: links at its end, directories that are links, names that are none.
#include "write/resolve.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/replace.h"

namespace untorn {
namespace {

using testing::names_in;
using testing::read_file;
using testing::status_of;
using Names = std::vector<std::string>;

TreeEntry file(std::string path, std::string_view content) {
  return {.path = std::move(path), .content = Bytes(content)};
}
TreeEntry folder(std::string path) {
  return {.path = std::move(path), .type = FileType::directory, .mode = 0755};
}
TreeEntry symlink(std::string path, std::string_view target) {
  return {.path = std::move(path), .type = FileType::symlink, .content = Bytes(target)};
}

Result<Receipt> replace(FileSystem& fs, const std::string& path, SymlinkPolicy policy) {
  return replace_file(fs, path, std::as_bytes(std::span(std::string_view("new"))),
                      {.symlink = policy});
}

struct Refusal {
  Code code;
  Step step;
  int os_errno;
};

void expect_refused(FileSystem& fs, const std::string& path, const Refusal& expected,
                    SymlinkPolicy policy = SymlinkPolicy::follow) {
  const auto result = replace(fs, path, policy);
  ASSERT_FALSE(result) << path;
  EXPECT_EQ(result.error().code(), expected.code) << result.error().message();
  EXPECT_EQ(result.error().step(), expected.step) << result.error().message();
  EXPECT_EQ(result.error().os_errno(), expected.os_errno) << result.error().message();
  EXPECT_EQ(result.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(result.error().path(), path);
}

TEST(Resolve, a_link_is_followed_to_the_directory_of_what_it_points_to) {
  for (const std::string target :
       {"../data/real", "/data/real", "../data/./../data//real", "/link/../data/real"}) {
    InMemoryFileSystem fs({file("data/real", "old"), symlink("link/a", target)});
    const auto receipt = replace(fs, "link/a", SymlinkPolicy::follow);
    ASSERT_TRUE(receipt) << target << ": " << receipt.error();
    EXPECT_TRUE(receipt->existed);
    EXPECT_EQ(read_file(fs, "data/real"), "new");
    EXPECT_EQ(status_of(fs, "link/a").type, FileType::symlink);
    EXPECT_EQ(names_in(fs, "link"), Names{"a"});
    EXPECT_EQ(fs.open_handles(), 0U);
  }
}

TEST(Resolve, the_temporary_lies_beside_the_target_and_not_beside_the_link) {
  InMemoryFileSystem fs({file("data/real", "old"), symlink("link/a", "../data/real")});
  auto replacer = FileReplacer::open(fs, "link/a");
  ASSERT_TRUE(replacer) << replacer.error();
  EXPECT_EQ(names_in(fs, "link").size(), 1U);
  EXPECT_EQ(names_in(fs, "data").size(), 2U);
}

TEST(Resolve, directories_of_a_path_and_of_a_link_may_be_links_themselves) {
  InMemoryFileSystem fs(
      {file("deep/er/real", "old"), symlink("short", "deep/er"), symlink("a", "short/real")});
  ASSERT_TRUE(replace(fs, "short/real", SymlinkPolicy::follow));
  ASSERT_TRUE(replace(fs, "a", SymlinkPolicy::follow));
  EXPECT_EQ(read_file(fs, "deep/er/real"), "new");
  EXPECT_EQ(names_in(fs, "deep/er"), Names{"real"});
}

TEST(Resolve, directories_on_the_way_of_a_link_may_be_searched_but_not_read) {
  const auto passage = [](std::string path, std::uint32_t mode) {
    return TreeEntry{.path = std::move(path), .type = FileType::directory, .mode = mode};
  };
  for (const std::string target :
       {"../hall/room/real", "..//hall/./room/next", "/hall/room/real"}) {
    InMemoryFileSystem fs({passage("hall", 0311), file("hall/room/real", "old"),
                           symlink("hall/room/next", "../room/real"), symlink("d/a", target)},
                          MemoryOptions{.user = 1000, .group = 1000});
    const auto receipt = replace(fs, "d/a", SymlinkPolicy::follow);
    ASSERT_TRUE(receipt) << target << ": " << receipt.error();
    EXPECT_TRUE(receipt->existed);
    EXPECT_EQ(read_file(fs, "hall/room/real"), "new");
    EXPECT_EQ(fs.open_handles(), 0U);
  }
  InMemoryFileSystem closed(
      {passage("hall", 0600), file("hall/room/real", "old"), symlink("d/a", "../hall/room/real")},
      MemoryOptions{.user = 1000, .group = 1000});
  expect_refused(closed, "d/a", {Code::permission_denied, Step::open_directory, EACCES});
}

TEST(Resolve, forty_links_in_a_row_are_followed_and_one_more_is_not) {
  std::vector<TreeEntry> tree = {file("0", "old")};
  for (int hop = 1; hop <= 41; ++hop) {
    tree.push_back(symlink(std::to_string(hop), std::to_string(hop - 1)));
  }
  InMemoryFileSystem fs(tree);
  ASSERT_TRUE(replace(fs, "40", SymlinkPolicy::follow));
  EXPECT_EQ(read_file(fs, "0"), "new");
  expect_refused(fs, "41", {Code::not_regular_file, Step::resolve, ELOOP});
}

TEST(Resolve, a_loop_of_links_ends_in_an_error) {
  InMemoryFileSystem fs({symlink("a", "b"), symlink("b", "a"), symlink("self", "self")});
  expect_refused(fs, "a", {Code::not_regular_file, Step::resolve, ELOOP});
  expect_refused(fs, "self", {Code::not_regular_file, Step::resolve, ELOOP});
}

TEST(Resolve, a_dangling_link_creates_its_target_if_the_directory_is_there) {
  InMemoryFileSystem fs({folder("data"), symlink("a", "data/real"), symlink("b", "none/real")});
  const auto receipt = replace(fs, "a", SymlinkPolicy::follow);
  ASSERT_TRUE(receipt) << receipt.error();
  EXPECT_FALSE(receipt->existed);
  EXPECT_EQ(read_file(fs, "data/real"), "new");
  EXPECT_EQ(status_of(fs, "a").type, FileType::symlink);
  expect_refused(fs, "b", {Code::not_found, Step::open_directory, ENOENT});
}

TEST(Resolve, the_policies_replace_and_refuse_look_at_the_link_itself) {
  InMemoryFileSystem fs({file("real", "old"), symlink("a", "real")});
  expect_refused(fs, "a", {Code::not_regular_file, Step::inspect, 0}, SymlinkPolicy::refuse);
  ASSERT_TRUE(replace(fs, "a", SymlinkPolicy::replace));
  EXPECT_EQ(status_of(fs, "a").type, FileType::regular);
  EXPECT_EQ(status_of(fs, "a").mode, 0644U);
  EXPECT_EQ(read_file(fs, "a"), "new");
  EXPECT_EQ(read_file(fs, "real"), "old");
  ASSERT_TRUE(replace(fs, "real", SymlinkPolicy::refuse)) << "a file that is no link is fine";
}

TEST(Resolve, what_names_a_directory_is_refused) {
  InMemoryFileSystem fs({file("d/a", "old"), symlink("s", "d"), symlink("t", "d/")});
  expect_refused(fs, "d", {Code::not_regular_file, Step::inspect, 0});
  expect_refused(fs, "s", {Code::not_regular_file, Step::inspect, 0});
  for (const char* path : {"d/", "d/a/", "d/.", "d/..", ".", "..", "/", "t"}) {
    expect_refused(fs, path, {Code::not_regular_file, Step::resolve, 0});
  }
}

TEST(Resolve, what_is_no_path_is_refused) {
  InMemoryFileSystem fs;
  expect_refused(fs, "", {Code::invalid_argument, Step::resolve, 0});
  expect_refused(fs, std::string("a\0b", 3), {Code::invalid_argument, Step::resolve, 0});
}

TEST(Resolve, directories_are_never_created) {
  InMemoryFileSystem fs({file("a", "old")});
  expect_refused(fs, "none/b", {Code::not_found, Step::open_directory, ENOENT});
  expect_refused(fs, "a/b", {Code::not_found, Step::open_directory, ENOTDIR});
}

TEST(Resolve, names_with_spaces_line_ends_and_bytes_that_are_no_text_are_names) {
  for (const std::string name : {" ", "a\nb", "-", "\xFF\xFE", "ünï", "a\"b\\c", "*"}) {
    InMemoryFileSystem fs({folder("d")});
    ASSERT_TRUE(replace(fs, "d/" + name, SymlinkPolicy::follow));
    EXPECT_EQ(names_in(fs, "d"), Names{name});
  }
}

}  // namespace
}  // namespace untorn
