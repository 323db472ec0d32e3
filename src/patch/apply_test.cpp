// SPDX-License-Identifier: Apache-2.0
#include "patch/apply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "patch/parse.h"
#include "patch/unified_diff.h"

namespace untorn::patch {
namespace {

using ::testing::HasSubstr;

std::string numbered(int first, int last) {
  std::string text;
  for (int line = first; line <= last; ++line) text += "line " + std::to_string(line) + "\n";
  return text;
}

// The new content, or "misfit: MESSAGE" of each hunk that does not fit.
std::string applied(std::string_view content, std::string_view hunks) {
  const std::string text = "--- a/x\n+++ b/x\n" + std::string(hunks);
  const auto patch = parse(text);
  if (!patch) return "not parsed: " + patch.error().message;
  const auto result = apply_hunks(content, patch->files.front().hunks);
  if (result) return *result;
  std::string problems;
  for (const Misfit& misfit : result.error()) {
    problems += "misfit: " + misfit.message + " (" + std::to_string(misfit.line) + ")\n";
  }
  return problems;
}

constexpr std::string_view middle = "@@ -4,3 +4,3 @@\n line 4\n-line 5\n+five\n line 6\n";

TEST(PatchApply, changes_the_lines_that_it_names) {
  EXPECT_EQ(applied(numbered(1, 9), middle), numbered(1, 4) + "five\n" + numbered(6, 9));
}

TEST(PatchApply, finds_a_hunk_that_has_moved) {
  EXPECT_EQ(applied("new\n" + numbered(1, 9), middle),
            "new\n" + numbered(1, 4) + "five\n" + numbered(6, 9));
  EXPECT_EQ(applied(numbered(3, 9), middle), numbered(3, 4) + "five\n" + numbered(6, 9));
  std::string far;
  for (int line = 0; line < 5000; ++line) far += "far " + std::to_string(line) + "\n";
  EXPECT_EQ(applied(far + numbered(1, 9), middle),
            far + numbered(1, 4) + "five\n" + numbered(6, 9));
}

TEST(PatchApply, takes_the_nearest_place_and_of_two_the_one_below) {
  const std::string block = "line 4\nline 5\nline 6\n";
  const std::string done = "line 4\nfive\nline 6\n";
  EXPECT_EQ(applied("0\n" + block + "x\n" + block, middle), "0\n" + block + "x\n" + done)
      << "lines 2 and 6, and 4 is wanted: the same distance";
  EXPECT_EQ(applied(block + "x\nx\n" + block, middle), block + "x\nx\n" + done);
  EXPECT_EQ(applied("0\n0\n" + block + "x\n" + block, middle), "0\n0\n" + done + "x\n" + block);
}

TEST(PatchApply, ignores_nothing) {
  EXPECT_THAT(applied("line 4 \nline 5\nline 6\n", middle),
              HasSubstr("line 1 should be \"line 4\", but is \"line 4 \" (1)"));
  EXPECT_THAT(applied("1\n2\n3\nline 4\r\nline 5\r\n", middle), HasSubstr("is \"line 4\\r\""));
}

TEST(PatchApply, keeps_to_the_ends_of_the_file_where_context_is_missing) {
  const std::string_view first = "@@ -1,2 +1,3 @@\n+zero\n one\n two\n";
  EXPECT_EQ(applied("one\ntwo\nthree\n", first), "zero\none\ntwo\nthree\n");
  EXPECT_THAT(applied("x\none\ntwo\n", first), HasSubstr("belongs to the beginning of the file"));
  const std::string_view last = "@@ -2,2 +2,3 @@\n two\n three\n+four\n";
  EXPECT_EQ(applied("one\ntwo\nthree\n", last), "one\ntwo\nthree\nfour\n");
  EXPECT_EQ(applied("two\nthree\n", last), "two\nthree\nfour\n");
  EXPECT_THAT(applied("one\ntwo\nthree\nx\n", last), HasSubstr("belongs to the end of the file"));
}

TEST(PatchApply, tells_a_missing_line_feed_from_one_that_is_there) {
  const std::string_view cut = "@@ -1,2 +1,2 @@\n-one\n+ONE\n two\n\\ No newline at end of file\n";
  EXPECT_EQ(applied("one\ntwo", cut), "ONE\ntwo");
  EXPECT_THAT(applied("one\ntwo\n", cut), HasSubstr("should be \"two\" without a line feed"));
  EXPECT_THAT(applied("one\ntwo\nthree\n", cut), HasSubstr("without a line feed"))
      << "git would make \"twothree\" of it";
  const std::string_view mended =
      "@@ -1,2 +1,2 @@\n one\n-two\n\\ No newline at end of file\n+two\n";
  EXPECT_EQ(applied("one\ntwo", mended), "one\ntwo\n");
}

TEST(PatchApply, takes_a_hunk_without_any_old_line_at_the_end_alone) {
  EXPECT_EQ(applied("", "@@ -0,0 +1,2 @@\n+a\n+b\n"), "a\nb\n");
  EXPECT_THAT(applied("x\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"), HasSubstr("should be empty"));
  EXPECT_EQ(applied(numbered(1, 3), "@@ -3,0 +4 @@\n+a\n"), numbered(1, 3) + "a\n");
  EXPECT_THAT(applied(numbered(1, 9), "@@ -3,0 +4 @@\n+a\n"), HasSubstr("no line to compare"))
      << "git would append it";
  EXPECT_THAT(applied("1\n2\n3", "@@ -3,0 +4 @@\n+a\n"), HasSubstr("no line to compare"))
      << "it would become part of the last line";
}

TEST(PatchApply, lets_no_hunk_touch_what_another_one_has_touched) {
  const std::string twice =
      "@@ -4,3 +4,3 @@\n line 4\n-line 5\n+five\n line 6\n"
      "@@ -6,3 +6,3 @@\n line 6\n-line 7\n+seven\n line 8\n";
  EXPECT_THAT(applied(numbered(1, 9), twice), HasSubstr("another hunk has changed"));
}

TEST(PatchApply, shows_every_hunk_that_does_not_fit_and_where) {
  const std::string two =
      std::string(middle) + "@@ -14,3 +14,3 @@\n line 14\n-line 15\n+x\n line 16\n";
  EXPECT_EQ(
      applied(numbered(1, 4) + "other\n" + numbered(6, 14) + "last\n" + numbered(16, 20), two),
      "misfit: hunk 1 does not fit: line 5 should be \"line 5\", but is \"other\" (5)\n"
      "misfit: hunk 2 does not fit: line 15 should be \"line 15\", but is \"last\" (15)\n");
  EXPECT_THAT(applied(numbered(1, 5), middle), HasSubstr("but the file has 5 lines"));
  EXPECT_THAT(applied("", middle), HasSubstr("but the file has 0 lines"));
  EXPECT_THAT(applied(numbered(1, 4) + "five\n" + numbered(6, 9), middle),
              HasSubstr("what it makes stands at line 4 already"));
  EXPECT_THAT(applied("1\n2\n3\n" + std::string(1000, 'x') + "\n", middle), HasSubstr("xx…\""));
}

// Few different lines, so that there are many places that nearly fit.
std::string some_text() {
  const auto lines = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4));
  std::string text;
  for (const int line : lines) text += "line " + std::to_string(line) + "\n";
  if (!text.empty() && *rc::gen::inRange(0, 4) == 0) text.pop_back();
  return text;
}

RC_GTEST_PROP(PatchApply, makes_what_the_diff_was_made_of_and_back, ()) {
  const std::string before = some_text();
  const std::string after = some_text();
  RC_PRE(before != after);
  const std::string diff = unified_diff({.path = "x", .before = before, .after = after});
  auto patch = parse(diff);
  RC_ASSERT(patch.has_value());
  const auto forth = apply_hunks(before, patch->files.front().hunks);
  RC_ASSERT(forth.has_value());
  RC_ASSERT(*forth == after);
  RC_ASSERT(!reverse(*patch).has_value());
  const auto back = apply_hunks(after, patch->files.front().hunks);
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == before);
}

// The search written in the simplest way: the definition of B2.
std::string applied_simply(const std::vector<std::string>& lines, const Hunk& hunk) {
  std::vector<std::string> before;
  std::vector<std::string> after;
  for (const Line& line : hunk.lines) {
    if (line.kind != LineKind::added) before.emplace_back(line.text);
    if (line.kind != LineKind::removed) after.emplace_back(line.text);
  }
  const auto fits = [&](std::size_t at) {
    if (at + before.size() > lines.size()) return false;
    if (hunk.before.begin <= 1 && at != 0) return false;
    if (hunk.trailing == 0 && at + before.size() != lines.size()) return false;
    return std::equal(before.begin(), before.end(), lines.begin() + static_cast<long>(at));
  };
  const std::size_t wanted = hunk.after.begin == 0 ? 0 : hunk.after.begin - 1;
  for (std::size_t distance = 0; distance <= lines.size() + wanted; ++distance) {
    for (const std::size_t at : {wanted + distance, wanted - distance}) {
      if ((at < wanted && distance > wanted) || at > lines.size() || !fits(at)) continue;
      std::string text;
      for (std::size_t each = 0; each < at; ++each) text += lines[each];
      for (const std::string& line : after) text += line;
      for (std::size_t each = at + before.size(); each < lines.size(); ++each) text += lines[each];
      return text;
    }
  }
  return "misfit";
}

RC_GTEST_PROP(PatchApply, of_one_hunk_finds_the_place_that_trying_all_finds, ()) {
  const auto numbers = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 3));
  std::vector<std::string> lines;
  std::string content;
  for (const int number : numbers) content += lines.emplace_back(std::to_string(number) + "\n");
  const auto size = *rc::gen::inRange(1, 5);
  const auto position = *rc::gen::inRange(1, 200);
  std::string hunk = "@@ -" + std::to_string(position) + "," + std::to_string(size) + " +" +
                     std::to_string(position) + "," + std::to_string(size) + " @@\n";
  const auto changed = *rc::gen::inRange(0, size);
  for (int line = 0; line < size; ++line) {
    const std::string text = std::to_string(*rc::gen::inRange(0, 3)) + "\n";
    hunk += line == changed ? "-" + text + "+new\n" : " " + text;
  }
  const std::string text = "--- a/x\n+++ b/x\n" + hunk;
  const auto patch = parse(text);
  RC_ASSERT(patch.has_value());
  const auto result = apply_hunks(content, patch->files.front().hunks);
  RC_ASSERT((result ? *result : "misfit") ==
            applied_simply(lines, patch->files.front().hunks.front()));
}

}  // namespace
}  // namespace untorn::patch
