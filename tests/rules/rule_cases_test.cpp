// SPDX-License-Identifier: Apache-2.0
//
// The rules on Python sources, each case from Markdown to findings.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "languages/language.h"
#include "rules/link.h"
#include "rules/rule.h"
#include "tests/rules/case_file.h"

namespace untorn::tests {

// For gtest, which else prints bytes.
void PrintTo(const RuleCase& rule_case, std::ostream* out) {
  *out << rule_case.file << ".md line " << rule_case.line << ": " << rule_case.title;
}

namespace {

using rules::Finding;

std::vector<RuleCase> all_cases() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(UNTORN_RULE_CASES))
    if (entry.path().extension() == ".md") files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<RuleCase> cases;
  for (const auto& file : files) {
    std::vector<RuleCase> found = read_cases(file);
    cases.insert(cases.end(), found.begin(), found.end());
  }
  return cases;
}

std::vector<rules::SourceFacts> read_sources(const RuleCase& rule_case) {
  std::vector<rules::SourceFacts> files;
  for (const CaseSource& source : rule_case.sources) {
    auto facts = languages::python().read(source.path, source.text);
    if (facts)
      files.push_back({source.path, *std::move(facts)});
    else
      ADD_FAILURE() << source.path << ": " << facts.error().reason;
  }
  return files;
}

std::string rules_of(const Finding& finding) {
  std::string text(rules::rule(finding.rule).code);
  for (const rules::RuleId id : finding.also) text += '+' + std::string(rules::rule(id).code);
  return text;
}

struct Found {
  std::string path;
  Finding finding;
};

std::string describe(const Found& found) {
  const Finding& finding = found.finding;
  return found.path + ':' + std::to_string(finding.range.first.line) + ": " + rules_of(finding) +
         ' ' + std::string(to_string(finding.severity)) + ' ' +
         std::string(to_string(finding.role)) + " -- " + finding.why;
}

std::string describe(const Expectation& expected) {
  return expected.path + ':' + std::to_string(expected.line) + ": " + expected.rules + ' ' +
         expected.severity + ' ' + expected.role + " -- " + expected.why;
}

bool matches(const Expectation& expected, const Found& found) {
  const Finding& finding = found.finding;
  return expected.path == found.path && expected.line == finding.range.first.line &&
         expected.rules == rules_of(finding) && expected.severity == to_string(finding.severity) &&
         expected.role == to_string(finding.role) &&
         finding.why.find(expected.why) != std::string::npos;
}

bool sees_a_write(const std::vector<rules::SourceFacts>& files) {
  using languages::OperationKind;
  return std::ranges::any_of(files, [](const rules::SourceFacts& file) {
    return !file.facts.recovery_flaws.empty() ||
           std::ranges::any_of(file.facts.operations, [](const languages::Operation& operation) {
             return operation.mode_parameter >= 0 || (operation.kind != OperationKind::read &&
                                                      operation.kind != OperationKind::unlink);
           });
  });
}

class RuleCases : public testing::TestWithParam<RuleCase> {};

TEST_P(RuleCases, findings_are_those_that_the_comments_say) {
  const RuleCase& rule_case = GetParam();
  const std::vector<rules::SourceFacts> files = read_sources(rule_case);
  std::vector<Found> found;
  for (const auto& file : link(files, {.atomic_writers = rule_case.atomic_writers}))
    for (Finding& finding : judge(file, {.include_tests = rule_case.include_tests}))
      found.push_back({file.source.path, std::move(finding)});
  std::vector<Expectation> expected;
  for (const CaseSource& source : rule_case.sources)
    for (Expectation& one : expectations_of(source)) expected.push_back(std::move(one));

  ASSERT_FALSE(rule_case.sources.empty()) << "the case has no source";
  EXPECT_EQ(sees_a_write(files), !rule_case.unseen) << "what is silent must be seen first";
  for (const Expectation& one : expected) {
    const auto place =
        std::ranges::find_if(found, [&](const Found& each) { return matches(one, each); });
    if (place == found.end())
      ADD_FAILURE() << "missing: " << describe(one);
    else
      found.erase(place);
  }
  for (const Found& one : found) ADD_FAILURE() << "not expected: " << describe(one);
}

std::string test_name(const testing::TestParamInfo<RuleCase>& info) {
  std::string name;
  for (const char letter : info.param.file + '_' + info.param.title) {
    const bool fits = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9');
    if (fits || name.empty() || name.back() != '_') name += fits ? letter : '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Markdown, RuleCases, testing::ValuesIn(all_cases()), test_name);

TEST(RuleCaseFiles, every_rule_has_cases_that_hold_and_cases_that_are_silent) {
  std::map<std::string, std::set<bool>> seen;
  for (const RuleCase& rule_case : all_cases()) {
    bool holds = false;
    for (const CaseSource& source : rule_case.sources)
      holds = holds || !expectations_of(source).empty();
    seen[rule_case.file].insert(holds);
  }
  for (const rules::Rule& rule : rules::all_rules()) {
    const std::string file = std::string(rule.code) + '-' + std::string(rule.name);
    EXPECT_EQ(seen[file], (std::set<bool>{false, true})) << file;
  }
}

}  // namespace
}  // namespace untorn::tests
