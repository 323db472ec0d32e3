// SPDX-License-Identifier: Apache-2.0
//
// From a path to the one directory handle and name through which everything else happens.
#pragma once
#include <optional>
#include <string>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/replace.h"

namespace untorn::write {

struct Place {
  OwnedHandle directory;
  std::string name;
  std::optional<Status> status;  // of the name itself; nothing if there is none
};

// Follows `path`, and under SymlinkPolicy::follow also symbolic links at its end, 40 at most. The
// last name need not exist, the directories must. With another policy the status may be that of a
// symbolic link.
[[nodiscard]] Result<Place> resolve(FileSystem& fs, const std::string& path, SymlinkPolicy policy);

}  // namespace untorn::write
