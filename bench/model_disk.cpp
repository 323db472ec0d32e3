// SPDX-License-Identifier: Apache-2.0
//
// The model disk: a file in memory whose flush takes as long as a real disk's. A loop device on it
// shows what a flush costs where it costs something, and repeats better than any real disk.
//
//   model_disk MOUNT_POINT MEBIBYTES FLUSH_MICROSECONDS
//
// Serves MOUNT_POINT/disk by FUSE until it is unmounted or told to end. A flush keeps the disk busy
// while it lasts, reads and writes take no time of their own. A loop device on it passes discards
// on as holes. Needs /dev/fuse.
#include <fcntl.h>
#include <fuse.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <thread>

namespace {

struct Disk {
  int memory = -1;
  off_t bytes = 0;
  std::chrono::microseconds flush{};
};

Disk& disk() {
  return *static_cast<Disk*>(fuse_get_context()->private_data);
}

// FUSE wants minus errno.
int result_of(ssize_t result) {
  return result < 0 ? -errno : static_cast<int>(result);
}

int get_attributes(const char* path, struct stat* status, fuse_file_info*) {
  *status = {};
  status->st_nlink = 1;
  if (std::string_view(path) == "/") {
    status->st_mode = S_IFDIR | 0700U;
    return 0;
  }
  if (std::string_view(path) != "/disk") return -ENOENT;
  status->st_mode = S_IFREG | 0600U;
  status->st_size = disk().bytes;
  return 0;
}

int open_disk(const char*, fuse_file_info* file) {
  file->direct_io = 1;  // no page cache between the loop device and the disk
  return 0;
}

int read_disk(const char*, char* data, std::size_t size, off_t offset, fuse_file_info*) {
  return result_of(pread(disk().memory, data, size, offset));
}

int write_disk(const char*, const char* data, std::size_t size, off_t offset, fuse_file_info*) {
  const off_t end = disk().bytes;
  if (offset > end || static_cast<off_t>(size) > end - offset) return -EIO;
  return result_of(pwrite(disk().memory, data, size, offset));
}

int flush_disk(const char*, int, fuse_file_info*) {
  std::this_thread::sleep_for(disk().flush);
  return 0;
}

int allocate(const char*, int mode, off_t offset, off_t length, fuse_file_info*) {
  constexpr unsigned zeroing = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
  if ((static_cast<unsigned>(mode) & zeroing) == 0) return -EOPNOTSUPP;
  constexpr int hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  return result_of(fallocate(disk().memory, hole, offset, length));
}

bool parsed(const char* text, long& number) {
  const char* end = text + std::strlen(text);
  const auto [rest, problem] = std::from_chars(text, end, number);
  return problem == std::errc{} && rest == end && number >= 0;
}

int failed(const char* what) {
  std::perror(what);
  return 1;
}

int serve(char* program, char* mount_point, Disk& disk) {
  disk.memory = memfd_create("model-disk", MFD_CLOEXEC);
  if (disk.memory < 0 || ftruncate(disk.memory, disk.bytes) != 0) return failed("memory");
  fuse_operations operations = {};
  operations.getattr = get_attributes;
  operations.open = open_disk;
  operations.read = read_disk;
  operations.write = write_disk;
  operations.fsync = flush_disk;
  operations.fallocate = allocate;
  // One request at a time, in the foreground.
  std::array foreground = {'-', 'f', '\0'};
  std::array single = {'-', 's', '\0'};
  std::array<char*, 5> arguments = {program, foreground.data(), single.data(), mount_point,
                                    nullptr};
  return fuse_main(4, arguments.data(), &operations, &disk);
}

}  // namespace

int main(int count, char** arguments) {
  long mebibytes = 0;
  long microseconds = 0;
  if (count != 4 || !parsed(arguments[2], mebibytes) || !parsed(arguments[3], microseconds)) {
    std::fputs("usage: model_disk MOUNT_POINT MEBIBYTES FLUSH_MICROSECONDS\n", stderr);
    return 2;
  }
  Disk disk = {.bytes = off_t{mebibytes} << 20U, .flush = std::chrono::microseconds(microseconds)};
  return serve(arguments[0], arguments[1], disk);
}
