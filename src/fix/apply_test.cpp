// SPDX-License-Identifier: Apache-2.0
#include "fix/apply.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"

namespace untorn::fix {
namespace {

std::vector<TreeEntry> old_tree() {
  std::vector<TreeEntry> tree;
  for (const char* name : {"/a.py", "/p/b.py", "/q/c.py"}) {
    tree.push_back({.path = std::string(name).substr(1), .mode = 0640, .content = Bytes("old")});
  }
  return tree;
}

std::vector<FileUpdate> updates() {
  return {{.path = "/p/new.py", .before = std::nullopt, .after = "module"},
          {.path = "/a.py", .before = "old", .after = "new a"},
          {.path = "/p/b.py", .before = "old", .after = "new b"},
          {.path = "/q/c.py", .before = "old", .after = "new c"}};
}

// Every regular file with its mode and content.
std::map<std::string, std::string> files_of(const InMemoryFileSystem& fs) {
  std::map<std::string, std::string> files;
  for (const TreeEntry& entry : fs.tree()) {
    if (entry.type != FileType::regular) continue;
    files[entry.path] = std::to_string(entry.mode) + " " + std::string(entry.content.text());
  }
  return files;
}

TEST(ApplyChanges, replaces_all_files_and_keeps_their_modes) {
  InMemoryFileSystem fs(old_tree());
  const ApplyResult result = apply_changes(fs, updates(), {});
  EXPECT_EQ(result.kind, ApplyResult::Kind::applied);
  EXPECT_EQ(files_of(fs), (std::map<std::string, std::string>{{"a.py", "416 new a"},
                                                              {"p/b.py", "416 new b"},
                                                              {"p/new.py", "420 module"},
                                                              {"q/c.py", "416 new c"}}));
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(ApplyChanges, any_call_that_fails_leaves_all_files_as_they_were) {
  InMemoryFileSystem probe(old_tree());
  FaultFileSystem counted(probe);
  ASSERT_EQ(apply_changes(counted, updates(), {}).kind, ApplyResult::Kind::applied);
  const std::size_t count = counted.sites().size();
  ASSERT_GT(count, 40U);
  std::size_t failed = 0;
  for (std::size_t at = 0; at < count; ++at) {
    InMemoryFileSystem fs(old_tree());
    const auto before = files_of(fs);
    FaultFileSystem failing(fs, {.at = at, .error = Errno{EIO}});
    const ApplyResult result = apply_changes(failing, updates(), {});
    // Some calls only help (metadata, locks): then everything is applied all the same.
    if (result.kind == ApplyResult::Kind::applied) continue;
    ++failed;
    EXPECT_EQ(result.kind, ApplyResult::Kind::failed);
    EXPECT_TRUE(result.error.has_value());
    EXPECT_TRUE(result.not_put_back.empty()) << at;
    auto after = files_of(fs);
    // Where removing a temporary was what failed, it is still there; the files are not touched.
    std::erase_if(after, [](const auto& file) {
      return file.first.find(".untorn-tmp-") != std::string::npos;
    });
    EXPECT_EQ(after, before) << to_string(counted.sites()[at]);
  }
  EXPECT_GT(failed, 20U);
}

TEST(ApplyChanges, a_full_disk_is_met_before_anything_is_visible) {
  InMemoryFileSystem fs(old_tree());
  const auto before = files_of(fs);
  FaultFileSystem full(fs, {.at = 3, .call = Call::write, .error = Errno{ENOSPC}});
  const ApplyResult result = apply_changes(full, updates(), {});
  ASSERT_TRUE(result.error.has_value());
  EXPECT_EQ(result.error->code(), Code::no_space);
  EXPECT_EQ(files_of(fs), before);
  for (const CallSite& site : full.sites()) EXPECT_NE(site.call, Call::rename);
}

TEST(ApplyChanges, what_cannot_be_put_back_is_named) {
  InMemoryFileSystem fs(old_tree());
  // The third rename and all later ones fail: two files are published, and stay so.
  FaultFileSystem failing(fs,
                          {.at = 2, .call = Call::rename, .error = Errno{EIO}, .persistent = true});
  const ApplyResult result = apply_changes(failing, updates(), {});
  EXPECT_EQ(result.kind, ApplyResult::Kind::failed);
  ASSERT_EQ(result.not_put_back.size(), 1U);
  EXPECT_NE(result.not_put_back.front().find("/a.py"), std::string::npos);
  EXPECT_FALSE(files_of(fs).contains("p/new.py"));
}

TEST(ApplyChanges, a_file_that_somebody_else_has_changed_stops_all) {
  InMemoryFileSystem fs(old_tree());
  const auto before = files_of(fs);
  std::vector<FileUpdate> changes = updates();
  changes[2].before = "else";
  const ApplyResult result = apply_changes(fs, changes, {});
  ASSERT_TRUE(result.error.has_value());
  EXPECT_EQ(result.error->code(), Code::conflict);
  EXPECT_EQ(files_of(fs), before);
}

TEST(ApplyChanges, a_new_file_that_is_there_already_is_not_overwritten) {
  std::vector<TreeEntry> tree = old_tree();
  tree.push_back({.path = "p/new.py", .content = Bytes("theirs")});
  InMemoryFileSystem fs(tree);
  const auto before = files_of(fs);
  const ApplyResult result = apply_changes(fs, updates(), {});
  ASSERT_TRUE(result.error.has_value());
  EXPECT_EQ(result.error->code(), Code::already_exists);
  EXPECT_EQ(files_of(fs), before);
}

TEST(ApplyChanges, a_stop_at_any_file_puts_all_back) {
  for (int allowed = 0; allowed < 8; ++allowed) {
    InMemoryFileSystem fs(old_tree());
    const auto before = files_of(fs);
    int asked = 0;
    const ApplyResult result = apply_changes(fs, updates(), [&] { return asked++ >= allowed; });
    EXPECT_EQ(result.kind, ApplyResult::Kind::stopped);
    EXPECT_FALSE(result.error.has_value());
    EXPECT_EQ(files_of(fs), before) << allowed;
    EXPECT_EQ(fs.open_handles(), 0U);
  }
}

TEST(ApplyChanges, many_files_need_few_handles_at_a_time) {
  std::vector<TreeEntry> tree;
  std::vector<FileUpdate> changes;
  for (int number = 0; number < 350; ++number) {
    const std::string name = "f" + std::to_string(number);
    tree.push_back({.path = name, .content = Bytes("old")});
    changes.push_back({.path = "/" + name, .before = "old", .after = "new"});
  }
  InMemoryFileSystem fs(tree);
  std::size_t handles_most = 0;
  const ApplyResult result = apply_changes(fs, changes, [&] {
    handles_most = std::max(handles_most, fs.open_handles());
    return false;
  });
  EXPECT_EQ(result.kind, ApplyResult::Kind::applied);
  EXPECT_LE(handles_most, 310U);
  for (const auto& [name, text] : files_of(fs)) EXPECT_EQ(text, "420 new") << name;
}

}  // namespace
}  // namespace untorn::fix
