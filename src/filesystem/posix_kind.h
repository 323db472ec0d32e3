// SPDX-License-Identifier: Apache-2.0
//
// Which file system lies under a descriptor, and what that means for a promise.
#pragma once
#include <string_view>

#include "untorn/filesystem.h"

namespace untorn {

// AT_FDCWD asks about the working directory. Never fails: what cannot be read is "unknown".
[[nodiscard]] FileSystemKind kind_of_descriptor(int fd);

// One line of /proc/self/mountinfo, as far as it matters here. Exposed for its tests.
struct MountLine {
  unsigned long long mount_id = 0;
  std::string_view type;           // "overlay", "fuse.sshfs"
  std::string_view super_options;  // "rw,lowerdir=/a,volatile"
};

// The views point into `line`. A line of another shape gives an empty type.
[[nodiscard]] MountLine parse_mount_line(std::string_view line);

// Does a comma-separated list hold exactly this option?
[[nodiscard]] bool has_option(std::string_view options, std::string_view option);

}  // namespace untorn
