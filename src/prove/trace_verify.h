// SPDX-License-Identifier: Apache-2.0
//
// After the run: does the log explain the tree that is there?
#pragma once
#include <ctime>
#include <set>
#include <string>
#include <vector>

#include "prove/trace_tree.h"

namespace untorn::prove {

// Appends one phrase for each difference. The content of `unknown` inodes is not compared: the log
// says itself that it does not know it.
void compare_with_tree(TracedTree& tree, const std::set<InodeId>& unknown, const timespec& begin,
                       std::vector<std::string>& differences);

}  // namespace untorn::prove
