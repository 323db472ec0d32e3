// SPDX-License-Identifier: Apache-2.0
//
// The results of a bench as a table and as a document.
#pragma once
#include <string>
#include <vector>

#include "cli/bench_run.h"
#include "cli/output.h"
#include "report/json.h"

namespace untorn::cli {

// What the figures do not say, one sentence each.
[[nodiscard]] std::vector<std::string> bench_limits(const BenchOutcome& outcome,
                                                    const BenchSizes& sizes);

[[nodiscard]] std::string bench_table(const BenchOutcome& outcome, const BenchSizes& sizes,
                                      const std::string& folder);
[[nodiscard]] std::string bench_document(const BenchOutcome& outcome, const BenchSizes& sizes,
                                         const NamedPath& folder);

}  // namespace untorn::cli
