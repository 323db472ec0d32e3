// SPDX-License-Identifier: Apache-2.0
//
// What a typing mistake most likely meant.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace untorn {

// The candidate at most two edits away, and fewer than half of its letters. Empty when none is
// near. The answer borrows from `candidates`.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       const std::vector<std::string>& candidates);

}  // namespace untorn
