// SPDX-License-Identifier: Apache-2.0
#include "scan/summary.h"

#include <algorithm>

namespace untorn::scan {
namespace {

void count_site(FileSummary& file, const rules::Finding& finding) {
  if (is_flaw(finding)) {
    ++file.recovery_flaws;
  } else {
    ++file.findings;
  }
  if (finding.severity > file.severity || file.findings + file.recovery_flaws == 1) {
    file.severity = finding.severity;
    file.worst_findings = 0;
    file.role = rules::Role::unknown;
  }
  if (finding.severity < file.severity) return;
  if (!is_flaw(finding)) ++file.worst_findings;
  file.role = std::min(file.role, finding.role);
}

bool is_worse(const FileSummary& left, const FileSummary& right) {
  if (left.severity != right.severity) return left.severity > right.severity;
  // The shares worst_findings / findings, without a division.
  const std::uint64_t left_share = left.worst_findings * std::max<std::uint64_t>(right.findings, 1);
  const std::uint64_t right_share =
      right.worst_findings * std::max<std::uint64_t>(left.findings, 1);
  if (left_share != right_share) return left_share > right_share;
  if (left.role != right.role) return left.role < right.role;
  return left.findings > right.findings;
}

}  // namespace

Summary summarize(const ScanReport& report) {
  Summary summary;
  std::map<std::size_t, FileSummary> files;
  for (const FoundSite& site : report.findings) {
    const rules::Finding& finding = site.finding;
    if (!site.shown) {
      ++summary.hidden;
      continue;
    }
    if (site.suppressed) {
      ++summary.suppressed;
      continue;
    }
    FileSummary& file = files[site.file];
    file.file = site.file;
    count_site(file, finding);
    ++summary.by_rule[finding.rule];
    if (is_flaw(finding)) {
      ++summary.recovery_flaws;
      continue;
    }
    ++summary.write_sites;
    ++summary.by_severity[finding.severity];
    ++summary.by_fix[finding.fix];
  }
  for (const auto& [index, file] : files) summary.by_file.push_back(file);
  std::stable_sort(summary.by_file.begin(), summary.by_file.end(), is_worse);
  return summary;
}

}  // namespace untorn::scan
