// SPDX-License-Identifier: Apache-2.0
//
// Remembers which kind of file system lies under which mount.
//
// A mount is known by a number that no other mount ever has (Status::mount), so that a new one in
// the same place, with the same device, is noticed at once. What can change under a number are the
// options, by a remount: that is noticed when the memory has become old.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <shared_mutex>

#include "untorn/filesystem.h"

namespace untorn {

// Any thread; readers share it. It never waits for another one, so that a child forked at a bad
// moment cannot hang: who finds it being written asks the kernel.
class KindMemory {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Clock = Time (*)();
  static constexpr std::chrono::seconds lifetime{60};
  static constexpr std::size_t mounts_max = 32;

  // `now` tells the time without a system call.
  explicit KindMemory(Clock now = &std::chrono::steady_clock::now) noexcept : now_(now) {}

  // What `ask` answered for this mount and device within the lifetime; else what it answers now.
  // A status without a mount is not remembered.
  [[nodiscard]] FileSystemKind get(const Status& status,
                                   const std::function<FileSystemKind()>& ask);

 private:
  struct Entry {
    std::uint64_t mount = 0;   // 0: free
    std::uint64_t device = 0;  // one mount of btrfs has a device for each subvolume
    Time asked = Time::min();
    FileSystemKind kind;
  };
  [[nodiscard]] Entry* find(const Status& status) noexcept;
  void remember(const Status& status, Time asked, const FileSystemKind& kind);

  Clock now_;
  std::shared_mutex mutex_;
  std::array<Entry, mounts_max> entries_;  // guarded by mutex_
};

}  // namespace untorn
