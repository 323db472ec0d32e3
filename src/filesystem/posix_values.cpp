// SPDX-License-Identifier: Apache-2.0
#include "filesystem/posix_values.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace untorn {
namespace {

std::int64_t nanoseconds(const struct statx_timestamp& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

int open_flags(const OpenOptions& options) {
  int flags = O_CLOEXEC;
  switch (options.access) {
    case Access::read:
      flags |= O_RDONLY;
      break;
    case Access::write:
      flags |= O_WRONLY;
      break;
    case Access::read_write:
      flags |= O_RDWR;
      break;
    case Access::directory:
      flags |= O_RDONLY | O_DIRECTORY;
      break;
  }
  if (options.create) flags |= O_CREAT;
  if (options.exclusive) flags |= O_EXCL;
  if (options.truncate) flags |= O_TRUNC;
  if (options.append) flags |= O_APPEND;
  if (!options.follow) flags |= O_NOFOLLOW;
  if (options.nonblocking) flags |= O_NONBLOCK;
  return flags;
}

FileType type_of_mode(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return FileType::regular;
    case S_IFDIR:
      return FileType::directory;
    case S_IFLNK:
      return FileType::symlink;
    case S_IFIFO:
      return FileType::fifo;
    case S_IFSOCK:
      return FileType::socket;
    case S_IFCHR:
    case S_IFBLK:
      return FileType::device;
    default:
      return FileType::other;
  }
}

FileType type_of_entry(unsigned char type) {
  switch (type) {
    case DT_REG:
      return FileType::regular;
    case DT_DIR:
      return FileType::directory;
    case DT_LNK:
      return FileType::symlink;
    case DT_FIFO:
      return FileType::fifo;
    case DT_SOCK:
      return FileType::socket;
    case DT_CHR:
    case DT_BLK:
      return FileType::device;
    default:
      return FileType::other;
  }
}

Status status_from(const struct statx& answer) {
  Status status;
  status.type = type_of_mode(answer.stx_mode);
  status.device = (std::uint64_t{answer.stx_dev_major} << 32U) | answer.stx_dev_minor;
  status.inode = answer.stx_ino;
  status.mode = answer.stx_mode & permission_bits;
  status.user = answer.stx_uid;
  status.group = answer.stx_gid;
  status.links = answer.stx_nlink;
  status.size = answer.stx_size;
  status.modified_ns = nanoseconds(answer.stx_mtime);
  status.changed_ns = nanoseconds(answer.stx_ctime);
  if ((answer.stx_mask & STATX_BTIME) != 0) status.born_ns = nanoseconds(answer.stx_btime);
  status.mount_root = (answer.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  status.immutable = (answer.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) != 0;
  // An older kernel leaves the field alone or fills in the other number.
  if ((answer.stx_mask & statx_unique_mount) != 0) status.mount = answer.stx_mnt_id;
  return status;
}

}  // namespace untorn
