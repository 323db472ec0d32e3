// SPDX-License-Identifier: Apache-2.0
//
// Which file system lies under a descriptor, and what that means for a promise.
#pragma once
#include <cstdint>
#include <string_view>

#include "untorn/filesystem.h"

namespace untorn {

// AT_FDCWD asks about the working directory. Never fails: what cannot be read is "unknown", and is
// not in the allow-list (posix_range_sync.h).
[[nodiscard]] FileSystemKind kind_of_descriptor(int fd);

// For kernels that have no number for a mount: one for the file system, made of its type, its flags
// and the identifier that it gives itself (for most, from their UUID). Never 0 unless it cannot be
// asked. One statfs(2).
[[nodiscard]] std::uint64_t file_system_number(int fd);

// What the variable UNTORN_ASSUME_FS says instead: how `untorn prove` runs a program as if it were
// on the file system whose power cuts it models, whatever lies under its private folder. "ext4" and
// "xfs" keep what is synced and have RangeSync::before_names; "btrfs" keeps what is synced; every
// other name gives "portable": a local file system of which nothing more is known than that it
// keeps what is synced, so that only `classic` will do.
[[nodiscard]] FileSystemKind assumed_kind(std::string_view name);

}  // namespace untorn
