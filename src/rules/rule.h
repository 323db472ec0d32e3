// SPDX-License-Identifier: Apache-2.0
//
// One rule: its names, its documentation, and its judgement. Each lies in a file of its own and is
// listed in registry.cpp.
//
//   if (const Rule* found = find_rule("truncate-write")) print(found->explanation);
//
// Threads: rules are constants; judge() writes to nothing but `matches`.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "languages/facts.h"
#include "rules/finding.h"
#include "rules/link.h"

namespace untorn::rules {

// Where a rule holds, before roles and severities are added.
struct Match {
  RuleId rule = RuleId::truncate_write;
  std::uint32_t operation = 0;  // index in FileFacts::operations; of a flaw, in recovery_flaws
  std::string message;          // what can be lost, and when: one sentence, no final stop
};

struct Rule {
  RuleId id;
  std::string_view code;         // "UT001"
  std::string_view name;         // "truncate-write"
  std::string_view summary;      // one line, for --list-rules
  std::string_view explanation;  // Markdown, for --explain: what breaks, an example, the cure
  // Steps by which a finding lies below the severity of its file's role; never below low.
  int steps_below_role = 0;
  // Appends every place of the file at which the rule holds. Sees nothing but facts.
  void (*judge)(const LinkedFile& file, std::vector<Match>& matches) = nullptr;
};

// All rules, worst first: of several that hold at one site, the first names the finding.
[[nodiscard]] std::span<const Rule> all_rules();
// By code or name, in any case; nullptr if there is none.
[[nodiscard]] const Rule* find_rule(std::string_view code_or_name);
[[nodiscard]] const Rule& rule(RuleId id);
// The rule's page, "# UT001 truncate-write" and what follows: what --explain prints.
[[nodiscard]] std::string explain(const Rule& rule);
// docs/reference/rules.md: the pages of all rules, by code.
[[nodiscard]] std::string reference_page();

}  // namespace untorn::rules
