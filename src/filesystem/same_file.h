// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cerrno>

#include "untorn/filesystem.h"

namespace untorn {

// One inode of one file system, whatever names led to it.
[[nodiscard]] inline bool same_file(const Status& a, const Status& b) noexcept {
  return a.inode == b.inode && a.device == b.device;
}

// A component of the path is not there.
[[nodiscard]] constexpr bool is_missing(Errno os_errno) noexcept {
  return number(os_errno) == ENOENT;
}

}  // namespace untorn
