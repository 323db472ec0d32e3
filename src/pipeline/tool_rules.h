// SPDX-License-Identifier: Apache-2.0
//
// What a specification of a tool must be beyond its schema: T1 to T3 of tool_registry.h.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "untorn/json.h"
#include "untorn/registry.h"

namespace untorn::pipeline {

extern const std::string_view tool_schema;

// Those that the schema cannot tell.
[[nodiscard]] std::vector<SpecProblem> tool_problems(const JsonValue& spec);

// "py" of "greet.py"; empty if the file is not the tool's.
[[nodiscard]] std::string ending_of(std::string_view tool, std::string_view implementation);

}  // namespace untorn::pipeline
