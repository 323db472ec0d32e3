// SPDX-License-Identifier: Apache-2.0
//
// A report as text for people, as JSON for programs, as Markdown for those who decide.
//
// All show the same findings: those at or above the least severity that is shown. JSON and Markdown
// list suppressed ones too, marked as such; text counts them. Names of files may hold any bytes: in
// text and Markdown control characters are written out, in JSON what is not UTF-8 is replaced.
//
// Threads: functions of their arguments.
#pragma once
#include <string>
#include <string_view>

#include "report/json.h"
#include "scan/scan.h"

namespace untorn::scan {

struct RenderOptions {
  std::string tool_version;
  bool colored = false;
  bool statistics = false;  // text: counts by rule in the place of the findings
};

[[nodiscard]] std::string render_json(const ScanReport& report, const RenderOptions& options);
[[nodiscard]] std::string render_text(const ScanReport& report, const RenderOptions& options);
[[nodiscard]] std::string render_markdown(const ScanReport& report);

// One element of "findings".
void write_finding(report::JsonWriter& json, const ScanReport& report, const FoundSite& site);

// "1 file", "2 files".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view one,
                                  std::string_view many = {});

}  // namespace untorn::scan
