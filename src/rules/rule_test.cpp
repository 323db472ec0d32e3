// SPDX-License-Identifier: Apache-2.0
#include "rules/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace untorn::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Rules, codes_and_names_are_those_of_the_contract_worst_first) {
  std::vector<std::string> names;
  for (const Rule& rule : all_rules())
    names.push_back(std::string(rule.code) + ' ' + std::string(rule.name));
  EXPECT_THAT(names,
              ElementsAre("UT001 truncate-write", "UT012 copy-onto-target", "UT010 in-place-update",
                          "UT002 append-torn", "UT003 rename-without-fsync", "UT005 temp-collision",
                          "UT004 directory-not-synced", "UT014 lossy-recovery"));
}

TEST(Rules, find_rule_takes_code_and_name_in_any_case) {
  for (const Rule& each : all_rules()) {
    EXPECT_EQ(find_rule(each.code), &each);
    EXPECT_EQ(find_rule(each.name), &each);
    EXPECT_EQ(&rule(each.id), &each);
  }
  ASSERT_NE(find_rule("ut001"), nullptr);
  EXPECT_EQ(find_rule("Truncate-Write"), find_rule("ut001"));
  EXPECT_EQ(find_rule("UT999"), nullptr);
  EXPECT_EQ(find_rule(""), nullptr);
  EXPECT_EQ(find_rule("UT00"), nullptr);
}

TEST(Rules, code_holds_the_number_of_the_rule) {
  for (const Rule& each : all_rules()) {
    std::ostringstream number;
    number << "UT0" << (static_cast<int>(each.id) < 10 ? "0" : "") << static_cast<int>(each.id);
    EXPECT_EQ(each.code, number.str());
  }
}

TEST(Rules, every_explanation_says_what_breaks_the_cure_and_when_it_is_silent) {
  for (const Rule& rule : all_rules()) {
    const std::string text = explain(rule);
    for (const char* part : {"## What breaks", "## Example", "```python", "## Cure", "## Silent",
                             "## Suppress", "power cut", "kill"})
      EXPECT_THAT(text, HasSubstr(part)) << rule.code;
    EXPECT_THAT(text, HasSubstr("# untorn: allow " + std::string(rule.code) + " -- "));
    EXPECT_TRUE(text.starts_with("# " + std::string(rule.code) + ' ' + std::string(rule.name)));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 110U) << line;
  }
}

TEST(Rules, summaries_are_one_short_line) {
  for (const Rule& rule : all_rules()) {
    EXPECT_FALSE(rule.summary.empty());
    EXPECT_LE(rule.summary.size(), 80U) << rule.summary;
    EXPECT_EQ(rule.summary.find('\n'), std::string_view::npos);
    EXPECT_FALSE(rule.summary.ends_with('.')) << rule.summary;
  }
}

TEST(Rules, reference_page_is_what_the_rules_say) {
  std::ifstream stream(UNTORN_RULES_PAGE);
  const std::string page{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const std::string expected = reference_page();
  if (page == expected) return;
  const std::string written = testing::TempDir() + "rules.md";
  std::ofstream(written) << expected;
  FAIL() << UNTORN_RULES_PAGE << " differs from the rules; what it should hold is in " << written;
}

TEST(Names, severities_roles_and_grades_are_those_of_the_report) {
  EXPECT_EQ(to_string(Severity::low), "low");
  EXPECT_EQ(to_string(Severity::critical), "critical");
  EXPECT_EQ(to_string(Role::state), "state");
  EXPECT_EQ(to_string(Role::unknown), "unknown");
  EXPECT_EQ(to_string(languages::RewriteGrade::display), "display");
  std::set<std::string_view> names;
  for (int role = 0; role <= static_cast<int>(Role::unknown); ++role)
    names.insert(to_string(static_cast<Role>(role)));
  EXPECT_EQ(names.size(), 13U);
}

}  // namespace
}  // namespace untorn::rules
