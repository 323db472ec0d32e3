// SPDX-License-Identifier: Apache-2.0
//
// What the file system in memory has beyond FileSystem; the calls are in conformance.h and its
// files.
#include "filesystem/memory_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "filesystem/test_directory.h"

namespace untorn {
namespace {

using test::as_bytes;
using test::read_path;
using test::write_path;
using testing::ElementsAre;

constexpr Handle here = Handle::working_directory;

std::vector<std::string> paths_of(const InMemoryFileSystem& fs) {
  std::vector<std::string> paths;
  for (const TreeEntry& entry : fs.tree()) paths.push_back(entry.path);
  return paths;
}

TEST(in_memory, a_tree_comes_out_as_it_went_in) {
  const std::vector<TreeEntry> tree = {
      {.path = "a", .mode = 0600, .content = Bytes("text")},
      {.path = "a.txt", .content = Bytes("")},
      {.path = "d", .type = FileType::directory, .mode = 0700},
      {.path = "d/link", .type = FileType::symlink, .mode = 0777, .content = Bytes("../a")},
      {.path = "d/pipe", .type = FileType::fifo},
  };
  const InMemoryFileSystem fs(tree);
  const std::vector<TreeEntry> result = fs.tree();
  ASSERT_EQ(result.size(), tree.size());
  for (std::size_t i = 0; i < tree.size(); ++i) {
    EXPECT_EQ(result[i].path, tree[i].path);
    EXPECT_EQ(result[i].type, tree[i].type);
    EXPECT_EQ(result[i].mode, tree[i].mode);
    EXPECT_EQ(result[i].content.text(), tree[i].content.text());
    EXPECT_EQ(result[i].inode, 0U);
  }
}

TEST(in_memory, missing_parents_are_made_and_may_be_named_later) {
  const InMemoryFileSystem fs{{.path = "d/e/file", .content = Bytes("text")},
                              {.path = "d", .type = FileType::directory, .mode = 0700}};
  EXPECT_THAT(paths_of(fs), ElementsAre("d", "d/e", "d/e/file"));
  EXPECT_EQ(fs.tree()[0].mode, 0700U);
  EXPECT_EQ(fs.tree()[1].mode, 0755U);
}

TEST(in_memory, the_tree_is_sorted_by_path) {
  const InMemoryFileSystem fs{{.path = "a/b"}, {.path = "a.b"}, {.path = "a-b"}};
  EXPECT_THAT(paths_of(fs), ElementsAre("a", "a-b", "a.b", "a/b"));
}

TEST(in_memory, hard_links_stay_hard_links) {
  InMemoryFileSystem fs{{.path = "a", .content = Bytes("text"), .inode = 7},
                        {.path = "d/b", .inode = 7},
                        {.path = "c", .content = Bytes("text")}};
  EXPECT_EQ(read_path(fs, "d/b"), "text");
  write_path(fs, "d/b", "changed");
  EXPECT_EQ(read_path(fs, "a"), "changed");
  EXPECT_EQ(read_path(fs, "c"), "text");
  const std::vector<TreeEntry> tree = fs.tree();
  ASSERT_EQ(tree.size(), 4U);
  EXPECT_NE(tree[0].inode, 0U);
  EXPECT_EQ(tree[0].inode, tree[3].inode);
  EXPECT_EQ(tree[1].inode, 0U);
  EXPECT_THAT(paths_of(InMemoryFileSystem(tree)), ElementsAre("a", "c", "d", "d/b"));
}

TEST(in_memory, content_is_shared_until_the_first_write) {
  const Bytes text(std::string(100'000, 'x'));
  InMemoryFileSystem fs{{.path = "a", .content = text}, {.path = "b", .content = text}};
  EXPECT_EQ(fs.tree()[0].content.view().data(), text.view().data());
  const std::vector<TreeEntry> before = fs.tree();
  const OwnedHandle file(fs, fs.open(here, "a", {.access = Access::write}).value());
  ASSERT_TRUE(fs.write(file.get(), as_bytes("y")));
  EXPECT_EQ(before[0].content.text().front(), 'x') << "what was read out never changes";
  EXPECT_EQ(text.text().front(), 'x');
  EXPECT_EQ(fs.tree()[0].content.text().front(), 'y');
  EXPECT_EQ(fs.tree()[1].content.view().data(), text.view().data());
}

TEST(in_memory, a_tree_may_bring_its_inode_numbers) {
  InMemoryFileSystem fs{{.path = "d", .type = FileType::directory, .mode = 0755, .number = 40},
                        {.path = "d/a", .number = 30},
                        {.path = "d/b"}};
  EXPECT_EQ(fs.status_at(here, "d").value().inode, 40U);
  EXPECT_EQ(fs.status_at(here, "d/a").value().inode, 30U);
  EXPECT_GT(fs.status_at(here, "d/b").value().inode, 40U);
  write_path(fs, "c", "");
  EXPECT_GT(fs.status_at(here, "c").value().inode, fs.status_at(here, "d/b").value().inode);
  EXPECT_NE(fs.status_at(here, "c").value().born_ns, fs.status_at(here, "d/b").value().born_ns);
}

TEST(in_memory, inode_numbers_are_never_used_twice) {
  InMemoryFileSystem fs;
  std::vector<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i) {
    write_path(fs, "a", "");
    seen.push_back(fs.status_at(here, "a").value().inode);
    ASSERT_TRUE(fs.unlink(here, "a"));
  }
  EXPECT_TRUE(std::ranges::is_sorted(seen, std::ranges::less_equal()));
}

TEST(in_memory, another_user_is_held_to_the_permissions) {
  InMemoryFileSystem fs(
      std::vector<TreeEntry>{{.path = "read_only", .mode = 0444, .content = Bytes("text")},
                             {.path = "write_only", .mode = 0200},
                             {.path = "closed", .type = FileType::directory, .mode = 0500},
                             {.path = "closed/file"},
                             {.path = "hidden", .type = FileType::directory, .mode = 0600},
                             {.path = "hidden/file"}},
      {.user = 1000, .group = 1000});
  const auto refused = std::unexpected(Errno{EACCES});
  EXPECT_EQ(fs.may_write(here, "read_only"), refused);
  EXPECT_EQ(fs.open(here, "read_only", {.access = Access::write}), refused);
  EXPECT_EQ(fs.open(here, "write_only", {.access = Access::read}), refused);
  EXPECT_EQ(fs.unlink(here, "closed/file"), refused);
  EXPECT_EQ(fs.open(here, "closed/new", {.access = Access::write, .create = true}), refused);
  EXPECT_EQ(fs.rename(here, "closed/file", here, "x", RenameMode::replace), refused);
  EXPECT_EQ(fs.status_at(here, "hidden/file"), std::unexpected(Errno{EACCES}));
  EXPECT_TRUE(fs.rename(here, "read_only", here, "write_only", RenameMode::replace))
      << "a rename needs nothing of the files themselves";
  const OwnedHandle file(fs, fs.open(here, "write_only", {}).value());
  EXPECT_EQ(fs.set_owner(file.get(), 0, 0), std::unexpected(Errno{EPERM}));
}

TEST(in_memory, the_superuser_may_do_everything) {
  InMemoryFileSystem fs{{.path = "read_only", .mode = 0444, .content = Bytes("text")}};
  EXPECT_TRUE(fs.may_write(here, "read_only"));
  write_path(fs, "read_only", "changed");
  EXPECT_EQ(read_path(fs, "read_only"), "changed");
}

TEST(in_memory, the_umask_is_an_option) {
  InMemoryFileSystem fs(MemoryOptions{.umask = 077});
  write_path(fs, "a", "", 0666);
  EXPECT_EQ(fs.status_at(here, "a").value().mode, 0600U);
}

TEST(in_memory, the_kind_is_an_option) {
  InMemoryFileSystem fs(MemoryOptions{.kind = {"vfat", false, false, false}});
  EXPECT_EQ(fs.kind(here).name, "vfat");
  EXPECT_FALSE(fs.kind(here).atomic_rename);
  EXPECT_EQ(fs.kind(Handle{5}).name, "unknown");
}

TEST(in_memory, equal_runs_are_equal) {
  InMemoryFileSystem first;
  InMemoryFileSystem second;
  EXPECT_EQ(first.random_bits(), second.random_bits());
  EXPECT_NE(first.random_bits(), InMemoryFileSystem(MemoryOptions{.seed = 2}).random_bits());
}

TEST(in_memory, opening_special_files_never_waits) {
  InMemoryFileSystem fs{{.path = "pipe", .type = FileType::fifo},
                        {.path = "socket", .type = FileType::socket}};
  EXPECT_EQ(fs.open(here, "pipe", {.access = Access::write}), std::unexpected(Errno{ENXIO}));
  EXPECT_EQ(fs.open(here, "socket", {}), std::unexpected(Errno{ENXIO}));
  const OwnedHandle pipe(fs, fs.open(here, "pipe", {.nonblocking = true}).value());
  EXPECT_EQ(fs.status(pipe.get()).value().type, FileType::fifo);
}

TEST(in_memory, handles_are_never_used_twice) {
  InMemoryFileSystem fs{{.path = "a"}};
  const Handle first = fs.open(here, "a", {}).value();
  ASSERT_TRUE(fs.close(first));
  const OwnedHandle second(fs, fs.open(here, "a", {}).value());
  EXPECT_NE(first, second.get());
}

TEST(in_memory, threads_may_share_it) {
  InMemoryFileSystem fs;
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back([&fs, number] {
      const std::string mine = "file" + std::to_string(number);
      for (int i = 0; i < 200; ++i) {
        const OpenOptions how = {.access = Access::write, .create = true, .truncate = true};
        const OwnedHandle file(fs, fs.open(here, mine, how).value());
        (void)fs.write(file.get(), as_bytes("text"));
        (void)fs.rename(here, mine, here, "shared", RenameMode::replace);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(paths_of(fs), ElementsAre("shared"));
  EXPECT_EQ(read_path(fs, "shared"), "text");
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(in_memory_death, a_tree_that_contradicts_itself_aborts) {
  EXPECT_DEATH((InMemoryFileSystem{{.path = "a"}, {.path = "a/b"}}), "assertion failed");
  EXPECT_DEATH((InMemoryFileSystem{{.path = "a"}, {.path = "a"}}), "assertion failed");
  EXPECT_DEATH((InMemoryFileSystem{{.path = "/a"}}), "assertion failed");
}

}  // namespace
}  // namespace untorn
