// SPDX-License-Identifier: Apache-2.0
//
// How often the entries of a registry were used: `FOLDER/.uses.json`, a document.
//
//   {"untorn": {"format": "use-statistics", "version": 1, "oldest_reader": 1},
//    "uses": {"greet": {"uses": 3, "successes": 2, "total_ms": 12.5, "last_used": "2024-…"}},
//    "operations": ["id of an operation", …]}
//
//  U1  A use and its operation id are recorded in one replacement of the document, so that an
//      operation whose recording is repeated counts once.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "untorn/error.h"
#include "untorn/pipeline/project.h"
#include "untorn/pipeline/tool_registry.h"

namespace untorn::pipeline {

inline constexpr std::size_t operations_remembered = 1000;
inline constexpr std::size_t operation_id_bytes_max = 200;

struct Use {
  std::string_view name;
  bool success = false;
  double milliseconds = 0;
  std::string_view operation_id;  // empty: none
};

// False: the operation was counted before. Code::invalid_argument for a time that is negative or
// no number, or a longer id; Code::unsupported for a newer format.
[[nodiscard]] Result<bool> record_use(const Project& project, std::string_view folder,
                                      const Use& use);

// Those of `names`, in this order; zeros for what was never used.
[[nodiscard]] Result<std::vector<UseStatistics>> use_statistics(
    const Project& project, std::string_view folder, const std::vector<std::string>& names);

}  // namespace untorn::pipeline
