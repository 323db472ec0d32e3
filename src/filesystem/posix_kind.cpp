// SPDX-License-Identifier: Apache-2.0
#include "filesystem/posix_kind.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

namespace untorn {
namespace {

enum class Trait : std::uint8_t { local, keeps_nothing, network, torn_rename, look_in_mount_table };

struct KnownKind {
  std::uint32_t magic;
  std::string_view name;
  Trait trait;
};

// Magic numbers that linux/magic.h does not have stand as numbers, from statfs(2).
constexpr std::array known_kinds = {
    KnownKind{EXT4_SUPER_MAGIC, "ext4", Trait::local},
    KnownKind{XFS_SUPER_MAGIC, "xfs", Trait::local},
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

const KnownKind* find_known(std::uint32_t magic) {
  for (const KnownKind& known : known_kinds) {
    if (known.magic == magic) return &known;
  }
  return nullptr;
}

// Takes the next field, up to a space, off the front of `rest`.
std::string_view take_field(std::string_view& rest) {
  const std::size_t end = rest.find(' ');
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return field;
}

std::optional<unsigned long long> mount_id_of(int fd) {
  struct statx answer = {};
  const char* path = fd == AT_FDCWD ? "." : "";
  const int flags = fd == AT_FDCWD ? 0 : AT_EMPTY_PATH;
  if (statx(fd, path, flags, STATX_MNT_ID, &answer) != 0) return std::nullopt;
  if ((answer.stx_mask & STATX_MNT_ID) == 0) return std::nullopt;
  return answer.stx_mnt_id;
}

std::string read_mount_table() {
  std::string table;
  const int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return table;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    table.append(buffer.data(), static_cast<std::size_t>(count));
  }
  (void)close(fd);
  return table;
}

// Calls `use` with the mount's line while the text is alive; not at all if there is none.
template <class Use>
void with_mount_of(int fd, const Use& use) {
  const std::optional<unsigned long long> mount_id = mount_id_of(fd);
  if (!mount_id) return;
  const std::string table = read_mount_table();
  std::string_view rest = table;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const MountLine line = parse_mount_line(rest.substr(0, end));
    if (!line.type.empty() && line.mount_id == *mount_id) {
      use(line);
      return;
    }
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
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
  with_mount_of(fd, [&kind](const MountLine& line) {
    if (kind.name != "overlay") return apply_fuse(kind, line);
    // `volatile` makes every fsync of the overlay return at once, without a flush.
    kind.volatile_storage = has_option(line.super_options, "volatile") ||
                            has_option(line.super_options, "fsync=volatile");
  });
}

}  // namespace

MountLine parse_mount_line(std::string_view line) {
  // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
  // The fields before " - " vary in number; spaces inside names are written as \040.
  MountLine result;
  const std::size_t separator = line.find(" - ");
  if (separator == std::string_view::npos) return result;
  const std::string_view id = take_field(line);
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), result.mount_id);
  if (error != std::errc() || end != id.data() + id.size()) return result;
  line.remove_prefix(line.find(" - ") + 3);
  const std::string_view type = take_field(line);
  (void)take_field(line);  // the source
  result.super_options = take_field(line);
  result.type = type;
  return result;
}

bool has_option(std::string_view options, std::string_view option) {
  while (!options.empty()) {
    const std::size_t end = options.find(',');
    if (options.substr(0, end) == option) return true;
    if (end == std::string_view::npos) return false;
    options.remove_prefix(end + 1);
  }
  return false;
}

FileSystemKind kind_of_descriptor(int fd) {
  FileSystemKind kind;
  kind.name = "unknown";
  struct statfs answer = {};
  if ((fd == AT_FDCWD ? statfs(".", &answer) : fstatfs(fd, &answer)) != 0) return kind;
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
  }
  return kind;
}

}  // namespace untorn
