// SPDX-License-Identifier: Apache-2.0
#include "crash/tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "crash/log_maker.h"
#include "crash/random.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/recording_file_system.h"
#include "filesystem/test_directory.h"

namespace untorn::crash {
namespace {

using Files = TreeBuilder::Files;

History::File regular(std::string_view content, InodeId inode, std::uint32_t mode = 0644) {
  return {inode, FileType::regular, Bytes(content), mode};
}
History::File directory(std::uint32_t mode = 0755) {
  return {no_inode, FileType::directory, {}, mode};
}
History::File symlink(std::string_view target) {
  return {no_inode, FileType::symlink, Bytes(target), 0777};
}

// A tree as text, hard links as the first path of the file.
std::string text_of(const std::vector<TreeEntry>& tree) {
  std::string text;
  std::map<std::uint64_t, std::string> leaders;
  for (const TreeEntry& entry : tree) {
    text += entry.path;
    if (entry.type == FileType::symlink) {
      text += " link " + std::string(entry.content.text()) + "\n";
      continue;
    }
    text += " " + std::to_string(entry.mode);
    if (entry.type == FileType::regular) text += " " + std::string(entry.content.text());
    if (entry.inode != 0) {
      text += " as " + leaders.try_emplace(entry.inode, entry.path).first->second;
    }
    text += "\n";
  }
  return text;
}

std::string text_of(const Files& files) {
  std::map<InodeId, int> names;
  for (const auto& [path, file] : files) ++names[file.inode];
  std::vector<TreeEntry> tree;
  for (const auto& [path, file] : files) {
    const bool linked = file.type == FileType::regular && names[file.inode] > 1;
    tree.push_back({path, file.type, file.mode, file.content, linked ? file.inode + 1U : 0});
  }
  return text_of(tree);
}

class TreeBuilding : public testing::Test {
 protected:
  TreeBuilding() : root_(memory_, open_root()), builder_(memory_, root_.get()) {}
  Handle open_root() {
    return memory_.open(Handle::working_directory, "/", {.access = Access::directory}).value();
  }
  void expect_built(const Files& files) {
    const Result<void> built = builder_.build(files);
    ASSERT_TRUE(built) << built.error();
    EXPECT_EQ(text_of(memory_.tree()), text_of(files));
  }

  InMemoryFileSystem memory_;
  OwnedHandle root_;
  TreeBuilder builder_;
};

TEST_F(TreeBuilding, makes_files_directories_and_links) {
  expect_built({{"a", regular("1", 1)},
                {"d", directory(0750)},
                {"d/b", regular("2", 2, 0600)},
                {"d/c", regular("1", 1)},
                {"l", symlink("a")}});
}

TEST_F(TreeBuilding, changes_one_tree_into_another) {
  expect_built({{"a", regular("1", 1)}, {"d", directory()}, {"d/b", regular("2", 2)}});
  expect_built({{"a", directory()}, {"a/x", regular("3", 3)}, {"d", regular("4", 4)}});
  expect_built({{"a", directory(0700)}, {"d", symlink("a")}});
  expect_built({{"d", symlink("b")}, {"e", regular("5", 5, 0400)}});
  expect_built({{"e", regular("5", 5, 0444)}});
  expect_built({});
}

TEST_F(TreeBuilding, keeps_links_apart_that_were_together) {
  expect_built({{"a", regular("1", 1)}, {"b", regular("1", 1)}});
  expect_built({{"a", regular("2", 1)}, {"b", regular("2", 1)}});
  expect_built({{"a", regular("2", 1)}, {"b", regular("2", 2)}});
  expect_built({{"b", regular("2", 1)}, {"c", regular("2", 1)}});
}

TEST_F(TreeBuilding, makes_parents_that_a_footprint_leaves_out) {
  ASSERT_TRUE(builder_.build({{"d/e/a", regular("1", 1)}}));
  EXPECT_EQ(text_of(memory_.tree()),
            text_of(Files{{"d", directory()}, {"d/e", directory()}, {"d/e/a", regular("1", 1)}}));
}

TEST_F(TreeBuilding, starts_afresh_when_the_directory_is_not_trusted) {
  expect_built({{"a", regular("1", 1)}, {"d", directory()}});
  const auto made = memory_.make_directory(Handle::working_directory, "d/left over", 0755);
  ASSERT_TRUE(made);
  ASSERT_TRUE(memory_.unlink(Handle::working_directory, "a"));
  const Files files = {{"a", regular("1", 1)}};
  ASSERT_TRUE(builder_.rebuild(files));
  EXPECT_EQ(text_of(memory_.tree()), text_of(files));
}

TEST_F(TreeBuilding, recovers_from_an_error_by_starting_afresh) {
  expect_built({{"a", regular("1", 1)}});
  ASSERT_TRUE(memory_.unlink(Handle::working_directory, "a"));
  EXPECT_FALSE(builder_.build({{"b", regular("2", 2)}}));
  expect_built({{"b", regular("2", 2)}});
}

TEST_F(TreeBuilding, follows_random_trees) {
  Random random(42);
  for (int round = 0; round < 500; ++round) {
    Files files;
    std::map<InodeId, std::string> contents;
    for (const char* path : {"a", "b", "d", "d/a", "d/e", "d/e/f", "g"}) {
      const std::string text(path);
      const std::size_t slash = text.rfind('/');
      const bool has_parent =
          slash == std::string::npos || std::ranges::any_of(files, [&](const auto& entry) {
            return entry.first == text.substr(0, slash) && entry.second.type == FileType::directory;
          });
      if (!has_parent || random.one_in(3)) continue;
      const auto inode = static_cast<InodeId>(1 + random.below(4));
      contents.try_emplace(inode, std::to_string(random.below(3)));
      if (random.one_in(2)) {
        files.emplace_back(path, directory(random.one_in(2) ? 0755 : 0700));
      } else if (random.one_in(5)) {
        files.emplace_back(path, symlink(contents[inode]));
      } else {
        files.emplace_back(path, regular(contents[inode], inode));
      }
    }
    expect_built(files);
    if (HasFatalFailure()) return;
  }
}

TEST_F(TreeBuilding, makes_no_call_for_what_stays) {
  RecordingFileSystem recording(memory_);
  const OwnedHandle root(
      recording,
      recording.open(Handle::working_directory, "/", {.access = Access::directory}).value());
  TreeBuilder builder(recording, root.get());
  Files files;
  for (InodeId i = 1; i <= 5; ++i) {
    files.emplace_back("f" + std::to_string(i), regular(fill(4096, 'x'), i));
  }
  ASSERT_TRUE(builder.build(files));
  const std::uint64_t before = recording.calls_total();
  ASSERT_TRUE(builder.build(files));
  EXPECT_EQ(recording.calls_total(), before);
  files[2].second.content = Bytes(fill(4096, 'y'));
  ASSERT_TRUE(builder.build(files));
  EXPECT_EQ(recording.calls_total(), before + 3) << "open, write, close";
}

TEST(TreeBuildingOnDisk, rebuilds_small_states_on_a_real_file_system) {
  const test::TestDirectory place(test::fast_folder());
  FileSystem& fs = posix_file_system();
  const OwnedHandle root(
      fs, fs.open(Handle::working_directory, place.path().string(), {.access = Access::directory})
              .value());
  TreeBuilder builder(fs, root.get());
  Random random(1);
  constexpr int states = 2000;
  const auto begin = std::chrono::steady_clock::now();
  for (int state = 0; state < states; ++state) {
    Files files;
    for (InodeId i = 1; i <= 5; ++i) {
      files.emplace_back("f" + std::to_string(i),
                         regular(fill(4096, static_cast<char>('a' + random.below(4))), i));
    }
    ASSERT_TRUE(builder.build(files));
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  RecordProperty("states_per_second", std::to_string(states / elapsed.count()));
  ASSERT_TRUE(builder.clear());
  EXPECT_TRUE(fs.list(root.get())->empty());
}

}  // namespace
}  // namespace untorn::crash
