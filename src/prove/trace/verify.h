// SPDX-License-Identifier: Apache-2.0
//
// After the run: does the log explain the tree that is there?
#pragma once
#include <ctime>
#include <set>
#include <string>
#include <vector>

#include "prove/trace/tree.h"

namespace untorn::prove {

// Waits for, and returns, a moment that tells what was changed before the call from what is changed
// after it: every change time that a file has by now is earlier, every later one is not. Takes
// about a tick of the kernel's clock.
[[nodiscard]] timespec next_file_time();

// Appends one phrase for each difference. `begin` is the next_file_time() before the run. The
// content of `unknown` inodes is not compared: the log
// says itself that it does not know it.
void compare_with_tree(TracedTree& tree, const std::set<InodeId>& unknown, const timespec& begin,
                       std::vector<std::string>& differences);

}  // namespace untorn::prove
