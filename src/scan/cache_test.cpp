// SPDX-License-Identifier: Apache-2.0
#include "scan/cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "scan/render.h"
#include "scan/test_tree.h"

namespace untorn::scan {
namespace {

namespace stdfs = std::filesystem;
using test::Tree;

CacheKey key_of(const Tree& tree) {
  return {.folder = tree.path("cache/scan"), .root = "/src", .tool = "1"};
}

CacheEntry entry() {
  CacheEntry made;
  made.stamp = {
      .size = 5, .modified_ns = 1, .changed_ns = 2, .inode = 3, .device = 4, .read_ns = 9};
  made.content = {.first = 7, .second = 8};
  made.mentions = true;
  made.has_facts = true;
  made.facts = "facts";
  return made;
}

std::string only_file(const Tree& tree) {
  std::string found;
  for (const auto& each : stdfs::directory_iterator(tree.path("cache/scan"))) {
    EXPECT_EQ(found, "");
    found = each.path().string();
  }
  return found;
}

void store(const Tree& tree) {
  const Cache cache = Cache::load(Tree::fs(), key_of(tree));
  const std::vector<Cache::Named> entries = {{.path = "a.py", .entry = entry()}};
  cache.replace(Tree::fs(), entries);
}

TEST(cache, what_was_kept_comes_back) {
  const Tree tree;
  store(tree);
  const Cache cache = Cache::load(Tree::fs(), key_of(tree));
  const CacheEntry* found = cache.find("a.py");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->content, entry().content);
  EXPECT_EQ(found->stamp.read_ns, 9);
  EXPECT_EQ(found->facts, "facts");
  EXPECT_EQ(cache.find("b.py"), nullptr);
}

TEST(cache, its_file_is_private) {
  const Tree tree;
  store(tree);
  struct stat file = {};
  struct stat folder = {};
  ASSERT_EQ(::stat(only_file(tree).c_str(), &file), 0);
  ASSERT_EQ(::stat(tree.path("cache/scan").c_str(), &folder), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
  EXPECT_EQ(folder.st_mode & 0777U, 0700U);
}

TEST(cache, of_another_build_another_root_or_damaged_it_is_left_unread) {
  const Tree tree;
  store(tree);
  const std::string path = only_file(tree);
  const std::string whole = untorn::test::read_path(Tree::fs(), path);
  CacheKey other = key_of(tree);
  other.tool = "2";
  EXPECT_TRUE(Cache::load(Tree::fs(), other).entries().empty());
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    untorn::test::write_path(Tree::fs(), path, damaged);
    EXPECT_TRUE(Cache::load(Tree::fs(), key_of(tree)).entries().empty()) << at;
    untorn::test::write_path(Tree::fs(), path, whole.substr(0, at));
    EXPECT_TRUE(Cache::load(Tree::fs(), key_of(tree)).entries().empty()) << at;
  }
  store(tree);
  EXPECT_EQ(Cache::load(Tree::fs(), key_of(tree)).entries().size(), 1U);
}

TEST(cache, a_folder_that_cannot_be_had_is_no_error) {
  const Tree tree;
  tree.write("file", "");
  CacheKey key = key_of(tree);
  key.folder = tree.path("file/cache");
  const Cache cache = Cache::load(Tree::fs(), key);
  const std::vector<Cache::Named> entries = {{.path = "a.py", .entry = entry()}};
  cache.replace(Tree::fs(), entries);
  EXPECT_TRUE(Cache::load(Tree::fs(), key).entries().empty());
}

TEST(cache, the_oldest_files_go) {
  const Tree tree;
  for (std::size_t each = 0; each < Cache::roots_max + 5; ++each) {
    CacheKey key = key_of(tree);
    key.root = "/src" + std::to_string(each);
    Cache::load(Tree::fs(), key).replace(Tree::fs(), {});
  }
  const auto files = std::distance(stdfs::directory_iterator(tree.path("cache/scan")), {});
  EXPECT_EQ(static_cast<std::size_t>(files), Cache::roots_max);
}

TEST(cache, an_entry_is_fresh_only_while_every_mark_is_the_same_and_old) {
  constexpr std::int64_t second = 1'000'000'000;
  const Status status = {.type = FileType::regular,
                         .device = 1,
                         .inode = 2,
                         .size = 3,
                         .modified_ns = 10 * second,
                         .changed_ns = 11 * second};
  const FileStamp stamp = stamp_of(status, 20 * second);
  EXPECT_TRUE(is_fresh(stamp, status));
  EXPECT_FALSE(is_fresh(stamp_of(status, 12 * second), status));  // within the clock's tick
  EXPECT_FALSE(is_fresh(stamp_of(status, 5 * second), status));   // a file from the future
  for (const auto change : std::vector<void (*)(Status&)>{
           [](Status& s) { ++s.size; }, [](Status& s) { ++s.modified_ns; },
           [](Status& s) { ++s.changed_ns; }, [](Status& s) { ++s.inode; },
           [](Status& s) { ++s.device; }, [](Status& s) { s.type = FileType::fifo; }}) {
    Status changed = status;
    change(changed);
    EXPECT_FALSE(is_fresh(stamp, changed));
  }
}

}  // namespace
}  // namespace untorn::scan
