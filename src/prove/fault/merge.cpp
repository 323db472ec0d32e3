// SPDX-License-Identifier: Apache-2.0
#include "prove/fault/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace untorn::prove {

namespace {

// How the run ended, as the first line of what a violation shows.
std::string how_it_ended(const RunRecord& record) {
  if (record.end == RunRecord::End::hung) return "the run did not end and was killed";
  constexpr int signal_base = 128;
  if (record.exit_code > signal_base) {
    return fmt::format("the run was ended by signal {}", record.exit_code - signal_base);
  }
  return fmt::format("the run ended with exit code {}", record.exit_code);
}

std::string place_of(const OperationNote& note) {
  if (!note.source || note.source->line == 0) return note.path;
  return fmt::format("{} line {}", note.source->path, note.source->line);
}

}  // namespace

void Merger::add_finding(std::size_t index, const Fault& fault, const RunRecord& record,
                         EndFinding finding) {
  const bool is_short = fault.kind.shortening != Shortening::none;
  Merged& merged = merged_[{finding.path, finding.check, fault.site, is_short}];
  ++merged.violation.states;
  merged.faults.insert(record.failed.fault);
  merged.observed.insert(finding.observed);
  if (merged.violation.states > 1 && merged.index < index) return;
  merged.index = index;
  Violation& violation = merged.violation;
  violation.engine = Engine::fault;
  violation.check = finding.check;
  violation.path = finding.path.empty() ? record.failed.path : finding.path;
  violation.observed = finding.observed;
  violation.lost = record.failed;
  violation.missing = std::move(finding.advice);
  violation.bytes = std::move(finding.bytes);
  violation.output = how_it_ended(record);
  if (finding.after_crash) violation.output += "; the power went after that";
  if (!finding.output.empty()) violation.output += "\n" + finding.output;
}

void Merger::add(std::size_t index, const Fault& fault, RunRecord record) {
  if (record.end == RunRecord::End::hung && record.findings.empty()) {
    record.undecided.push_back(
        {Reason::budget,
         fmt::format("engine fault: the command did not end after {} at {} failed with {}; what it "
                     "had done until then is valid, but whether it ever ends cannot be told",
                     record.failed.operation, place_of(record.failed), record.failed.fault)});
  }
  for (EndFinding& finding : record.findings) {
    add_finding(index, fault, record, std::move(finding));
  }
  for (Undecided& undecided : record.undecided) {
    if (said_.emplace(undecided.reason, undecided.detail).second) {
      undecided_.push_back(std::move(undecided));
    }
  }
}

void Merger::finish(FaultFindings& findings) {
  std::vector<Merged*> order;
  for (auto& [key, merged] : merged_) order.push_back(&merged);
  std::ranges::sort(order, {}, [](const Merged* merged) {
    return std::tuple(std::string_view(merged->violation.path), merged->violation.check,
                      merged->index);
  });
  for (Merged* merged : order) {
    Violation& violation = merged->violation;
    merged->observed.erase(violation.observed);
    violation.observed_also.assign(merged->observed.begin(), merged->observed.end());
    merged->faults.erase(violation.lost->fault);
    std::string others;
    for (const std::string& fault : merged->faults) others += (others.empty() ? "" : ", ") + fault;
    if (!others.empty()) violation.output += "\nthe same after: " + others;
    findings.violations.push_back(std::move(violation));
  }
  findings.undecided.insert(findings.undecided.end(), std::make_move_iterator(undecided_.begin()),
                            std::make_move_iterator(undecided_.end()));
}

}  // namespace untorn::prove
