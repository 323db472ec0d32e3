// SPDX-License-Identifier: Apache-2.0
//
// Which schemas apply to one and the same value: that must end, and not be too many (F4).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "untorn/json.h"

namespace untorn::registry {

// Of a plain form: `top`, and its definitions by number. Nothing if all is well.
[[nodiscard]] std::optional<std::string> graph_problem(const JsonValue& top,
                                                       const std::vector<JsonValue>& definitions);

}  // namespace untorn::registry
