// SPDX-License-Identifier: Apache-2.0
//
// What was changed, what remains and why: as text for people, as JSON for programs, and the change
// itself as a diff.
//
// Threads: functions of their arguments.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "fix/plan.h"
#include "scan/scan.h"

namespace untorn::fix {

struct FixReport {
  const Plan& plan;
  // The scan whose findings remain: of the changed files, or of the planned ones as they were.
  const scan::ScanReport& scan;
  std::vector<std::size_t> remaining = {};  // indices in scan.findings
  bool is_preview = false;                  // nothing was changed
  std::string diff = {};                    // of a preview
};

[[nodiscard]] std::string render_json(const FixReport& report, const std::string& tool_version);
[[nodiscard]] std::string render_text(const FixReport& report, bool colored);

// All planned files and the module, for `git apply`. Paths are made from the root by `shown_root`:
// "" or "sub/folder/", the way from where the patch will be applied.
[[nodiscard]] std::string render_diff(const Plan& plan, const std::string& shown_root);

}  // namespace untorn::fix
