// SPDX-License-Identifier: Apache-2.0
#include "filesystem/posix_ext4_features.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string_view>

#include "filesystem/posix_mount.h"
#include "filesystem/posix_range_sync.h"

namespace untorn {
namespace {

// struct ext4_tune_sb_params of linux/ext4.h, which the headers of Debian 12 do not have yet.
struct SuperblockAnswer {
  std::array<std::uint32_t, 2> flags_and_interval;
  std::array<std::uint16_t, 4> errors_and_counts;
  std::array<std::uint64_t, 3> times_and_blocks;
  std::array<std::uint32_t, 4> owners;
  std::array<std::uint16_t, 4> encoding_and_hash;
  std::uint32_t compatible;
  std::uint32_t incompatible;
  std::uint32_t read_only_compatible;
  std::array<std::uint32_t, 6> changeable;
  std::array<std::uint8_t, 132> mount_options_and_padding;
};
static_assert(sizeof(SuperblockAnswer) == 232);
static_assert(offsetof(SuperblockAnswer, compatible) == 64);

constexpr unsigned long get_superblock = _IOR('f', 45, SuperblockAnswer);

constexpr std::uint32_t fast_commit_bit = 0x0400;  // of `compatible`

struct Feature {
  std::uint32_t bit;
  std::string_view name;
};

// What the lab had, and what only changes where metadata lies. Another feature that changes how the
// bytes of a file are kept (encrypt, ea_inode, …) is not in here.
constexpr std::array covered_incompatible = {
    Feature{0x0002, "filetype"},  Feature{0x0004, "recover"},   Feature{0x0010, "meta_bg"},
    Feature{0x0040, "extent"},    Feature{0x0080, "64bit"},     Feature{0x0200, "flex_bg"},
    Feature{0x2000, "csum_seed"}, Feature{0x4000, "large_dir"}, Feature{0x8000, "inline_data"},
};
constexpr std::array covered_read_only_compatible = {
    Feature{0x0001, "sparse_super"},    Feature{0x0002, "large_file"},
    Feature{0x0008, "huge_file"},       Feature{0x0010, "uninit_bg"},
    Feature{0x0020, "dir_nlink"},       Feature{0x0040, "extra_isize"},
    Feature{0x0100, "quota"},           Feature{0x0200, "bigalloc"},
    Feature{0x0400, "metadata_csum"},   Feature{0x2000, "project"},
    Feature{0x10000, "orphan_present"},
};
// For the message alone.
constexpr std::array refused_incompatible = {
    Feature{0x0001, "compression"}, Feature{0x0008, "journal_dev"}, Feature{0x0100, "mmp"},
    Feature{0x0400, "ea_inode"},    Feature{0x1000, "dirdata"},     Feature{0x10000, "encrypt"},
    Feature{0x20000, "casefold"},
};
constexpr std::array refused_read_only_compatible = {
    Feature{0x1000, "read-only"},
    Feature{0x8000, "verity"},
};

template <class Covered, class Refused>
std::string why_not(std::uint32_t word, const Covered& covered, const Refused& refused) {
  for (const Feature& each : covered) word &= ~each.bit;
  if (word == 0) return "";
  for (const Feature& each : refused) {
    if ((word & each.bit) != 0)
      return "no lab run has covered the feature " + std::string(each.name);
  }
  return "no lab run has covered one of its features";
}

}  // namespace

Ext4Features read_ext4_features(int fd) {
  const bool working_directory = fd == AT_FDCWD;
  if (working_directory) fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return {.refused_errno = errno};
  SuperblockAnswer answer = {};
  const bool told = ioctl(fd, get_superblock, &answer) == 0;
  const int asking_errno = errno;
  if (working_directory) (void)close(fd);
  if (!told) return {.refused_errno = asking_errno == ENOTTY ? 0 : asking_errno};
  return {.told = true,
          .fast_commit = (answer.compatible & fast_commit_bit) != 0,
          .incompatible = answer.incompatible,
          .read_only_compatible = answer.read_only_compatible};
}

bool has_fast_commits(const std::string& device) {
  // fc stats:
  // 17 commits
  const std::optional<std::string> text = read_pseudo_file("/proc/fs/ext4/" + device + "/fc_info");
  bool found = false;
  if (!text) return found;
  for_each_piece(*text, '\n', [&found](std::string_view line) {
    if (!line.ends_with(" commits")) return true;
    found = line != "0 commits";
    return false;
  });
  return found;
}

std::string why_not_these_ext4_features(std::uint32_t incompatible,
                                        std::uint32_t read_only_compatible) {
  std::string why = why_not(incompatible, covered_incompatible, refused_incompatible);
  if (!why.empty()) return why;
  return why_not(read_only_compatible, covered_read_only_compatible, refused_read_only_compatible);
}

}  // namespace untorn
