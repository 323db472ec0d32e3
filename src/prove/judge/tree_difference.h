// SPDX-License-Identifier: Apache-2.0
//
// What makes one tree of another.
#pragma once
#include <utility>
#include <vector>

#include "crash/engine.h"
#include "prove/sandbox/sandbox.h"

namespace untorn::prove {

using FileTree = std::vector<std::pair<crash::Path, crash::History::File>>;  // sorted by path

// What has to be put into `before`, or taken away, to get `now`.
[[nodiscard]] Sandbox::Difference tree_difference(const FileTree& before, const FileTree& now);

// First one change, then another.
[[nodiscard]] Sandbox::Difference join_differences(const Sandbox::Difference& first,
                                                   const Sandbox::Difference& second);

}  // namespace untorn::prove
