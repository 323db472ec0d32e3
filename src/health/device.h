// SPDX-License-Identifier: Apache-2.0
//
// What the kernel says about the block device under a file system, as far as anyone may read it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "untorn/filesystem.h"

namespace untorn::health {

// "write back" or "write through", from sysfs. `device` is that of a Status. Nothing for file
// systems without one device of their own (btrfs, overlay, tmpfs) and where sysfs cannot be read.
[[nodiscard]] std::optional<std::string> device_cache(FileSystem& fs, std::uint64_t device);

// Whether a sync makes the device flush: false if the file system is mounted with barriers off.
// Nothing where the mount table does not tell, or the kind of file system has no such option.
[[nodiscard]] std::optional<bool> device_flushes(FileSystem& fs, std::uint64_t device,
                                                 std::string_view kind);

}  // namespace untorn::health
