// SPDX-License-Identifier: Apache-2.0
//
// What the name holds before a replacement, and whether it may be replaced.
#pragma once
#include <cstdint>
#include <string>

#include "filesystem/unsupported.h"
#include "untorn/durability.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/replace.h"
#include "write/resolve.h"

namespace untorn::write {

// The level that a file system can give, and why it is not the one that was asked for.
struct Level {
  Durability achieved = Durability::durable;
  std::string why_lower;
};
[[nodiscard]] Level achievable(const FileSystemKind& kind, Durability requested);

using untorn::means_unsupported;

// The target of one replacement.
struct Target {
  Place place;
  OwnedHandle old_file;  // the file that will be replaced, for reading; none if there is none or
                         // it cannot be read
  FileSystemKind kind;
  Level level;

  [[nodiscard]] bool existed() const noexcept { return place.status.has_value(); }
  // A regular file is there, whose metadata and content mean something.
  [[nodiscard]] bool holds_file() const noexcept {
    return existed() && place.status->type == FileType::regular;
  }
  [[nodiscard]] bool hard_linked() const noexcept {
    return holds_file() && place.status->links > 1;
  }
};

// Resolves and inspects: every condition that can be refused before a byte is written is refused
// here. Nothing is changed; a sync of the directory is tried where only trying tells.
[[nodiscard]] Result<Target> inspect(FileSystem& fs, const std::string& path,
                                     const ReplaceOptions& options);

// Names one version of a file, from device, inode, size and change time.
[[nodiscard]] std::string etag_of(const Status& status);

}  // namespace untorn::write
