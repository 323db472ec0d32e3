// SPDX-License-Identifier: Apache-2.0
//
// What the commands that scan have in common.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "scan/scan.h"
#include "untorn/error.h"

namespace untorn::cli {

struct ScanChoice {
  std::vector<std::string> paths;   // empty: the current folder
  std::vector<std::string> select;  // rules by code or name; empty: what the settings say
  std::vector<std::string> ignore;
  std::optional<std::string> min_severity = std::nullopt;
  bool use_cache = true;
};

// Errors: invalid_argument for a rule that does not exist.
[[nodiscard]] Result<scan::ScanRequest> make_scan_request(const ScanChoice& choice);

}  // namespace untorn::cli
