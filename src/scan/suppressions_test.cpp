// SPDX-License-Identifier: Apache-2.0
#include "scan/suppressions.h"

#include <gtest/gtest.h>

namespace untorn::scan {
namespace {

using rules::RuleId;

languages::Range lines(std::uint32_t first, std::uint32_t last) {
  return {.span = {}, .first = {.line = first, .column = 5}, .last = {.line = last, .column = 9}};
}

std::vector<Suppressions::Idle> all_idle(const Suppressions& suppressions) {
  return suppressions.idle([](RuleId) { return true; });
}

TEST(suppressions, on_a_line_of_the_call_it_silences_the_rule_it_names) {
  for (const char* text : {"untorn: allow UT001", " untorn: allow truncate-write -- rebuilt",
                           "untorn:allow UT002, UT001--x", "untorn: allow ut001",
                           "untorn: allow UT001  # noqa", "untorn: allow UT001 # noqa -- x"}) {
    const std::vector<languages::Comment> comments = {{.line = 7, .text = text}};
    Suppressions suppressions(comments);
    EXPECT_FALSE(suppressions.silence(RuleId::lossy_recovery, lines(7, 7))) << text;
    EXPECT_FALSE(suppressions.silence(RuleId::truncate_write, lines(8, 9))) << text;
    EXPECT_TRUE(suppressions.silence(RuleId::truncate_write, lines(6, 8))) << text;
  }
}

TEST(suppressions, alone_on_its_line_it_speaks_of_the_line_below) {
  const std::vector<languages::Comment> comments = {
      {.line = 3, .text = "untorn: allow UT001 -- a", .alone = true},
      {.line = 4, .text = "untorn: allow UT014 -- b", .alone = true}};
  Suppressions suppressions(comments);
  EXPECT_TRUE(suppressions.silence(RuleId::truncate_write, lines(5, 5)));
  EXPECT_TRUE(suppressions.silence(RuleId::lossy_recovery, lines(5, 5)));
  EXPECT_FALSE(suppressions.silence(RuleId::truncate_write, lines(6, 6)));
  EXPECT_TRUE(all_idle(suppressions).empty());
}

TEST(suppressions, behind_other_code_it_does_not_reach_the_next_line) {
  const std::vector<languages::Comment> comments = {{.line = 3, .text = "untorn: allow UT001"}};
  Suppressions suppressions(comments);
  EXPECT_FALSE(suppressions.silence(RuleId::truncate_write, lines(4, 4)));
  ASSERT_EQ(all_idle(suppressions).size(), 1U);
  EXPECT_EQ(all_idle(suppressions)[0].line, 3U);
  EXPECT_EQ(all_idle(suppressions)[0].rule, "UT001");
}

TEST(suppressions, an_unknown_rule_is_reported_with_the_nearest) {
  const std::vector<languages::Comment> comments = {
      {.line = 1, .text = "untorn: allow truncate-wrote -- x"},
      {.line = 2, .text = "untorn: allow UT999"},
      {.line = 3, .text = "untorn: allow -- why"}};
  const auto idle = all_idle(Suppressions(comments));
  ASSERT_EQ(idle.size(), 3U);
  EXPECT_NE(idle[0].reason.find("did you mean truncate-write?"), std::string::npos);
  EXPECT_NE(idle[1].reason.find("no such rule"), std::string::npos);
  EXPECT_EQ(idle[2].reason, "names no rule");
}

TEST(suppressions, a_reason_can_be_required) {
  const std::vector<languages::Comment> comments = {
      {.line = 1, .text = "untorn: allow UT001"},
      {.line = 2, .text = "untorn: allow UT001 --  "},
      {.line = 3, .text = "untorn: allow UT001 -- the file is rebuilt"}};
  Suppressions suppressions(comments, true);
  EXPECT_FALSE(suppressions.silence(RuleId::truncate_write, lines(1, 2)));
  EXPECT_TRUE(suppressions.silence(RuleId::truncate_write, lines(3, 3)));
  EXPECT_EQ(all_idle(suppressions).size(), 2U);
}

TEST(suppressions, of_a_rule_that_was_not_judged_nobody_says_it_is_idle) {
  const std::vector<languages::Comment> comments = {{.line = 1, .text = "untorn: allow UT001"}};
  const Suppressions suppressions(comments);
  EXPECT_TRUE(
      suppressions.idle([](RuleId rule) { return rule != RuleId::truncate_write; }).empty());
}

TEST(suppressions, other_comments_are_not_ours) {
  const std::vector<languages::Comment> comments = {{.line = 1, .text = "see untorn: allow UT001"},
                                                    {.line = 2, .text = "untorn is fine"}};
  EXPECT_TRUE(all_idle(Suppressions(comments)).empty());
}

}  // namespace
}  // namespace untorn::scan
