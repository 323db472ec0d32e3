// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/fuse_disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "tests/crash/blockdev/fuse_server.h"

namespace untorn::lab {
namespace {

std::string failed(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

[[noreturn]] void be_server(Disk& disk, const std::string& mount_point, int ready, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  // Every block of a file system is a request: waiting for a turn behind busy programs at each of
  // them would take most of the time of a recording.
  constexpr int most_urgent = -20;
  (void)setpriority(PRIO_PROCESS, 0, most_urgent);
  _exit(serve_disk(disk, mount_point, ready));
}

}  // namespace

// The server is a process and not a thread: a mount that waits for the disk cannot be killed, and
// if it held the connection, nobody could end it.
std::expected<std::unique_ptr<FuseDisk>, std::string> FuseDisk::serve(
    Disk& disk, const std::string& mount_point) {
  std::unique_ptr<FuseDisk> served(new FuseDisk(mount_point));
  if (mkdir(mount_point.c_str(), 0700) != 0) return std::unexpected(failed("mkdir " + mount_point));
  std::array<int, 2> ready{};
  if (pipe2(ready.data(), O_CLOEXEC) != 0) return std::unexpected(failed("pipe"));
  const pid_t parent = getpid();
  served->server_ = fork();
  if (served->server_ == 0) {
    close(ready[0]);
    be_server(disk, mount_point, ready[1], parent);
  }
  close(ready[1]);
  char told = 0;
  served->mounted_ = served->server_ > 0 && read(ready[0], &told, 1) == 1;
  close(ready[0]);
  if (!served->mounted_) return std::unexpected("no server of the disk on " + mount_point);
  return served;
}

int FuseDisk::open() const {
  return ::open((mount_point_ + "/disk").c_str(), O_RDWR | O_CLOEXEC);
}

FuseDisk::~FuseDisk() {
  if (mounted_) (void)umount2(mount_point_.c_str(), MNT_DETACH);
  if (server_ <= 0) return;
  (void)kill(server_, SIGKILL);
  (void)waitpid(server_, nullptr, 0);
}

}  // namespace untorn::lab
