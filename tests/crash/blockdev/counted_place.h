// SPDX-License-Identifier: Apache-2.0
//
// A file system on a disk of its own whose flushes the kernel counts.
//
//   const CountedPlace place(setup_named("xfs"), folder);      // folder of in_lab_world()
//   place.settle();
//   const DeviceCount before = place.count();
//   replace_file(place / "file", …);
//   place.count().flushes - before.flushes
//
// The loop device has a volatile cache and no FUA, so that a commit of a journal is two flushes.
// ext4 and btrfs are mounted so that they do not commit by themselves every few seconds, and btrfs
// gets a disk so large that it need not commit to make room. What a file system still adds by
// itself: see own_flushes_max. Failures are LabErrors.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "tests/crash/blockdev/disk.h"
#include "tests/crash/blockdev/loop_device.h"
#include "tests/crash/blockdev/setups.h"

namespace untorn::lab {

inline constexpr unsigned flushes_each_commit = 2;

struct DeviceCount {
  unsigned long flushes = 0;             // that the device has completed
  std::optional<unsigned long> commits;  // of ext4's journal; fast commits are none
};

class CountedPlace {
 public:
  CountedPlace(const LabFileSystem& setup, const std::string& folder);

  [[nodiscard]] std::string operator/(const std::string& name) const {
    return mounting_->root() + "/" + name;
  }
  // Everything that was written so far is on the device afterwards.
  void settle() const;
  [[nodiscard]] DeviceCount count() const;

 private:
  LabFileSystem setup_;
  Disk disk_;
  std::unique_ptr<LoopDevice> device_;
  std::unique_ptr<Mounting> mounting_;  // unmounts before the device goes
};

// Flushes that the file system may add by itself to so many: one commit, or 5 %.
[[nodiscard]] unsigned long own_flushes_max(unsigned long flushes);

}  // namespace untorn::lab
