// SPDX-License-Identifier: Apache-2.0
//
// A loop device on a file, with a node of its own.
//
//   auto device = LoopDevice::attach(disk.file(), "/private/folder/device");
//   mount((*device)->path().c_str(), …);
//
// Needs root, a free loop device, and a folder on a file system that allows device nodes. The
// device clears itself when its last user is gone, also when its owner is killed.
#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

namespace untorn::lab {

class LoopDevice {
 public:
  // Says what failed. The caller may close `file` afterwards.
  [[nodiscard]] static std::expected<std::unique_ptr<LoopDevice>, std::string> attach(
      int file, const std::string& node);
  LoopDevice(const LoopDevice&) = delete;
  LoopDevice& operator=(const LoopDevice&) = delete;
  ~LoopDevice();

  [[nodiscard]] const std::string& path() const noexcept { return node_; }
  // Of the machine: N of /dev/loopN.
  [[nodiscard]] int number() const noexcept { return number_; }
  // Drops what the kernel has cached of the device: whoever changes the file behind its back calls
  // it before a mount, or the mount sees the blocks of the last state. "" or what failed.
  [[nodiscard]] std::string forget_caches() const;
  // Reads that range into the cache of the device, in large pieces: what reads it block by block
  // later (the replay of a journal) does not wait at each block.
  void fetch(std::uint64_t offset, std::uint64_t length) const;

 private:
  LoopDevice(std::string node, int number, int loop)
      : node_(std::move(node)), number_(number), loop_(loop) {}

  std::string node_;
  int number_;
  int loop_;
};

}  // namespace untorn::lab
