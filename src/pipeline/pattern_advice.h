// SPDX-License-Identifier: Apache-2.0
//
// What the stored numbers say: patterns with their confidence, advice, totals.
#pragma once
#include <string_view>
#include <vector>

#include "pipeline/pattern_data.h"
#include "untorn/pipeline/pattern_store.h"

namespace untorn::pipeline {

[[nodiscard]] std::vector<ToolPattern> tool_patterns_of(const PatternData& data,
                                                        std::string_view phase);
[[nodiscard]] std::vector<FailurePattern> failure_patterns_of(const PatternData& data);
[[nodiscard]] std::vector<SuccessPattern> success_patterns_of(const PatternData& data,
                                                              std::string_view phase);
[[nodiscard]] std::vector<PhasePattern> phase_patterns_of(const PatternData& data);
[[nodiscard]] std::vector<Recommendation> recommendations_of(const PatternData& data,
                                                             const PatternContext& context);
[[nodiscard]] PatternStatistics statistics_of(const PatternData& data);

}  // namespace untorn::pipeline
