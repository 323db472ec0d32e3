// SPDX-License-Identifier: Apache-2.0
#include "patch/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace untorn::patch {
namespace {

using ::testing::HasSubstr;

// "LINE: MESSAGE" of the error; "" if there is none.
std::string problem_of(std::string_view text, const ParseOptions& options = {}) {
  const auto patch = parse(text, options);
  if (patch) return {};
  return std::to_string(patch.error().patch_line) + ": " + patch.error().message;
}

Patch parsed(std::string_view text, const ParseOptions& options = {}) {
  auto patch = parse(text, options);
  EXPECT_TRUE(patch) << problem_of(text, options) << "\n" << text;
  return patch ? *std::move(patch) : Patch();
}

FilePatch only_file(std::string_view text, const ParseOptions& options = {}) {
  Patch patch = parsed(text, options);
  EXPECT_EQ(patch.files.size(), 1U);
  return patch.files.empty() ? FilePatch() : std::move(patch.files.front());
}

constexpr std::string_view modified =
    "diff --git a/src/x.c b/src/x.c\n"
    "index 1234567..89abcde 100755\n"
    "--- a/src/x.c\n"
    "+++ b/src/x.c\n"
    "@@ -1,3 +1,3 @@ int main()\n"
    " one\n"
    "-two\n"
    "+TWO\n"
    " three\n";

TEST(PatchParse, reads_a_git_diff) {
  const FilePatch file = only_file(modified);
  EXPECT_EQ(file.change, Change::modified);
  EXPECT_EQ(file.old_path, "src/x.c");
  EXPECT_EQ(file.new_path, "src/x.c");
  EXPECT_EQ(file.old_mode, 0100755U);
  EXPECT_EQ(file.new_mode, std::nullopt);
  ASSERT_EQ(file.hunks.size(), 1U);
  const Hunk& hunk = file.hunks.front();
  EXPECT_EQ(hunk.patch_line, 5U);
  EXPECT_EQ(hunk.before.begin, 1U);
  EXPECT_EQ(hunk.before.count, 3U);
  EXPECT_EQ(hunk.leading, 1U);
  EXPECT_EQ(hunk.trailing, 1U);
  ASSERT_EQ(hunk.lines.size(), 4U);
  EXPECT_EQ(hunk.lines[2].kind, LineKind::added);
  EXPECT_EQ(hunk.lines[2].text, "TWO\n");
  EXPECT_EQ(file.count(LineKind::context), 2U);
}

TEST(PatchParse, reads_files_that_come_go_move_and_change_their_mode) {
  const FilePatch added = only_file(
      "diff --git a/n b/n\nnew file mode 100755\nindex 0000000..1\n--- /dev/null\n+++ b/n\n"
      "@@ -0,0 +1 @@\n+x\n");
  EXPECT_EQ(added.change, Change::added);
  EXPECT_EQ(added.new_path, "n");
  EXPECT_EQ(added.old_path, "");
  EXPECT_EQ(added.new_mode, 0100755U);
  const FilePatch empty = only_file("diff --git a/e f b/e f\nnew file mode 100644\n");
  EXPECT_EQ(empty.change, Change::added);
  EXPECT_EQ(empty.new_path, "e f");
  EXPECT_TRUE(empty.hunks.empty());
  const FilePatch deleted = only_file(
      "diff --git a/d b/d\ndeleted file mode 100644\n--- a/d\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n");
  EXPECT_EQ(deleted.change, Change::deleted);
  EXPECT_EQ(deleted.path(), "d");
  const FilePatch renamed =
      only_file("diff --git a/old b/new\nsimilarity index 100%\nrename from old\nrename to new\n");
  EXPECT_EQ(renamed.change, Change::renamed);
  EXPECT_EQ(renamed.old_path, "old");
  EXPECT_EQ(renamed.new_path, "new");
  const FilePatch copied =
      only_file("diff --git a/o b/c\nsimilarity index 90%\ncopy from o\ncopy to c\n");
  EXPECT_EQ(copied.change, Change::copied);
  const FilePatch mode = only_file("diff --git a/m b/m\nold mode 100644\nnew mode 100755\n");
  EXPECT_EQ(mode.change, Change::modified);
  EXPECT_EQ(mode.old_mode, 0100644U);
  EXPECT_EQ(mode.new_mode, 0100755U);
}

TEST(PatchParse, reads_a_plain_diff) {
  const FilePatch file = only_file(
      "--- a/x y.c\t2010-07-05 19:41:17.6 +0200\n+++ b/x y.c\t2010-07-06 19:41:17.6 +0200\n"
      "@@ -1 +1 @@\n-a\n+b\n");
  EXPECT_EQ(file.old_path, "x y.c");
  EXPECT_EQ(file.new_path, "x y.c");
  EXPECT_EQ(only_file("--- x.c.orig\n+++ x.c\n@@ -1 +1 @@\n-a\n+b\n").new_path, "x.c");
  EXPECT_EQ(only_file("--- x.c\n+++ x.c.new\n@@ -1 +1 @@\n-a\n+b\n").new_path, "x.c");
  const std::string_view bare = "--- x.c\n+++ x.c\n@@ -1 +1 @@\n-a\n+b\n";
  EXPECT_THAT(problem_of(bare, {.strip = 1, .strip_is_exact = true}),
              HasSubstr("1: no name of a file"));
  const std::string epoch = "\t1970-01-01 00:00:00.000000000 +0000\n";
  EXPECT_EQ(only_file("--- a/n" + epoch +
                      "+++ b/n\t2010-07-05 19:41:17 +0000\n"
                      "@@ -0,0 +1 @@\n+a\n")
                .change,
            Change::added);
  EXPECT_EQ(only_file("--- a/n\t2010-07-05 19:41:17 +0000\n+++ b/n" + epoch + "@@ -1 +0,0 @@\n-a\n")
                .change,
            Change::deleted);
  EXPECT_EQ(only_file("--- a/n\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n").change, Change::deleted);
  EXPECT_TRUE(only_file("--- a/n\n+++ b/n\n@@ -0,0 +1 @@\n+a\n").may_add);
  EXPECT_FALSE(only_file("--- a/n\n+++ b/n\n@@ -1 +1,2 @@\n a\n+b\n").may_add);
}

TEST(PatchParse, passes_over_what_stands_around_it) {
  const std::string text =
      "From 0123 Mon Sep 17 00:00:00 2001\nSubject: [PATCH] x\n\n---\n"
      " src/x.c | 2 +-\n 1 file changed\n\n" +
      std::string(modified) + "-- \n2.39.5\n\n" +
      "diff -ru a/y b/y\nIndex: y\n=====\nOnly in a: z\n" +
      "--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n\nBye\n";
  const Patch patch = parsed(text);
  ASSERT_EQ(patch.files.size(), 2U);
  EXPECT_EQ(patch.files[1].new_path, "y");
}

TEST(PatchParse, passes_over_the_header_of_a_file_that_was_only_touched) {
  EXPECT_EQ(only_file("diff --git a/t b/t\n" + std::string(modified)).new_path, "src/x.c");
  EXPECT_EQ(only_file(std::string(modified) + "diff --git a/t b/t\n").new_path, "src/x.c");
}

TEST(PatchParse, keeps_carriage_returns_and_missing_line_feeds) {
  const FilePatch file =
      only_file("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\r\n-b\n\\ No newline at end of file\n+b\n");
  const auto& lines = file.hunks.front().lines;
  EXPECT_EQ(lines[0].text, "a\r\n");
  EXPECT_EQ(lines[1].text, "b");
  EXPECT_EQ(lines[2].text, "b\n");
  const FilePatch mailed = only_file(
      "diff --git a/x b/x\r\n--- a/x\r\n+++ b/x\r\n"
      "@@ -1 +1 @@\r\n-a\r\n+b\r\n");
  EXPECT_EQ(mailed.new_path, "x");
}

TEST(PatchParse, takes_an_empty_line_for_an_empty_line_of_context) {
  const FilePatch file = only_file("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n\n-b\n+c\n");
  EXPECT_EQ(file.hunks.front().lines[0].text, "\n");
}

struct Refused {
  std::string_view text;
  std::string_view problem;
};

class PatchParseRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(PatchParseRefuses, and_names_the_line) {
  EXPECT_THAT(problem_of(GetParam().text), HasSubstr(std::string(GetParam().problem)));
}

INSTANTIATE_TEST_SUITE_P(
    , PatchParseRefuses,
    ::testing::Values(
        Refused{"", "1: it holds no diff"}, Refused{"just words\n", "1: it holds no diff"},
        Refused{"x\n@@ -1 +1 @@\n-a\n+b\n", "2: a hunk stands here without the header"},
        Refused{"--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\n",
                "5: the patch ends in the middle of the h"},
        Refused{"--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b",
                "5: the patch ends in the middle of a"},
        Refused{"--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\n+b\nx\n",
                "6: the hunk of line 3 ends too ea"},
        Refused{"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n-b\n+c\n", "5: the hunk of line 3 has more"},
        Refused{"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+c\n", "6: the hunk of line 3 has more"},
        Refused{"--- a/x\n+++ b/x\n@@ -1 +1 @@\n a\n", "3: the hunk changes nothing"},
        Refused{"--- a/x\n+++ b/x\n@@ -0,0 +0,0 @@\n", "3: the hunk changes nothing"},
        Refused{"--- a/x\n+++ b/x\n@@ -1 +1\n-a\n+b\n", "3: the header of the hunk is damaged"},
        Refused{"--- a/x\n+++ b/x\n@@ -99999999999999999999 +1 @@\n-a\n+b\n", "3: the header of"},
        Refused{"--- a/x\n+++ b/x\n@@ -1,18446744073709551615 +1 @@\n-a\n+b\n",
                "6: the patch ends"},
        Refused{"--- a/x\n+++ b/x\n@@ -1 +1 @@\n\\ No newline at end of file\n-a\n+b\n",
                "4: no line stands before"},
        Refused{"--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\n\\ No newline at end of file\n-b\n+c\n",
                "5: a line without a line feed is not the last"},
        Refused{"diff --git a/x b/x\nindex 1..2\n", "1: \"x\" has a header, but nothing that"},
        Refused{"diff --git a/x b/x\nld mode 100644\nnew mode 100755\n", "2: this is no line of a"},
        Refused{"diff --git a/x b/y\nindex 1..2\n", "1: the header does not tell the name"},
        Refused{"diff --git a/x b/y\nrename from x\n", "1: the header does not tell the name"},
        Refused{"diff --git a/x b/y\n--- a/x\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n",
                "without saying tha"},
        Refused{"diff --git a/x b/x\n--- a/y\n--- a/z\n", "3: the name \"z\" differs from \"y\""},
        Refused{"diff --git a/x b/x\nnew file mode 100644\n--- a/x\n", "3: /dev/null was expected"},
        Refused{"diff --git a/x b/x\nnew file mode 100644\ndeleted file mode 100644\n",
                "3: it contradicts"},
        Refused{"diff --git a/x b/x\n--- /dev/null\nnew file mode 100644\n",
                "1: the header names a f"},
        Refused{"diff --git a/x b/x\nold mode 12x\nnew mode 100644\n",
                "2: \"12x\" is not the mode"},
        Refused{"diff --git a/x b/x\nnew file mode 120000\n", "2: it is a symbolic link"},
        Refused{"diff --git a/x b/x\nindex 1..2 160000\n", "2: it is a submodule"},
        Refused{"diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -1 +1 @@\n"
                "-a\n+b\n",
                "1: \"x\" is new, but has old lines"},
        Refused{"--- a/x\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "1: \"x\" is deleted, but keeps"},
        Refused{"diff --git a/i.png b/i.png\nindex 1..2 100644\nGIT binary patch\nliteral 1\n",
                "3: \"i.png\" is a binary file"},
        Refused{"diff --git a/i.png b/i.png\nindex 1..2 100644\nBinary files a/i.png and b/i.png "
                "differ\n",
                "3: \"i.png\" is a binary file"},
        Refused{"Binary files a/i.png and b/i.png differ\n", "1: it says that binary files diff"}));

TEST(PatchParse, makes_nothing_of_half_a_patch) {
  const std::string whole = std::string(modified) + std::string(modified);
  std::size_t accepted = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    if (const auto patch = parse(std::string_view(whole).substr(0, size))) {
      ++accepted;
      EXPECT_EQ(patch->files.front().hunks.size(), 1U) << size;
    }
  }
  // The second header as words behind a whole patch, until it is known to be one.
  EXPECT_LT(accepted, modified.size());
  EXPECT_EQ(problem_of(std::string_view(modified).substr(0, modified.size() - 1)),
            "9: the patch ends in the middle of a line");
}

TEST(PatchReverse, twice_is_the_patch_itself) {
  const std::string text = std::string(modified) +
                           "diff --git a/o b/n\nold mode 100644\nnew mode 100755\n"
                           "rename from o\nrename to n\n"
                           "diff --git a/d b/d\ndeleted file mode 100644\n";
  Patch patch = parsed(text);
  ASSERT_FALSE(reverse(patch));
  ASSERT_EQ(patch.files.size(), 3U);
  EXPECT_EQ(patch.files[0].change, Change::added);
  EXPECT_EQ(patch.files[0].new_path, "d");
  EXPECT_EQ(patch.files[0].new_mode, 0100644U);
  EXPECT_EQ(patch.files[1].old_path, "n");
  EXPECT_EQ(patch.files[1].new_path, "o");
  EXPECT_EQ(patch.files[1].old_mode, 0100755U);
  EXPECT_EQ(patch.files[2].old_mode, 0100755U) << "of an index line: it stays";
  EXPECT_EQ(patch.files[2].hunks.front().lines[1].kind, LineKind::added);
  ASSERT_FALSE(reverse(patch));
  EXPECT_EQ(patch.files[2].change, Change::deleted);
  EXPECT_EQ(patch.files[0].hunks.front().lines[1].kind, LineKind::removed);
}

TEST(PatchReverse, of_a_copy_is_refused) {
  Patch patch = parsed("diff --git a/o b/c\ncopy from o\ncopy to c\n");
  const auto problem = reverse(patch);
  ASSERT_TRUE(problem);
  EXPECT_THAT(problem->message, HasSubstr("\"c\" is a copy"));
}

TEST(PatchPaths, that_lead_out_or_into_folders_of_tools_are_refused) {
  for (const std::string_view path : {"",
                                      "/etc/passwd",
                                      "..",
                                      "../x",
                                      "a/../b",
                                      "a/..",
                                      "./a",
                                      "a//b",
                                      "a/",
                                      ".git",
                                      "a/.git/hooks",
                                      ".GIT/config",
                                      ".git./x",
                                      ".git /x",
                                      "git~1/x",
                                      ".g\xE2\x80\x8Cit/x",
                                      ".untorn/lock",
                                      "a/.Untorn/x",
                                      ".git::$INDEX_ALLOCATION/x",
                                      ".git:x",
                                      ".git\\config",
                                      "a\\.GIT\\config",
                                      ".untorn\\lock"}) {
    EXPECT_NE(check_path(path), "") << path;
  }
  EXPECT_NE(check_path(std::string("a\0b", 3)), "");
  EXPECT_NE(check_path(std::string(4096, 'a')), "");
  for (const std::string_view path :
       {"a", ".github/x", ".gitignore", "a/..b", "...", "a b/ü", "a:b", "a\\b"}) {
    EXPECT_EQ(check_path(path), "") << path;
  }
}

}  // namespace
}  // namespace untorn::patch
