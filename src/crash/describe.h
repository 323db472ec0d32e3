// SPDX-License-Identifier: Apache-2.0
//
// Crash states in words, for failure messages.
#pragma once
#include <string>

#include "crash/engine.h"

namespace untorn::crash {

// "write a.tmp 0+4096", "rename a.tmp → a".
[[nodiscard]] std::string describe_operation(const History& history, std::size_t index);
// "kept: rename a.tmp → a; lost: write a.tmp 0+4096". Kept are only those begun after the first
// loss: the others are what one expects.
[[nodiscard]] std::string describe_state(const History& history, const CrashState& state);
// One line for each file: its path, its size and its beginning.
[[nodiscard]] std::string describe_tree(const CrashState& state);

}  // namespace untorn::crash
