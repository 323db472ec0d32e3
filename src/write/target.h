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
  // The file that will be replaced, for reading. Open only if something needs it: attributes to
  // keep, content to compare.
  OwnedHandle old_file;
  bool has_attributes = false;  // the old file has extended attributes to keep, or may have
  bool in_place = false;        // it is overwritten where it lies (untorn/in_place.h)
  // As of learn_kind(): when the temporary, or the old file, was looked at.
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
// here. Nothing is changed but what create_parents makes; a sync of the directory is tried where
// only trying tells.
[[nodiscard]] Result<Target> inspect(FileSystem& fs, const Origin& origin,
                                     const ReplaceOptions& options);

// Looks at the old file once more, as it is under its name now: its owner, mode, attributes or
// names may have changed while the content was written. What would be refused now is refused. One
// that is gone leaves what was known, unless it must exist.
[[nodiscard]] Result<void> look_again(FileSystem& fs, const std::string& path, Target& target,
                                      const ReplaceOptions& options);

void learn_kind(Target& target, FileSystemKind kind, const ReplaceOptions& options);

// The permission bits that the temporary starts with: what a new file gets from the kernel; the
// final ones, where nobody gains a right by them whose owner and group the temporary has at first;
// else nothing but the owner's.
[[nodiscard]] std::uint32_t first_mode(const Target& target,
                                       const ReplaceOptions& options) noexcept;

// Names one version of a file, from device, inode, size and change time.
[[nodiscard]] std::string etag_of(const Status& status);

}  // namespace untorn::write
