// SPDX-License-Identifier: Apache-2.0
#include "filesystem/posix_kind.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/hash.h"
#include "filesystem/posix_mount.h"
#include "filesystem/posix_range_sync.h"

namespace untorn {
namespace {

enum class Trait : std::uint8_t {
  local,
  keeps_nothing,
  network,
  torn_rename,
  look_in_mount_table,
  look_in_allow_list,
};

struct KnownKind {
  std::uint32_t magic;
  std::string_view name;
  Trait trait;
};

// Magic numbers that linux/magic.h does not have stand as numbers, from statfs(2).
constexpr std::array known_kinds = {
    KnownKind{EXT4_SUPER_MAGIC, "ext4", Trait::look_in_allow_list},
    KnownKind{XFS_SUPER_MAGIC, "xfs", Trait::look_in_allow_list},
    KnownKind{BTRFS_SUPER_MAGIC, "btrfs", Trait::local},
    KnownKind{F2FS_SUPER_MAGIC, "f2fs", Trait::local},
    KnownKind{0x2FC12FC1, "zfs", Trait::local},
    KnownKind{0xCA451A4E, "bcachefs", Trait::local},
    KnownKind{REISERFS_SUPER_MAGIC, "reiserfs", Trait::local},
    KnownKind{0x3153464A, "jfs", Trait::local},
    KnownKind{0x5346544E, "ntfs", Trait::local},
    KnownKind{0x7366746E, "ntfs3", Trait::local},
    KnownKind{0x4244, "hfs", Trait::local},
    KnownKind{0x482B, "hfsplus", Trait::local},
    KnownKind{TMPFS_MAGIC, "tmpfs", Trait::keeps_nothing},
    KnownKind{RAMFS_MAGIC, "ramfs", Trait::keeps_nothing},
    KnownKind{HUGETLBFS_MAGIC, "hugetlbfs", Trait::keeps_nothing},
    KnownKind{PROC_SUPER_MAGIC, "proc", Trait::keeps_nothing},
    KnownKind{SYSFS_MAGIC, "sysfs", Trait::keeps_nothing},
    KnownKind{MSDOS_SUPER_MAGIC, "vfat", Trait::torn_rename},
    KnownKind{0x2011BAB0, "exfat", Trait::torn_rename},
    KnownKind{NFS_SUPER_MAGIC, "nfs", Trait::network},
    KnownKind{SMB_SUPER_MAGIC, "smb", Trait::network},
    KnownKind{0xFF534D42, "cifs", Trait::network},
    KnownKind{0xFE534D42, "smb2", Trait::network},
    KnownKind{V9FS_MAGIC, "9p", Trait::network},
    KnownKind{0x00C36400, "ceph", Trait::network},
    KnownKind{AFS_SUPER_MAGIC, "afs", Trait::network},
    KnownKind{CODA_SUPER_MAGIC, "coda", Trait::network},
    KnownKind{0x01161970, "gfs2", Trait::network},
    KnownKind{0x7461636F, "ocfs2", Trait::network},
    KnownKind{0x0BD00BD0, "lustre", Trait::network},
    KnownKind{0x47504653, "gpfs", Trait::network},
    KnownKind{0x19830326, "fhgfs", Trait::network},
    KnownKind{OVERLAYFS_SUPER_MAGIC, "overlay", Trait::look_in_mount_table},
    KnownKind{0x65735546, "fuse", Trait::look_in_mount_table},
};

int call_statfs(int fd, struct statfs& answer) {
  return fd == AT_FDCWD ? statfs(".", &answer) : fstatfs(fd, &answer);
}

const KnownKind* find_known(std::uint32_t magic) {
  for (const KnownKind& known : known_kinds) {
    if (known.magic == magic) return &known;
  }
  return nullptr;
}

// fuse.sshfs, fuse.glusterfs and their like reach over a network. A fuse file system of another
// kind makes no promise about rename that could be looked up; fuseblk is ntfs-3g or exfat.
void apply_fuse(FileSystemKind& kind, const MountLine& line) {
  kind.name = std::string(line.type);
  for (const std::string_view remote : {"sshfs", "glusterfs", "s3fs", "rclone", "davfs", "smb",
                                        "juicefs", "gcsfuse", "cephfs", "curlftpfs", "moosefs"}) {
    if (line.type.find(remote) != std::string_view::npos) kind.network = true;
  }
  if (line.type == "fuseblk") kind.atomic_rename = false;
}

void apply_mount_table(FileSystemKind& kind, int fd) {
  const std::optional<std::string> table = read_pseudo_file("/proc/self/mountinfo");
  if (!table) return;
  const std::optional<MountLine> line = find_mount_line(*table, fd);
  if (!line) return;
  if (kind.name != "overlay") return apply_fuse(kind, *line);
  // `volatile` makes every fsync of the overlay return at once, without a flush.
  kind.volatile_storage = has_option(line->super_options, "volatile") ||
                          has_option(line->super_options, "fsync=volatile");
}

void apply_allow_list(FileSystemKind& kind, int fd) {
  if (!one_commit_is_default) {
    kind.why_classic = "one_commit waits for its long run in the lab";
    return;
  }
  RangeSyncAnswer answer = probe_range_sync(fd, kind.name);
  kind.range_sync = answer.range_sync;
  kind.fast_commit = answer.fast_commit;
  kind.why_classic = std::move(answer.why_classic);
}

}  // namespace

FileSystemKind assumed_kind(std::string_view name) {
  FileSystemKind kind;
  const bool ranges = name == "ext4" || name == "xfs";
  kind.name = ranges || name == "btrfs" ? std::string(name) : "portable";
  if (ranges) kind.range_sync = RangeSync::before_names;
  return kind;
}

std::uint64_t file_system_number(int fd) {
  struct statfs answer = {};
  if (call_statfs(fd, answer) != 0) return 0;
  Hash128 hash = hash128(std::as_bytes(std::span(&answer.f_fsid, 1)));
  hash = combine(hash, static_cast<std::uint64_t>(answer.f_type));
  hash = combine(hash, static_cast<std::uint64_t>(answer.f_flags));
  // Numbers of mounts are small; those of file systems have the highest bit.
  return hash.first | (std::uint64_t{1} << 63U);
}

FileSystemKind kind_of_descriptor(int fd) {
  FileSystemKind kind;
  kind.name = "unknown";
  struct statfs answer = {};
  if (call_statfs(fd, answer) != 0) return kind;
  const KnownKind* known = find_known(static_cast<std::uint32_t>(answer.f_type));
  if (known == nullptr) return kind;
  kind.name = std::string(known->name);
  switch (known->trait) {
    case Trait::local:
      break;
    case Trait::keeps_nothing:
      kind.volatile_storage = true;
      break;
    case Trait::network:
      kind.network = true;
      break;
    case Trait::torn_rename:
      kind.atomic_rename = false;
      break;
    case Trait::look_in_mount_table:
      apply_mount_table(kind, fd);
      break;
    case Trait::look_in_allow_list:
      apply_allow_list(kind, fd);
      break;
  }
  return kind;
}

}  // namespace untorn
