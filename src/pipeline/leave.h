// SPDX-License-Identifier: Apache-2.0
//
// Leaving Untorn: a project whose files are plain and current, with nothing of ours beside them.
//
//   E1  Everything is recovered first, as its next user would: transactions, documents, logs,
//       registries; patches are looked at. What cannot be recovered, or is not known to be ours,
//       ends the call before anything is removed: the generations may still be needed.
//   E2  Nobody works meanwhile: the lock of the tree and those of all documents are held, and one
//       that is not free ends the call (Code::busy).
//   E3  What is removed lies in `.untorn`. No file of the user changes, but those that recovery
//       brought back.
//   E4  A crash at any instant leaves the files current; the next call goes on.
//
// Threads: any.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::pipeline {

struct LeaveReport {
  std::vector<std::string> recovered;  // one line each
  std::vector<std::string> removed;    // names in `.untorn`; what would be, for preview_leave()
  std::uint64_t files = 0;             // in them
  std::uint64_t bytes = 0;
  std::vector<std::string> unknown;  // names in `.untorn` that are not ours: leave() refuses
};

// What leave() would remove. Changes nothing.
[[nodiscard]] Result<LeaveReport> preview_leave(FileSystem& fs, const std::string& root);

// Code::busy: somebody works on it. Code::conflict: E1, what is in the way. Code::corrupt: a
// document is damaged and no generation can be used. Code::unsupported: the state is of a later
// version.
[[nodiscard]] Result<LeaveReport> leave(FileSystem& fs, const std::string& root);

}  // namespace untorn::pipeline
