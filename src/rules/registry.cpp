// SPDX-License-Identifier: Apache-2.0
#include "rules/registry.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "base/assert.h"

namespace untorn::rules {
namespace {

bool equals(std::string_view left, std::string_view right) {
  const auto lower = [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  };
  return std::ranges::equal(left, right, {}, lower, lower);
}

constexpr std::string_view suppression = R"(
## Suppress

On the line or the line above, in a comment, with the reason:

)";

std::string anchor(const Rule& rule) {
  std::string text = std::string(rule.code) + '-' + std::string(rule.name);
  for (char& letter : text)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

// Headings of a page become those of a section; comments in its examples stay.
std::string one_level_down(const std::string& page) {
  std::istringstream lines(page);
  std::string text;
  bool in_example = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) in_example = !in_example;
    if (!in_example && line.starts_with('#')) text += '#';
    text += line + '\n';
  }
  return text;
}

}  // namespace

std::span<const Rule> all_rules() {
  // What loses the whole content comes before what loses a part of it, a power cut's harm after a
  // kill's.
  static const std::vector<Rule> rules = {truncate_write_rule,       copy_onto_target_rule,
                                          in_place_update_rule,      append_torn_rule,
                                          rename_without_fsync_rule, temp_collision_rule,
                                          directory_not_synced_rule, lossy_recovery_rule};
  return rules;
}

const Rule* find_rule(std::string_view code_or_name) {
  const auto rules = all_rules();
  const auto found = std::ranges::find_if(rules, [&](const Rule& rule) {
    return equals(rule.code, code_or_name) || equals(rule.name, code_or_name);
  });
  return found == rules.end() ? nullptr : &*found;
}

const Rule& rule(RuleId id) {
  const auto rules = all_rules();
  const auto found = std::ranges::find(rules, id, &Rule::id);
  UNTORN_ASSERT(found != rules.end());
  return *found;
}

std::string explain(const Rule& rule) {
  std::string text = "# " + std::string(rule.code) + ' ' + std::string(rule.name) + "\n\n";
  text += rule.explanation;
  text += suppression;
  text += "    # untorn: allow " + std::string(rule.code) + " -- written once, by the installer\n";
  return text;
}

std::string reference_page() {
  std::string text = R"(<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Made from the rules; a test keeps it equal. -->
# Rules

A severity follows from what the file is to its program ([the roles](../internals/scan-roles.md)),
and from the rule: the number of steps below is given here.

| code | name | what it finds | steps below |
| --- | --- | --- | --- |
)";
  std::vector<Rule> rules(all_rules().begin(), all_rules().end());
  std::ranges::sort(rules, {}, &Rule::code);
  for (const Rule& each : rules)
    text += "| " + std::string(each.code) + " | [" + std::string(each.name) + "](#" + anchor(each) +
            ") | " + std::string(each.summary) + " | " + std::to_string(each.steps_below_role) +
            " |\n";
  for (const Rule& each : rules) text += '\n' + one_level_down(explain(each));
  return text;
}

}  // namespace untorn::rules
