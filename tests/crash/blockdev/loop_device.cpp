// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/loop_device.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "tests/crash/blockdev/disk.h"

namespace untorn::lab {
namespace {

std::string failed(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

// The kernel tells the numbers of the device: "7:12".
std::string make_node(const std::string& path, int number) {
  std::ifstream file("/sys/block/loop" + std::to_string(number) + "/dev");
  unsigned major_number = 0;
  unsigned minor_number = 0;
  char colon = 0;
  if (!(file >> major_number >> colon >> minor_number)) return "the kernel shows no loop device";
  const dev_t device = makedev(major_number, minor_number);
  (void)unlink(path.c_str());
  if (mknod(path.c_str(), S_IFBLK | 0600, device) != 0) return failed("mknod " + path);
  return "";
}

enum class Attempt : std::uint8_t { attached, taken, failed };

Attempt configure(int loop, int file) {
  loop_config config = {};
  config.fd = static_cast<__u32>(file);
  config.block_size = sector_bytes;
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
  if (ioctl(loop, LOOP_CONFIGURE, &config) == 0) return Attempt::attached;
  return errno == EBUSY || errno == ENXIO ? Attempt::taken : Attempt::failed;
}

}  // namespace

// Others take loop devices at the same time: the free one may be gone when it is configured.
std::expected<std::unique_ptr<LoopDevice>, std::string> LoopDevice::attach(
    int file, const std::string& node) {
  const int control = ::open("/dev/loop-control", O_RDWR | O_CLOEXEC);
  if (control < 0) return std::unexpected(failed("open /dev/loop-control"));
  std::string problem = "no loop device was free";
  constexpr int attempts_max = 100;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const int number = ioctl(control, LOOP_CTL_GET_FREE);
    problem = number < 0 ? failed("LOOP_CTL_GET_FREE") : make_node(node, number);
    if (!problem.empty()) break;
    const int loop = ::open(node.c_str(), O_RDWR | O_CLOEXEC);
    const Attempt made = loop < 0 ? Attempt::taken : configure(loop, file);
    problem = failed("LOOP_CONFIGURE");
    if (made == Attempt::attached) {
      close(control);
      return std::unique_ptr<LoopDevice>(new LoopDevice(node, number, loop));
    }
    if (loop >= 0) close(loop);
    if (made == Attempt::failed) break;
  }
  close(control);
  return std::unexpected(problem);
}

std::string LoopDevice::forget_caches() const {
  return ioctl(loop_, BLKFLSBUF, 0) == 0 ? "" : failed("BLKFLSBUF");
}

void LoopDevice::fetch(std::uint64_t offset, std::uint64_t length) const {
  std::vector<std::byte> buffer(std::size_t{1} << 20U);
  while (length > 0) {
    const std::size_t piece = std::min<std::uint64_t>(length, buffer.size());
    const ssize_t count = pread(loop_, buffer.data(), piece, static_cast<off_t>(offset));
    if (count <= 0) return;  // the mount will see the same failure and tell it
    offset += static_cast<std::uint64_t>(count);
    length -= static_cast<std::uint64_t>(count);
  }
}

LoopDevice::~LoopDevice() {
  close(loop_);
}

}  // namespace untorn::lab
