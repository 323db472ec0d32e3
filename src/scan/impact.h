// SPDX-License-Identifier: Apache-2.0
//
// What a crash in the middle of a write means to a program, by what the file is to it: the words of
// the Markdown report.
#pragma once
#include <array>
#include <string_view>

#include "rules/finding.h"

namespace untorn::scan {

struct Impact {
  rules::Role role = rules::Role::unknown;
  std::string_view title;     // "State"
  std::string_view scenario;  // what the process was doing
  std::array<std::string_view, 3> results;
  std::string_view impact;
};

[[nodiscard]] const Impact& impact_of(rules::Role role);

}  // namespace untorn::scan
