// SPDX-License-Identifier: Apache-2.0
#include "patch/unified_diff.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/files.h"

namespace untorn::patch {
namespace {

namespace stdfs = std::filesystem;

void put(const stdfs::path& path, std::string_view text) {
  stdfs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string content_of(const stdfs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

int run_in(const stdfs::path& folder, const std::string& command) {
  return std::system(("cd '" + folder.string() + "' && " + command).c_str());
}

std::string after_header(const std::string& diff) {
  return diff.substr(std::min(diff.find("@@"), diff.size()));
}

// What `diff -u` says, without its first two lines.
std::string system_diff(std::string_view before, std::string_view after) {
  const testing::ScratchDirectory scratch;
  const stdfs::path folder(scratch.path());
  put(folder / "a", before);
  put(folder / "b", after);
  (void)run_in(folder, "diff -u a b > out");
  return after_header(content_of(folder / "out"));
}

// The text that git makes of `before` by the patch; "refused" if it does not take it.
std::string applied_by_git(const FileChange& change) {
  const testing::ScratchDirectory scratch;
  const stdfs::path folder(scratch.path());
  const stdfs::path file = folder / change.path;
  if (!change.is_new) put(file, change.before);
  put(folder / "patch", unified_diff(change));
  if (run_in(folder, "git apply --check patch 2>err") != 0) {
    return "refused: " + content_of(folder / "err");
  }
  (void)run_in(folder, "git apply --whitespace=nowarn patch 2>err");
  return content_of(file);
}

TEST(UnifiedDiff, of_equal_texts_is_empty) {
  EXPECT_EQ(unified_diff({.path = "a", .before = "x\n", .after = "x\n"}), "");
}

TEST(UnifiedDiff, says_what_diff_says) {
  std::string many;
  for (int line = 0; line < 40; ++line) many += "line " + std::to_string(line) + "\n";
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = many;
    return text.replace(text.find(from), from.size(), to);
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a\n", "b\n"},
      {"", "a\n"},
      {"a\n", ""},
      {"a", "a\n"},
      {"a\n", "a"},
      {"a", "b"},
      {"a\r\nb\r\n", "a\r\nc\r\n"},
      {many, with("line 20\n", "changed\n")},
      {many, with("line 20\n", "")},
      {many, "new\n" + many},
      {many, many + "new"},
      {many, with("line 3\n", "line 3\nline 3a\nline 3b\n")},
      {with("line 5\n", "five\n"), with("line 30\n", "thirty\n")},
      {with("line 5\n", "five\n"), with("line 12\n", "twelve\n")},
      {with("line 5\n", "five\n"), with("line 13\n", "thirteen\n")},
  };
  for (const auto& [before, after] : cases) {
    EXPECT_EQ(after_header(unified_diff({.path = "a", .before = before, .after = after})),
              system_diff(before, after));
  }
}

TEST(UnifiedDiff, is_applied_by_git_whatever_the_name) {
  for (const std::string_view path :
       {"a.py", "a b.py", "ü/é ñ.py", "tab\tname.py", "quote\".py", "back\\slash.py",
        "new\nline.py", "deep/er/x.py", "-dash.py", "trailing /x .py"}) {
    EXPECT_EQ(applied_by_git({.path = path, .before = "a\r\nb\n", .after = "a\r\nc\n"}), "a\r\nc\n")
        << path;
    EXPECT_EQ(applied_by_git({.path = path, .before = {}, .after = "a\nb", .is_new = true}), "a\nb")
        << path;
  }
}

// Few different lines, so that they repeat, with and without a last line feed.
std::string some_text() {
  const auto lines = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 6));
  std::string text;
  for (const int line : lines) text += "line " + std::to_string(line) + "\n";
  if (!text.empty() && *rc::gen::inRange(0, 4) == 0) text.pop_back();
  return text;
}

// The hunks applied by hand: every line of both texts must be accounted for.
std::string applied_by_hand(std::string_view before, const std::string& diff) {
  std::vector<std::string> lines;
  std::istringstream old_lines{std::string(before)};
  for (std::string line; std::getline(old_lines, line);) {
    lines.push_back(line + (old_lines.eof() ? "" : "\n"));
  }
  std::string result;
  std::size_t done = 0;
  std::istringstream patch(after_header(diff));
  for (std::string line; std::getline(patch, line);) {
    if (line.starts_with("@@")) {
      const std::size_t first = std::stoul(line.substr(4));
      const bool is_empty = line.find(",0 +") != std::string::npos;
      while (done < first - (is_empty ? 0 : 1)) result += lines.at(done++);
    } else if (line.starts_with("\\")) {
      continue;
    } else if (line.front() == '+') {
      result += line.substr(1) + (patch.peek() == '\\' ? "" : "\n");
    } else {
      RC_ASSERT(lines.at(done) == line.substr(1) + (patch.peek() == '\\' ? "" : "\n"));
      if (line.front() == ' ') result += lines.at(done);
      ++done;
    }
  }
  while (done < lines.size()) result += lines.at(done++);
  return result;
}

RC_GTEST_PROP(UnifiedDiff, turns_one_text_into_the_other, ()) {
  const std::string before = some_text();
  const std::string after = some_text();
  const std::string diff = unified_diff({.path = "a", .before = before, .after = after});
  RC_ASSERT(applied_by_hand(before, diff) == after);
}

TEST(UnifiedDiff, of_files_that_come_and_go_names_their_mode) {
  EXPECT_EQ(
      unified_diff({.path = "x", .after = "a\n", .is_new = true, .is_executable = true}),
      "diff --git a/x b/x\nnew file mode 100755\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(unified_diff({.path = "x", .before = "a\n", .is_deleted = true}),
            "diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n"
            "@@ -1 +0,0 @@\n-a\n");
  EXPECT_EQ(unified_diff({.path = "x", .is_new = true}),
            "diff --git a/x b/x\nnew file mode 100644\n");
}

TEST(UnifiedDiff, of_long_texts_without_a_common_line_still_holds) {
  std::string before;
  std::string after;
  for (int line = 0; line < 5000; ++line) {
    before += "a" + std::to_string(line) + "\n";
    after += "b" + std::to_string(line) + "\n";
  }
  EXPECT_EQ(applied_by_git({.path = "a", .before = before, .after = after}), after);
}

}  // namespace
}  // namespace untorn::patch
