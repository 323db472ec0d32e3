// SPDX-License-Identifier: Apache-2.0
//
// Leaving the mounts of the machine: namespaces, and everything read-only.
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "prove/sandbox/descriptor.h"
#include "prove/sandbox/mounts.h"
#include "prove/sandbox/parts.h"

namespace untorn::prove {
namespace {

Error mount_error(const std::string& path, std::string what) {
  return sandbox_error(errno, path, std::move(what));
}

bool write_text(const std::string& path, const std::string& text) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file.valid() &&
         ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Every id that exists in our present user namespace, mapped to itself.
std::string identity_map(const char* present) {
  std::ifstream file(present);
  std::string map;
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  while (file >> inside >> outside >> count) {
    const std::string first = std::to_string(inside);
    map.append(first).append(" ").append(first).append(" ");
    map.append(std::to_string(count)).append("\n");
  }
  return map;
}

// Maps of more than one's own id must be written by a process outside, with its privileges: a child
// that is made before we leave.
class MapWriter {
 public:
  Result<void> start() {
    int to[2] = {-1, -1};
    int from[2] = {-1, -1};
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) {
      return std::unexpected(mount_error("pipe", "cannot be made"));
    }
    Descriptor go(to[0]);
    go_ = Descriptor(to[1]);
    done_ = Descriptor(from[0]);
    Descriptor tell(from[1]);
    const std::string users = identity_map("/proc/self/uid_map");
    const std::string groups = identity_map("/proc/self/gid_map");
    const std::string process = "/proc/" + std::to_string(::getpid());
    child_ = ::fork();
    if (child_ < 0) return std::unexpected(mount_error("fork", "cannot make the map writer"));
    if (child_ != 0) return {};
    go_.reset();
    char byte = 0;
    if (::read(go.get(), &byte, 1) != 1) ::_exit(1);
    const bool written =
        write_text(process + "/uid_map", users) && write_text(process + "/gid_map", groups);
    byte = written ? '+' : '-';
    ::_exit(::write(tell.get(), &byte, 1) == 1 ? 0 : 1);
  }

  // After unshare.
  bool finish() {
    char byte = 'g';
    const bool asked = ::write(go_.get(), &byte, 1) == 1;
    const bool answered = asked && ::read(done_.get(), &byte, 1) == 1 && byte == '+';
    return answered;
  }

  ~MapWriter() {
    go_.reset();
    while (child_ > 0 && ::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

 private:
  Descriptor go_;
  Descriptor done_;
  pid_t child_ = -1;
};

// Root keeps all its ids; anybody else keeps the own one.
Result<void> leave_as_root() {
  MapWriter writer;
  if (auto started = writer.start(); !started) return started;
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    return std::unexpected(mount_error("namespaces", "this machine forbids them"));
  }
  if (writer.finish()) return {};
  return std::unexpected(mount_error("uid_map", "cannot be written"));
}

Result<void> leave_as_user() {
  const std::string user = std::to_string(::geteuid());
  const std::string group = std::to_string(::getegid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    return std::unexpected(mount_error("namespaces", "this machine forbids them"));
  }
  if (!write_text("/proc/self/uid_map", user + " " + user + " 1\n") ||
      !write_text("/proc/self/setgroups", "deny") ||
      !write_text("/proc/self/gid_map", group + " " + group + " 1\n")) {
    return std::unexpected(mount_error("uid_map", "cannot be written"));
  }
  return {};
}

}  // namespace

Result<void> leave_mounts(Users users) {
  if (users == Users::own_namespace) {
    return ::geteuid() == 0 ? leave_as_root() : leave_as_user();
  }
  if (::unshare(CLONE_NEWNS) == 0) return {};
  return std::unexpected(mount_error("namespaces", "this machine forbids them"));
}

Result<void> make_all_read_only() {
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  if (::syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof attributes) !=
      0) {
    // Before Linux 5.12, one by one; the flags that are there must be repeated.
    for (const MountPoint& mount : list_mounts()) {
      if (::mount(nullptr, mount.path.c_str(), nullptr,
                  MS_REMOUNT | MS_BIND | MS_RDONLY | mount.flags, nullptr) != 0 &&
          errno != EACCES && errno != ENOENT) {
        return std::unexpected(mount_error(mount.path, "cannot be made read-only"));
      }
    }
  }
  // Programs write to their own /proc/self; it holds no files of anybody.
  attributes.attr_set = 0;
  attributes.attr_clr = MOUNT_ATTR_RDONLY;
  (void)::syscall(SYS_mount_setattr, AT_FDCWD, "/proc", 0, &attributes, sizeof attributes);
  return {};
}

}  // namespace untorn::prove
