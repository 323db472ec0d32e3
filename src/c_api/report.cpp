// SPDX-License-Identifier: Apache-2.0
//
// Sweeps and recoveries, whose answers are lists.
#include "c_api/report.h"

#include <string>
#include <utility>

#include "base/try.h"
#include "c_api/boundary.h"
#include "c_api/values.h"
#include "untorn/in_place.h"

namespace untorn::c_api {

void append(untorn_report& report, untorn_finding finding, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    report.entries.push_back({.finding = finding, .path = path, .why = {}, .bytes = 0});
  }
}

void hand_over(Report report, untorn_report** into) noexcept {
  if (into != nullptr) *into = report.release();
}

namespace {

int finding_of(SweepVerdict verdict) {
  return UNTORN_TEMPORARY_ALIVE + static_cast<int>(verdict);
}

Report report_of(const SweepReport& swept) {
  auto report = std::make_unique<untorn_report>();
  for (const SweepEntry& entry : swept.entries) {
    report->entries.push_back({.finding = finding_of(entry.verdict),
                               .path = entry.path,
                               .why = entry.why,
                               .bytes = entry.bytes});
  }
  return report;
}

Report report_of(const InPlaceRecovery& recovery) {
  auto report = std::make_unique<untorn_report>();
  append(*report, UNTORN_TARGET_FINISHED, recovery.finished);
  append(*report, UNTORN_SIDECAR_DISCARDED, recovery.discarded);
  for (const KeptSidecar& kept : recovery.kept) {
    std::string why = kept.target.empty() ? kept.why : kept.target + ": " + kept.why;
    report->entries.push_back(
        {.finding = UNTORN_SIDECAR_KEPT, .path = kept.sidecar, .why = std::move(why), .bytes = 0});
  }
  append(*report, UNTORN_SIDECAR_DAMAGED, recovery.damaged);
  return report;
}

}  // namespace

extern "C" {

size_t untorn_report_count(const untorn_report* report) noexcept {
  return report == nullptr ? 0 : report->entries.size();
}

int untorn_report_entry(const untorn_report* report, size_t index, untorn_entry* entry) noexcept {
  return guarded(nullptr, [&]() -> Result<void> {
    UNTORN_CHECK(given(report, "report"));
    UNTORN_CHECK(fits(entry));
    UNTORN_CHECK(expected(index < report->entries.size(), "there is no such entry"));
    hand_over(entry_of(report->entries[index]), entry);
    return {};
  });
}

void untorn_report_free(untorn_report* report) noexcept {
  delete report;
}

int untorn_sweep(const char* directory, const untorn_options* options, untorn_report** report,
                 untorn_error** error) noexcept {
  if (report != nullptr) *report = nullptr;
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(directory, "directory"));
    UNTORN_CHECK(given(report, "report"));
    UNTORN_TRY(const SweepReport swept,
               sweep(directory, options == nullptr ? SweepOptions{} : options->sweep));
    hand_over(report_of(swept), report);
    return {};
  });
}

int untorn_recover_in_place(const char* sidecar_directory, untorn_report** report,
                            untorn_error** error) noexcept {
  if (report != nullptr) *report = nullptr;
  return guarded(error, [&]() -> Result<void> {
    UNTORN_CHECK(given(sidecar_directory, "sidecar_directory"));
    UNTORN_TRY(const InPlaceRecovery recovery, recover_in_place(sidecar_directory));
    hand_over(report_of(recovery), report);
    return {};
  });
}

}  // extern "C"
}  // namespace untorn::c_api
