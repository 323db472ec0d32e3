// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/fuse_server.h"

#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <linux/falloc.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace untorn::lab {
namespace {

constexpr fuse_ino_t disk_inode = 2;
constexpr double seconds_valid = 3600;

Disk& disk_of(fuse_req_t request) {
  return *static_cast<Disk*>(fuse_req_userdata(request));
}

struct stat status_of(const Disk& disk, fuse_ino_t inode) {
  struct stat status = {};
  status.st_ino = inode;
  status.st_nlink = 1;
  status.st_mode = inode == disk_inode ? S_IFREG | 0600 : S_IFDIR | 0700;
  if (inode == disk_inode) status.st_size = static_cast<off_t>(disk.size());
  return status;
}

void answer(fuse_req_t request, bool done) {
  (void)fuse_reply_err(request, done ? 0 : EIO);
}

void look_up(fuse_req_t request, fuse_ino_t, const char* name) {
  if (std::string_view(name) != "disk") {
    (void)fuse_reply_err(request, ENOENT);
    return;
  }
  fuse_entry_param entry = {};
  entry.ino = disk_inode;
  entry.attr = status_of(disk_of(request), disk_inode);
  entry.attr_timeout = seconds_valid;
  entry.entry_timeout = seconds_valid;
  (void)fuse_reply_entry(request, &entry);
}

void get_attributes(fuse_req_t request, fuse_ino_t inode, fuse_file_info*) {
  const struct stat status = status_of(disk_of(request), inode);
  (void)fuse_reply_attr(request, &status, seconds_valid);
}

void open_disk(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file) {
  if (inode != disk_inode) {
    (void)fuse_reply_err(request, EISDIR);
    return;
  }
  file->direct_io = 1;  // no page cache between the loop device and the disk
  (void)fuse_reply_open(request, file);
}

void read_disk(fuse_req_t request, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info*) {
  const auto bytes = disk_of(request).read(static_cast<std::uint64_t>(offset), size);
  (void)fuse_reply_buf(request, reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void write_disk(fuse_req_t request, fuse_ino_t, const char* data, std::size_t size, off_t offset,
                fuse_file_info*) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  if (disk_of(request).write(static_cast<std::uint64_t>(offset), bytes)) {
    (void)fuse_reply_write(request, size);
  } else {
    answer(request, false);
  }
}

void flush_disk(fuse_req_t request, fuse_ino_t, int, fuse_file_info*) {
  answer(request, disk_of(request).flush());
}

// How a loop device passes on what a file system discards or zeroes.
void allocate(fuse_req_t request, fuse_ino_t, int mode, off_t offset, off_t length,
              fuse_file_info*) {
  const bool zeroes = (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0;
  if (!zeroes) {
    (void)fuse_reply_err(request, EOPNOTSUPP);
    return;
  }
  answer(request, disk_of(request).discard(static_cast<std::uint64_t>(offset),
                                           static_cast<std::uint64_t>(length)));
}

fuse_lowlevel_ops operations() {
  fuse_lowlevel_ops made = {};
  made.lookup = look_up;
  made.getattr = get_attributes;
  made.open = open_disk;
  made.read = read_disk;
  made.write = write_disk;
  made.fsync = flush_disk;
  made.fallocate = allocate;
  return made;
}

}  // namespace

int serve_disk(Disk& disk, const std::string& mount_point, int ready) {
  std::string program = "untorn-lab-disk";
  std::array<char*, 2> arguments = {program.data(), nullptr};
  fuse_args args = FUSE_ARGS_INIT(1, arguments.data());
  const fuse_lowlevel_ops served = operations();
  fuse_session* session = fuse_session_new(&args, &served, sizeof served, &disk);
  if (session == nullptr) return 1;
  if (fuse_session_mount(session, mount_point.c_str()) != 0) return 1;
  // Not in the namespace of its user: if both are killed, the last one to leave a namespace
  // unmounts what is in it, and a server that unmounts a file system on its own disk would wait for
  // itself.
  const bool told = unshare(CLONE_NEWNS) == 0 && write(ready, "r", 1) == 1;
  close(ready);
  const int ended = told ? fuse_session_loop(session) : 1;
  fuse_session_unmount(session);
  fuse_session_destroy(session);
  fuse_opt_free_args(&args);
  return ended == 0 ? 0 : 1;
}

}  // namespace untorn::lab
