// SPDX-License-Identifier: Apache-2.0
//
// The numbers of a report. All but `recovery_flaws`, `suppressed` and `hidden` count write sites:
// a loader that gives up a damaged file is counted apart.
//
// Threads: a function of its argument.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "scan/scan.h"

namespace untorn::scan {

struct FileSummary {
  std::size_t file = 0;  // index in ScanReport::sources
  std::uint64_t findings = 0;
  std::uint64_t recovery_flaws = 0;
  rules::Severity severity = rules::Severity::low;  // the worst
  std::uint64_t worst_findings = 0;                 // write sites of that severity
  rules::Role role = rules::Role::unknown;          // of these, the first in the order of Role
};

struct Summary {
  std::uint64_t write_sites = 0;
  std::uint64_t recovery_flaws = 0;
  std::uint64_t suppressed = 0;
  std::uint64_t hidden = 0;  // below the least severity that is shown
  std::map<rules::Severity, std::uint64_t> by_severity;
  std::map<rules::RuleId, std::uint64_t> by_rule;  // the flaws too
  std::map<languages::RewriteGrade, std::uint64_t> by_fix;
  // Worst severity first; then those that consist of such sites rather than hold one among others;
  // then the role, the number of findings, and the path.
  std::vector<FileSummary> by_file;
};

// Counts what is shown and not suppressed.
[[nodiscard]] Summary summarize(const ScanReport& report);

[[nodiscard]] inline bool is_flaw(const rules::Finding& finding) {
  return finding.rule == rules::RuleId::lossy_recovery;
}

}  // namespace untorn::scan
