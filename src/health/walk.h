// SPDX-License-Identifier: Apache-2.0
//
// Every folder below one folder, each once, its names sorted.
//
//   walk(fs, root, {.folder = [](const FolderView& folder) { …; return true; }});
//
// Symbolic links are never followed and other file systems are not entered. Every step is one name
// relative to an open folder, so that no path grows too long and nobody can lead the walk elsewhere
// by a link. At most 64 folders are open at a time, however deep the tree is; memory grows with the
// names of one folder and with the subfolders that wait on the way down.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "untorn/filesystem.h"

namespace untorn::health {

struct FolderView {
  Handle handle = Handle::none;
  const Status& status;
  const std::string& path;  // relative to the walk's root, "" for the root itself
  const std::vector<Entry>& entries;
};

enum class SkipReason : std::uint8_t {
  failed,             // it cannot be opened or listed
  other_file_system,  // a mount begins there
  moved,              // it was moved away while the walk was below it
};

struct WalkEvents {
  // False ends the walk.
  std::function<bool(const FolderView&)> folder;
  // A folder that is not looked at. `error` says why for `failed`.
  std::function<void(const std::string& path, SkipReason reason, Errno error)> skipped;
  // Asked before a folder below the root is entered; without it all are.
  std::function<bool(const Status&)> enters;
};

// False: `folder` ended it. The root stays open and is the caller's to close.
bool walk(FileSystem& fs, Handle root, const WalkEvents& events);

}  // namespace untorn::health
