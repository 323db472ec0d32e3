// SPDX-License-Identifier: Apache-2.0
//
// docs/internals/hard-cases.md says what becomes of each case: every number is there once, every
// test that it names exists, and every test of a case is named.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace untorn {
namespace {

constexpr unsigned cases_total = 55;

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::set<std::string> all_matches(const std::string& text, const std::regex& pattern) {
  std::set<std::string> found;
  for (std::sregex_iterator each(text.begin(), text.end(), pattern), end; each != end; ++each) {
    found.insert((*each)[1].str());
  }
  return found;
}

std::set<std::string> tests_that_exist() {
  std::set<std::string> names;
  const std::regex declaration(R"(TEST\(HardCases, (case_\d\d_\w+)\))");
  for (const auto& entry : std::filesystem::directory_iterator(UNTORN_CASES_FOLDER)) {
    if (entry.path().extension() != ".cpp") continue;
    names.merge(all_matches(text_of(entry.path()), declaration));
  }
  return names;
}

TEST(HardCasesTable, every_case_has_one_line_and_a_test_or_a_reason) {
  const std::string table = text_of(UNTORN_CASES_TABLE);
  ASSERT_FALSE(table.empty()) << UNTORN_CASES_TABLE;
  std::vector<unsigned> lines_of(cases_total + 1);
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    std::smatch row;
    if (!std::regex_match(line, row, std::regex(R"(\| (\d+) \| (.+) \| (.+) \| (.+) \|)")))
      continue;
    const auto number = static_cast<unsigned>(std::stoul(row[1].str()));
    ASSERT_GE(number, 1U);
    ASSERT_LE(number, cases_total);
    ++lines_of[number];
    const std::string evidence = row[4].str();
    const std::string prefix = "`case_" + std::string(number < 10 ? "0" : "") + row[1].str() + "_";
    const bool named = evidence.find(prefix) != std::string::npos;
    EXPECT_TRUE(named || evidence.starts_with("none: ")) << line;
  }
  for (unsigned number = 1; number <= cases_total; ++number) {
    EXPECT_EQ(lines_of[number], 1U) << "case " << number;
  }
}

TEST(HardCasesTable, it_names_the_tests_that_there_are) {
  const std::set<std::string> named =
      all_matches(text_of(UNTORN_CASES_TABLE), std::regex(R"(`(case_\d\d_\w+)`)"));
  const std::set<std::string> existing = tests_that_exist();
  EXPECT_GT(existing.size(), 50U);
  EXPECT_EQ(named, existing);
}

}  // namespace
}  // namespace untorn
