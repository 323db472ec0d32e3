// SPDX-License-Identifier: Apache-2.0
//
// From the directory of a document up to the folder whose `.untorn/` is used.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::document {

// A directory above another one, and the names that lead down from it.
struct TreePlace {
  OwnedHandle directory;
  Status status;
  std::vector<std::string> names;
};

// The nearest directory above `start` for which `is_it` says true: on the same mount, at most 64
// levels up; nothing if there is none. A directory on the way that may not be looked at is an
// error: who may look at it would give another answer. `path` is that of `start`, for messages and
// as a hint of the names.
[[nodiscard]] Result<std::optional<TreePlace>> find_above(
    FileSystem& fs, Handle start, const Status& start_status, const std::string& path,
    const std::function<Result<bool>(const TreePlace&)>& is_it);

}  // namespace untorn::document
