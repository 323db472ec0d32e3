// SPDX-License-Identifier: Apache-2.0
//
// The logs of a tree as a doctor sees them. Changes nothing.
//
// What has a mark in `TREE/.untorn/logs` is a log. To repair one, open it:
// LineLog::open(fs, tree + "/" + path, {.tree = tree}).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/line_log.h"

namespace untorn::line_log {

struct LogReport {
  std::string path;     // below the tree
  bool exists = false;  // a log that was removed is no problem: its mark stays
  std::uint64_t bytes = 0;
  // What the next open would move away; `moved_to` is empty.
  TornLines torn;
  // What was moved away before, as names below the tree, in the order of their numbers.
  std::vector<std::string> moved;
  // A mark of a newer format, or a log that could not be read: nothing else is known then.
  std::optional<Error> unreadable;
};

// By path. Empty if there is no `.untorn/logs`. A log that someone is appending to at this very
// moment is waited for, a second at most. The error says that the folder itself cannot be read.
[[nodiscard]] Result<std::vector<LogReport>> inspect_logs(FileSystem& fs, const std::string& tree);

}  // namespace untorn::line_log
