// SPDX-License-Identifier: Apache-2.0
#include "health/walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/test_directory.h"

namespace untorn::health {
namespace {

struct Seen {
  std::vector<std::string> folders;
  std::vector<std::string> names;
  std::vector<std::string> skipped;
  bool finished = false;
};

Seen walk_all(FileSystem& fs, const std::string& root, std::size_t folders_max = SIZE_MAX) {
  Seen seen;
  const auto opened = fs.open(Handle::working_directory, root, {.access = Access::directory});
  EXPECT_TRUE(opened.has_value());
  if (!opened) return seen;
  const OwnedHandle handle(fs, *opened);
  WalkEvents events;
  events.folder = [&](const FolderView& folder) {
    seen.folders.push_back(folder.path);
    for (const Entry& entry : folder.entries) seen.names.push_back(entry.name);
    return seen.folders.size() < folders_max;
  };
  events.skipped = [&](const std::string& path, SkipReason reason, Errno error) {
    const std::string why = reason == SkipReason::failed ? std::to_string(number(error)) : "moved";
    seen.skipped.push_back(path + " " + why);
  };
  seen.finished = walk(fs, handle.get(), events);
  return seen;
}

TEST(Walk, sees_every_folder_once_in_the_order_of_names) {
  InMemoryFileSystem fs({{.path = "root/b/file"},
                         {.path = "root/a/deep/er/file"},
                         {.path = "root/.hidden/file"},
                         {.path = "root/a/empty", .type = FileType::directory}});
  const Seen seen = walk_all(fs, "root");
  EXPECT_TRUE(seen.finished);
  EXPECT_EQ(seen.folders,
            (std::vector<std::string>{"", ".hidden", "a", "a/deep", "a/deep/er", "a/empty", "b"}));
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(Walk, does_not_follow_links) {
  InMemoryFileSystem fs(
      {{.path = "root/file"},
       {.path = "elsewhere/file"},
       {.path = "root/link", .type = FileType::symlink, .content = Bytes("../elsewhere")},
       {.path = "root/loop", .type = FileType::symlink, .content = Bytes(".")}});
  EXPECT_EQ(walk_all(fs, "root").folders, std::vector<std::string>{""});
}

TEST(Walk, ends_at_once_when_it_is_told_to) {
  InMemoryFileSystem fs({{.path = "a/b/c/file"}, {.path = "a/d/file"}});
  const Seen seen = walk_all(fs, "a", 2);
  EXPECT_FALSE(seen.finished);
  EXPECT_EQ(seen.folders.size(), 2U);
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(Walk, goes_on_after_a_folder_that_cannot_be_opened_or_listed) {
  InMemoryFileSystem below({{.path = "root/a/x"}, {.path = "root/b/x"}, {.path = "root/c/x"}});
  for (const Call call : {Call::open, Call::list}) {
    FaultFileSystem fs(below, {.at = 2, .call = call, .error = Errno{EACCES}});
    const Seen seen = walk_all(fs, "root");
    EXPECT_TRUE(fs.fired());
    EXPECT_TRUE(seen.finished);
    EXPECT_EQ(seen.skipped.size(), 1U);
    EXPECT_TRUE(seen.folders.back() == "c");
    EXPECT_EQ(seen.skipped.front().substr(1), " " + std::to_string(EACCES));
  }
}

TEST(Walk, says_nothing_of_a_folder_that_is_removed_meanwhile) {
  InMemoryFileSystem below({{.path = "root/a/x"}, {.path = "root/b/x"}});
  FaultFileSystem fs(below, {.at = 1, .call = Call::open, .error = Errno{ENOENT}});
  const Seen seen = walk_all(fs, "root");
  EXPECT_TRUE(fs.fired());
  EXPECT_EQ(seen.folders, (std::vector<std::string>{"", "b"}));
  EXPECT_TRUE(seen.skipped.empty());
}

// A tree that is deeper than the handles that may be open, with something to do on the way back.
std::string make_deep_tree(FileSystem& fs, const std::string& root, int depth) {
  auto opened = fs.open(Handle::working_directory, root, {.access = Access::directory});
  OwnedHandle folder(fs, *opened);
  for (int level = 0; level < depth; ++level) {
    EXPECT_TRUE(fs.make_directory(folder.get(), "d", 0755).has_value());
    EXPECT_TRUE(fs.make_directory(folder.get(), "z", 0755).has_value());
    opened = fs.open(folder.get(), "d", {.access = Access::directory});
    folder = OwnedHandle(fs, *opened);
  }
  return root;
}

TEST(Walk, comes_back_from_any_depth_with_few_open_folders) {
  constexpr int depth = 3000;  // its path is longer than any path may be
  const test::TestDirectory directory(test::fast_folder());
  FileSystem& fs = posix_file_system();
  InMemoryFileSystem memory({{.path = "root", .type = FileType::directory}});
  for (FileSystem* each : {&fs, static_cast<FileSystem*>(&memory)}) {
    const std::string root = each == &memory ? "root" : directory.path().string();
    const Seen seen = walk_all(*each, make_deep_tree(*each, root, depth));
    EXPECT_TRUE(seen.skipped.empty());
    EXPECT_EQ(seen.folders.size(), std::size_t{2 * depth + 1});
    EXPECT_EQ(seen.folders.back(), "z");
  }
}

TEST(Walk, reports_what_it_cannot_return_to_because_the_way_back_has_moved) {
  InMemoryFileSystem fs({{.path = "root/here", .type = FileType::directory}});
  make_deep_tree(fs, "root/here", 100);
  const auto opened = fs.open(Handle::working_directory, "root", {.access = Access::directory});
  const OwnedHandle root(fs, *opened);
  std::vector<std::string> skipped;
  std::size_t folders = 0;
  WalkEvents events;
  events.folder = [&](const FolderView&) {
    // At the deepest point: the folder whose handle is given up first goes under another one.
    if (++folders == 101) {
      EXPECT_TRUE(fs.make_directory(Handle::working_directory, "other", 0755).has_value());
      EXPECT_TRUE(fs.rename(Handle::working_directory, "root/here/d/d", Handle::working_directory,
                            "other/d", RenameMode::replace)
                      .has_value());
    }
    return true;
  };
  events.skipped = [&](const std::string& path, SkipReason reason, Errno) {
    EXPECT_EQ(reason, SkipReason::moved);
    skipped.push_back(path);
  };
  EXPECT_TRUE(walk(fs, root.get(), events));
  EXPECT_EQ(skipped, (std::vector<std::string>{"here/d", "here"}));
}

TEST(Walk, does_not_enter_what_the_caller_keeps_it_from) {
  InMemoryFileSystem fs({{.path = "root/a/x"}, {.path = "root/b/x"}});
  const auto opened = fs.open(Handle::working_directory, "root", {.access = Access::directory});
  const OwnedHandle root(fs, *opened);
  const std::uint64_t forbidden = fs.status_at(root.get(), "a")->inode;
  std::vector<std::string> folders;
  WalkEvents events;
  events.folder = [&](const FolderView& folder) {
    folders.push_back(folder.path);
    return true;
  };
  events.enters = [&](const Status& status) { return status.inode != forbidden; };
  EXPECT_TRUE(walk(fs, root.get(), events));
  EXPECT_EQ(folders, (std::vector<std::string>{"", "b"}));
}

TEST(Walk, does_not_enter_another_file_system) {
  FileSystem& fs = posix_file_system();
  const auto opened = fs.open(Handle::working_directory, "/", {.access = Access::directory});
  ASSERT_TRUE(opened.has_value());
  const OwnedHandle root(fs, *opened);
  const auto proc = fs.status_at(root.get(), "proc");
  if (!proc || proc->device == fs.status(root.get())->device) GTEST_SKIP() << "no /proc here";
  std::vector<std::string> skipped;
  WalkEvents events;
  events.folder = [](const FolderView&) { return true; };
  events.enters = [&](const Status& status) { return status.inode == proc->inode; };
  events.skipped = [&](const std::string& path, SkipReason reason, Errno) {
    if (reason == SkipReason::other_file_system) skipped.push_back(path);
  };
  EXPECT_TRUE(walk(fs, root.get(), events));
  EXPECT_NE(std::ranges::find(skipped, "proc"), skipped.end());
}

}  // namespace
}  // namespace untorn::health
