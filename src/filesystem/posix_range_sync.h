// SPDX-License-Identifier: Apache-2.0
//
// The allow-list of RangeSync::before_names: where bytes that sync_file_range(2) has waited for
// persist before any later change of a name. docs/internals/protocols.md has it in words.
//
// Nothing documents that property; it follows from how ext4 and xfs end a write-back, and the lab
// (tests/crash/blockdev) has cut the power of those that stand here. So everything must be known:
// the file system, its journal, its options and features, the kernel. What cannot be read counts
// as not covered.
#pragma once
#include <string>
#include <string_view>

#include "untorn/filesystem.h"

namespace untorn {

// Whether what the probe finds is used without being asked for (FileSystem::kind).
inline constexpr bool one_commit_is_default = true;

struct RangeSyncAnswer {
  RangeSync range_sync = RangeSync::nothing;
  // ext4: the feature is on. Where the kernel does not tell (before 6.18), it is seen at the first
  // fast commit; until then the protocol for a journal without it is used, which is right as well.
  bool fast_commit = false;
  std::string why_classic = {};  // one phrase; empty with before_names
};

// Looks at the mount under `fd` (AT_FDCWD: the working directory), which statfs(2) calls `name`:
// "ext4" or "xfs", and `nothing` for every other name. Any user may ask. About 20 system calls.
[[nodiscard]] RangeSyncAnswer probe_range_sync(int fd, std::string_view name);

// The parts that need no mount.

// "6.18.44-generic", for the file system "ext4" or "xfs": "" or why the list does not have it.
[[nodiscard]] std::string why_not_this_kernel(std::string_view release, std::string_view name);

// The text of /proc/fs/ext4/DEVICE/options, one option a line.
[[nodiscard]] std::string why_not_these_ext4_options(std::string_view text);

// The feature words of an ext4 superblock.
[[nodiscard]] std::string why_not_these_ext4_features(std::uint32_t incompatible,
                                                      std::uint32_t read_only_compatible);

// The last field of its line in /proc/self/mountinfo.
[[nodiscard]] std::string why_not_these_xfs_options(std::string_view options);

}  // namespace untorn
