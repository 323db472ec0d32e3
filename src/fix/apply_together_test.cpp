// SPDX-License-Identifier: Apache-2.0
#include "fix/apply_together.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "untorn/transaction.h"

namespace untorn::fix {
namespace {

using Kind = ApplyResult::Kind;
using Files = std::map<std::string, std::string>;

std::vector<TreeEntry> old_tree() {
  std::vector<TreeEntry> tree;
  for (const char* path : {"r/a.py", "r/p/b.py", "r/q/c.py"}) {
    tree.push_back({.path = path, .mode = 0640, .content = Bytes("old")});
  }
  return tree;
}

std::vector<FileUpdate> updates() {
  return {{.path = "/r/p/new.py", .before = std::nullopt, .after = "module"},
          {.path = "/r/a.py", .before = "old", .after = "new a"},
          {.path = "/r/p/b.py", .before = "old", .after = "new b"},
          {.path = "/r/q/c.py", .before = "old", .after = "new c"}};
}

// Every regular file with its mode and content, and whether there is a folder of ours.
Files files_of(const InMemoryFileSystem& fs) {
  Files files;
  for (const TreeEntry& entry : fs.tree()) {
    if (entry.type != FileType::regular) continue;
    files[entry.path] = std::to_string(entry.mode) + " " + std::string(entry.content.text());
  }
  return files;
}

const Files files_before = {
    {"r/a.py", "416 old"}, {"r/p/b.py", "416 old"}, {"r/q/c.py", "416 old"}};
const Files files_after = {{"r/a.py", "416 new a"},
                           {"r/p/b.py", "416 new b"},
                           {"r/p/new.py", "420 module"},
                           {"r/q/c.py", "416 new c"}};

TEST(ApplyTogether, changes_all_files_and_leaves_no_folder_behind) {
  InMemoryFileSystem fs(old_tree());
  const auto result = apply_together(fs, "/r", updates(), {});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->kind, Kind::applied);
  EXPECT_EQ(files_of(fs), files_after);
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(ApplyTogether, any_call_that_fails_gives_all_or_none_at_once_or_after_a_recovery) {
  InMemoryFileSystem probe(old_tree());
  FaultFileSystem counted(probe);
  ASSERT_TRUE(apply_together(counted, "/r", updates(), {}));
  std::size_t none = 0;
  std::size_t interrupted = 0;
  for (std::size_t at = 0; at < counted.sites().size(); ++at) {
    InMemoryFileSystem fs(old_tree());
    FaultFileSystem failing(fs, {.at = at, .error = Errno{EIO}});
    const auto result = apply_together(failing, "/r", updates(), {});
    if (result && result->interrupted) {
      ++interrupted;
      ASSERT_TRUE(recover_transactions(fs, "/r"));
    }
    Files now = files_of(fs);
    std::erase_if(now, [](const auto& file) { return file.first.starts_with("r/.untorn"); });
    if (result && result->kind == Kind::failed && !result->interrupted &&
        result->error->outcome() == Outcome::not_applied) {
      ++none;
      EXPECT_EQ(now, files_before) << to_string(counted.sites()[at]);
    } else if (result) {
      EXPECT_EQ(now, files_after) << to_string(counted.sites()[at]);
    } else {
      EXPECT_EQ(now, files_before) << to_string(counted.sites()[at]);
    }
  }
  EXPECT_GT(none, 20U);
  EXPECT_GT(interrupted, 5U);
}

TEST(ApplyTogether, a_file_that_somebody_else_has_changed_stops_all) {
  InMemoryFileSystem fs(old_tree());
  std::vector<FileUpdate> changes = updates();
  changes[2].before = "else";
  const auto result = apply_together(fs, "/r", changes, {});
  ASSERT_TRUE(result && result->error);
  EXPECT_EQ(result->error->code(), Code::conflict);
  EXPECT_EQ(files_of(fs), files_before);
}

TEST(ApplyTogether, a_new_file_that_is_there_already_is_not_overwritten) {
  std::vector<TreeEntry> tree = old_tree();
  tree.push_back({.path = "r/p/new.py", .content = Bytes("theirs")});
  InMemoryFileSystem fs(tree);
  const Files before = files_of(fs);
  const auto result = apply_together(fs, "/r", updates(), {});
  ASSERT_TRUE(result && result->error);
  EXPECT_EQ(result->error->code(), Code::already_exists);
  EXPECT_EQ(files_of(fs), before);
}

TEST(ApplyTogether, a_stop_at_any_file_changes_nothing) {
  for (int allowed = 0; allowed < 5; ++allowed) {
    InMemoryFileSystem fs(old_tree());
    int asked = 0;
    const auto result = apply_together(fs, "/r", updates(), [&] { return asked++ >= allowed; });
    ASSERT_TRUE(result);
    EXPECT_EQ(result->kind, Kind::stopped) << allowed;
    EXPECT_EQ(files_of(fs), files_before) << allowed;
  }
}

TEST(ApplyTogether, leaves_to_others_what_no_transaction_can_do) {
  MemoryOptions network;
  network.kind.name = "nfs";
  InMemoryFileSystem fs(old_tree(), network);
  EXPECT_FALSE(apply_together(fs, "/r", updates(), {}));
  EXPECT_EQ(files_of(fs), files_before);
  InMemoryFileSystem outside(old_tree());
  EXPECT_FALSE(apply_together(outside, "/r/p", updates(), {}));
  EXPECT_FALSE(apply_together(outside, "/no", updates(), {}));
  EXPECT_EQ(files_of(outside), files_before);
}

TEST(ApplyTogether, an_older_folder_of_ours_stays) {
  std::vector<TreeEntry> tree = old_tree();
  tree.push_back({.path = "r/.untorn/documents/x", .content = Bytes("kept")});
  InMemoryFileSystem fs(tree);
  ASSERT_TRUE(apply_together(fs, "/r", updates(), {}));
  EXPECT_TRUE(files_of(fs).contains("r/.untorn/documents/x"));
}

}  // namespace
}  // namespace untorn::fix
