// SPDX-License-Identifier: Apache-2.0
//
// The content of a file overwritten where it lies, from a copy that is safe already.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::write {

// Where the new content is read.
struct OverwriteSource {
  Handle file = Handle::none;
  std::uint64_t from = 0;
  std::uint64_t bytes = 0;
};

struct OverwriteFailure {
  Errno os_errno{};
  Step step = Step::write;
  // The old content is no longer whole. Otherwise the target is as it was, durably if asked for.
  bool touched = false;
};

struct OverwriteRequest {
  Handle target = Handle::none;  // open for reading and writing
  OverwriteSource source;
  std::uint32_t mode = 0;  // that it shall have
  bool durable = true;     // with syncs
};

struct OverwriteResult {
  Status status;                  // of the target afterwards
  std::vector<std::string> lost;  // "mode", "xattr security.capability"
};

// What lies beyond the old end is written first: for that alone the file system needs new blocks
// (sparse files and btrfs excepted), and if there are none, the target is cut to its old length
// again and nothing was lost. Then the rest, the cut to a smaller length, and the mode. Permissions
// that the new mode does not have go before the first byte comes. A write takes set-user-id and
// file capabilities from a file; both are given back. One sync at the end, one more after a failure
// that could be undone.
[[nodiscard]] std::expected<OverwriteResult, OverwriteFailure> overwrite(
    FileSystem& fs, const OverwriteRequest& request);

}  // namespace untorn::write
