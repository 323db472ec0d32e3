// SPDX-License-Identifier: Apache-2.0
//
// A Disk served by a process of its own as the one file of a FUSE mount. A loop device on that file
// is a block device whose every request reaches the Disk, in order, flushes and discards included:
// caches of the kernel lie above the loop device only.
//
//   auto served = FuseDisk::serve(disk, "/private/folder/fuse");
//   auto device = LoopDevice::attach((*served)->open(), "/private/folder/device");
//
// Needs root, /dev/fuse, and a mount namespace of one's own. The server is killed with the process
// that began it; all requests fail then, so that nothing hangs.
#pragma once
#include <sys/types.h>

#include <expected>
#include <memory>
#include <string>

#include "tests/crash/blockdev/disk.h"

namespace untorn::lab {

class FuseDisk {
 public:
  // `mount_point` is made. Says what failed.
  [[nodiscard]] static std::expected<std::unique_ptr<FuseDisk>, std::string> serve(
      Disk& disk, const std::string& mount_point);
  FuseDisk(const FuseDisk&) = delete;
  FuseDisk& operator=(const FuseDisk&) = delete;
  ~FuseDisk();

  // A new descriptor of the file, or -1 with errno.
  [[nodiscard]] int open() const;
  [[nodiscard]] pid_t server() const noexcept { return server_; }

 private:
  explicit FuseDisk(std::string mount_point) : mount_point_(std::move(mount_point)) {}

  std::string mount_point_;
  pid_t server_ = -1;
  bool mounted_ = false;
};

}  // namespace untorn::lab
