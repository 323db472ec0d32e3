// SPDX-License-Identifier: Apache-2.0
//
// Which roles suit a problem: the rules stand in untorn/pipeline/role_registry.h.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/pipeline/role_registry.h"

namespace untorn::pipeline {

// Each word once, in the order of the text.
[[nodiscard]] std::vector<std::string> stems_of(std::string_view text);

[[nodiscard]] Team team_for(std::string_view problem, const std::vector<Role>& roles,
                            std::size_t size);

}  // namespace untorn::pipeline
