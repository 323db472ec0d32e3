// SPDX-License-Identifier: Apache-2.0
//
// Serves a Disk as the file `disk` of a FUSE mount.
#pragma once
#include <string>

#include "tests/crash/blockdev/disk.h"

namespace untorn::lab {

// Mounts, writes one byte to `ready`, and answers requests one after the other until the mount
// ends. Returns 0 then, and 1 if it could not begin. Requests that the Disk refuses fail with EIO.
[[nodiscard]] int serve_disk(Disk& disk, const std::string& mount_point, int ready);

}  // namespace untorn::lab
