// SPDX-License-Identifier: Apache-2.0
#include "health/device.h"

#include <array>
#include <cstddef>
#include <vector>

#include "filesystem/posix_mount.h"

namespace untorn::health {
namespace {

// A pseudo file: its size is not known before it is read.
std::optional<std::string> read_all(FileSystem& fs, const std::string& path) {
  constexpr std::size_t piece_bytes = 16384;
  const auto opened = fs.open(Handle::working_directory, path, {.access = Access::read});
  if (!opened) return std::nullopt;
  const OwnedHandle file(fs, *opened);
  std::string text;
  std::vector<std::byte> piece(piece_bytes);
  for (;;) {
    const auto count = fs.read_at(file.get(), text.size(), piece);
    if (!count) return std::nullopt;
    if (*count == 0) return text;
    text.append(reinterpret_cast<const char*>(piece.data()), *count);
  }
}

// A Status holds the major number above 32 bits of the minor one.
std::string number_of(std::uint64_t device) {
  return std::to_string(device >> 32U) + ":" + std::to_string(device & 0xFFFFFFFFU);
}

// The options of the file system on this device: 36 35 98:0 / /mnt rw - ext4 /dev/sda1 rw,nobarrier
std::optional<std::string> mount_options(FileSystem& fs, std::uint64_t device) {
  const auto table = read_all(fs, "/proc/self/mountinfo");
  if (!table) return std::nullopt;
  const std::string wanted = " " + number_of(device) + " ";
  for (std::size_t begin = 0; begin < table->size();) {
    std::size_t end = table->find('\n', begin);
    if (end == std::string::npos) end = table->size();
    const auto line = std::string_view(*table).substr(begin, end - begin);
    begin = end + 1;
    // The device is the third field; no field before it holds a colon.
    const std::size_t at = line.find(wanted);
    if (at == std::string_view::npos || line.find(':') != line.find(':', at)) continue;
    const MountLine mount = parse_mount_line(line);
    if (!mount.type.empty()) return std::string(mount.super_options);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> device_cache(FileSystem& fs, std::uint64_t device) {
  const std::string folder = "/sys/dev/block/" + number_of(device);
  // A partition has no queue of its own: the one of its disk lies a folder higher.
  for (const char* const queue : {"/queue/write_cache", "/../queue/write_cache"}) {
    auto text = read_all(fs, folder + queue);
    if (!text) continue;
    while (!text->empty() && text->back() == '\n') text->pop_back();
    if (*text == "write back" || *text == "write through") return text;
  }
  return std::nullopt;
}

std::optional<bool> device_flushes(FileSystem& fs, std::uint64_t device, std::string_view kind) {
  if (kind != "ext4" && kind != "xfs" && kind != "btrfs" && kind != "f2fs") return std::nullopt;
  const auto options = mount_options(fs, device);
  if (!options) return std::nullopt;
  return !has_option(*options, "nobarrier") && !has_option(*options, "barrier=0");
}

}  // namespace untorn::health
