// SPDX-License-Identifier: Apache-2.0
//
// What the superblock of a mounted ext4 says, as far as the kernel tells it to any user.
#pragma once
#include <cstdint>
#include <string>

namespace untorn {

struct Ext4Features {
  bool told = false;      // Linux 6.18; false with refused_errno 0: this kernel has no such call
  int refused_errno = 0;  // it has one, and did not answer
  bool fast_commit = false;
  std::uint32_t incompatible = 0;
  std::uint32_t read_only_compatible = 0;
};

// AT_FDCWD: of the working directory.
[[nodiscard]] Ext4Features read_ext4_features(int fd);

// Whether the file system on this device ("sda1") has made a fast commit since it was mounted.
[[nodiscard]] bool has_fast_commits(const std::string& device);

}  // namespace untorn
