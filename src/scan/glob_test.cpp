// SPDX-License-Identifier: Apache-2.0
#include "scan/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace untorn::scan {
namespace {

bool matches(std::string_view pattern, std::string_view path, bool is_directory = false) {
  const auto glob = Glob::parse(pattern);
  return glob && glob->matches(path, is_directory);
}

TEST(glob, a_pattern_without_slash_speaks_of_the_last_component) {
  EXPECT_TRUE(matches("*.py", "a/b/c.py"));
  EXPECT_TRUE(matches("c.py", "a/b/c.py"));
  EXPECT_FALSE(matches("b", "a/b/c.py"));
  EXPECT_FALSE(matches("*.py", "a/b.py/c"));
}

TEST(glob, a_slash_ties_the_pattern_to_its_folder) {
  EXPECT_TRUE(matches("/a.py", "a.py"));
  EXPECT_FALSE(matches("/a.py", "x/a.py"));
  EXPECT_TRUE(matches("a/*.py", "a/b.py"));
  EXPECT_FALSE(matches("a/*.py", "a/b/c.py"));
  EXPECT_FALSE(matches("a/*.py", "x/a/b.py"));
}

TEST(glob, two_stars_stand_for_folders) {
  EXPECT_TRUE(matches("**/a.py", "a.py"));
  EXPECT_TRUE(matches("**/a.py", "x/y/a.py"));
  EXPECT_FALSE(matches("**/a.py", "xa.py"));
  EXPECT_TRUE(matches("a/**/b", "a/b"));
  EXPECT_TRUE(matches("a/**/b", "a/x/y/b"));
  EXPECT_FALSE(matches("a/**/b", "axb"));
  EXPECT_TRUE(matches("a/**", "a/x/y"));
  EXPECT_FALSE(matches("a/**", "a"));
  EXPECT_FALSE(matches("a/x**", "a/x/y"));
}

TEST(glob, a_slash_at_the_end_asks_for_a_folder) {
  EXPECT_TRUE(matches("build/", "x/build", true));
  EXPECT_FALSE(matches("build/", "x/build", false));
}

TEST(glob, sets_ranges_classes_and_their_negation_never_match_a_slash) {
  EXPECT_TRUE(matches("[a-c]x", "bx"));
  EXPECT_FALSE(matches("[a-c]x", "dx"));
  EXPECT_TRUE(matches("[!a-c]x", "dx"));
  EXPECT_TRUE(matches("[^a-c]x", "dx"));
  EXPECT_TRUE(matches("[]x]", "]"));
  EXPECT_TRUE(matches("[[:digit:]]", "7"));
  EXPECT_FALSE(matches("[[:digit:]]", "x"));
  EXPECT_TRUE(matches("[a\\]]", "]"));
  EXPECT_TRUE(matches("[a-]", "-"));
  EXPECT_FALSE(matches("a[!x]b/c", "a/b/c"));
}

TEST(glob, what_is_broken_never_matches) {
  for (const char* pattern : {"[a", "[", "a\\", "[[:nothing:]]", "[[:digit"}) {
    EXPECT_FALSE(matches(pattern, "a")) << pattern;
    EXPECT_FALSE(matches(pattern, pattern)) << pattern;
  }
}

TEST(glob, comments_blanks_and_escapes_are_those_of_git) {
  EXPECT_FALSE(Glob::parse("# note").has_value());
  EXPECT_FALSE(Glob::parse("").has_value());
  EXPECT_FALSE(Glob::parse("   ").has_value());
  EXPECT_TRUE(matches("\\#a", "#a"));
  EXPECT_TRUE(matches("a ", "a"));
  EXPECT_TRUE(matches("a\\ ", "a "));
  EXPECT_TRUE(matches("\\!a", "!a"));
  EXPECT_TRUE(Glob::parse("!a")->negated());
}

TEST(glob, the_last_pattern_that_matches_decides) {
  const auto globs = parse_globs("\xEF\xBB\xBF*.py\r\n!keep.py\n# x\n\nkeep.py/\n");
  ASSERT_EQ(globs.size(), 3U);
  EXPECT_EQ(judge(globs, "a.py", false), Verdict::excluded);
  EXPECT_EQ(judge(globs, "keep.py", false), Verdict::included);
  EXPECT_EQ(judge(globs, "keep.py", true), Verdict::excluded);
  EXPECT_EQ(judge(globs, "a.txt", false), Verdict::silent);
}

TEST(glob, a_file_below_a_named_folder_is_within) {
  const auto glob = Glob::parse("util/**");
  EXPECT_TRUE(glob->matches_within("util/a/b.py"));
  EXPECT_TRUE(Glob::parse("util/")->matches_within("x/util/a/b.py"));
  EXPECT_FALSE(Glob::parse("util/")->matches_within("tools"));
}

// With backtracking this pattern takes longer than anybody waits.
TEST(glob, a_hostile_pattern_ends) {
  std::string pattern;
  for (int each = 0; each < 60; ++each) pattern += "*a**/";
  pattern += "b";
  EXPECT_FALSE(matches(pattern, std::string(20'000, 'a')));
  EXPECT_FALSE(matches("*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(20'000, 'a')));
}

}  // namespace
}  // namespace untorn::scan
