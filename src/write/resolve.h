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

// Where a path begins.
struct Origin {
  // Handle::none: a path like any other. Else an open directory, in which `path` is a single name;
  // it is borrowed, and must outlive what is done with it.
  Handle directory = Handle::none;
  std::string path;
};

struct Place {
  OwnedHandle directory;  // none where the caller's own is borrowed: folder() is either
  std::string name;
  std::optional<Status> status;  // of the name itself; nothing if there is none
  Handle borrowed = Handle::none;
  unsigned syncs = 0;  // made for new parents on the way

  [[nodiscard]] Handle folder() const noexcept {
    return directory.get() == Handle::none ? borrowed : directory.get();
  }
};

// Follows `path`, and under SymlinkPolicy::follow also symbolic links at its end, 40 at most. The
// last name need not exist, the directories must. With another policy the status may be that of a
// symbolic link.
[[nodiscard]] Result<Place> resolve(FileSystem& fs, const std::string& path, SymlinkPolicy policy);

// The same as `options` want it: with create_parents the directories of the path itself are made
// where they are missing (parents.h); those of a link are not.
[[nodiscard]] Result<Place> resolve(FileSystem& fs, const Origin& origin,
                                    const ReplaceOptions& options);

}  // namespace untorn::write
