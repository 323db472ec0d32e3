// SPDX-License-Identifier: Apache-2.0
#include "filesystem/posix_range_sync.h"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "filesystem/posix_ext4_features.h"
#include "filesystem/posix_mount.h"

namespace untorn {
namespace {

// Major and minor numbers of the kernels that the lab has run on, with these file systems.
struct CoveredKernel {
  unsigned major;
  unsigned minor;
  std::string_view name;
};
constexpr std::array covered_kernels = {
    CoveredKernel{6, 1, "ext4"},
    CoveredKernel{6, 1, "xfs"},
    CoveredKernel{6, 18, "ext4"},
    CoveredKernel{6, 18, "xfs"},
};

std::string unreadable(const std::string& path) {
  return "cannot read " + path + ": " + std::strerror(errno);
}

RangeSyncAnswer classic(std::string why) {
  return {.why_classic = std::move(why)};
}

// "6.18.44-generic" → {6, 18}
std::optional<std::pair<unsigned, unsigned>> parse_release(std::string_view release) {
  std::pair<unsigned, unsigned> version;
  const char* const last = release.data() + release.size();
  const auto [dot, wrong] = std::from_chars(release.data(), last, version.first);
  if (wrong != std::errc() || dot == last || *dot != '.') return std::nullopt;
  if (std::from_chars(dot + 1, last, version.second).ec != std::errc()) return std::nullopt;
  return version;
}

// The name that the kernel's folders have for a device: "8:1" → "sda1". It is not in the mount
// table, whose source may be any path, of a link or of a node in a private folder.
std::optional<std::string> device_name(std::string_view number, std::string& link_path) {
  link_path = "/sys/dev/block/" + std::string(number);
  std::array<char, PATH_MAX> target{};
  const ssize_t length = readlink(link_path.c_str(), target.data(), target.size());
  if (length <= 0) return std::nullopt;
  const std::string_view path(target.data(), static_cast<std::size_t>(length));
  return std::string(path.substr(path.rfind('/') + 1));
}

// A journal inside of the file system is named after the device and its inode, which is always the
// eighth; one on a device of its own after that device alone.
std::string why_not_this_journal(const std::string& device) {
  const std::string task_path = "/sys/fs/ext4/" + device + "/journal_task";
  const std::optional<std::string> task = read_pseudo_file(task_path);
  if (!task) return unreadable(task_path);
  const std::string_view thread = trimmed(*task, " \n");
  if (thread == "<none>") return "it has no journal";
  if (thread.empty() || !std::ranges::all_of(thread, is_digit))
    return task_path + " holds no thread";
  const std::string journals = "/proc/fs/jbd2";
  if (access((journals + '/' + device + "-8").c_str(), F_OK) == 0) return "";
  if (access(journals.c_str(), R_OK) != 0) return unreadable(journals);
  return "its journal is on a device of its own";
}

RangeSyncAnswer probe_ext4(int fd, const std::string& device) {
  if (std::string why = why_not_this_journal(device); !why.empty()) return classic(std::move(why));
  const std::string options_path = "/proc/fs/ext4/" + device + "/options";
  const std::optional<std::string> options = read_pseudo_file(options_path);
  if (!options) return classic(unreadable(options_path));
  if (std::string why = why_not_these_ext4_options(*options); !why.empty())
    return classic(std::move(why));
  const Ext4Features features = read_ext4_features(fd);
  if (features.refused_errno != 0) {
    errno = features.refused_errno;
    return classic(unreadable("the features of its superblock"));
  }
  if (features.told) {
    std::string why =
        why_not_these_ext4_features(features.incompatible, features.read_only_compatible);
    if (!why.empty()) return classic(std::move(why));
  }
  return {.range_sync = RangeSync::before_names,
          .fast_commit = features.told ? features.fast_commit : has_fast_commits(device)};
}

RangeSyncAnswer probe_xfs(const std::string& device, std::string_view options) {
  if (std::string why = why_not_these_xfs_options(options); !why.empty())
    return classic(std::move(why));
  // A section for zones lies on the same device: no mount option names it.
  const std::string folder = "/sys/fs/xfs/" + device;
  if (access(folder.c_str(), R_OK) != 0) return classic(unreadable(folder));
  if (access((folder + "/zoned").c_str(), F_OK) == 0) return classic("it has a realtime section");
  return {.range_sync = RangeSync::before_names};
}

}  // namespace

std::string why_not_this_kernel(std::string_view release, std::string_view name) {
  const auto version = parse_release(release);
  if (!version) return "the kernel's release '" + std::string(release) + "' has no version";
  const auto covers = [&](const CoveredKernel& kernel) {
    return kernel.major == version->first && kernel.minor == version->second && kernel.name == name;
  };
  if (std::ranges::any_of(covered_kernels, covers)) return "";
  return "no lab run has covered Linux " + std::to_string(version->first) + '.' +
         std::to_string(version->second);
}

std::string why_not_these_ext4_options(std::string_view text) {
  bool barriers = false;
  std::string why;
  for_each_piece(text, '\n', [&](std::string_view option) {
    if (option == "barrier") barriers = true;
    const bool is_mode = option.starts_with("data=");
    const bool known_mode =
        option == "data=ordered" || option == "data=journal" || option == "data=writeback";
    const bool refused = option == "journal_async_commit" || option == "norecovery" ||
                         (option.starts_with("dax") && option != "dax=never");
    if (refused || (is_mode && !known_mode))
      why = "no lab run has covered the option " + std::string(option);
    return why.empty();
  });
  if (!why.empty()) return why;
  return barriers ? "" : "it is mounted without barriers";
}

std::string why_not_these_xfs_options(std::string_view options) {
  if (!option_beginning(options, "logdev=").empty()) return "its log is on a device of its own";
  if (!option_beginning(options, "rtdev=").empty()) return "it has a realtime device";
  if (has_option(options, "nobarrier")) return "it is mounted without barriers";
  const std::string_view dax = option_beginning(options, "dax");
  if (!dax.empty() && dax != "dax=never")
    return "no lab run has covered the option " + std::string(dax);
  return "";
}

RangeSyncAnswer probe_range_sync(int fd, std::string_view name) {
  if (name != "ext4" && name != "xfs") return classic("");
  struct utsname system = {};
  if (uname(&system) != 0) return classic(unreadable("the kernel's release"));
  if (std::string why = why_not_this_kernel(system.release, name); !why.empty())
    return classic(std::move(why));
  const std::string table_path = "/proc/self/mountinfo";
  const std::optional<std::string> table = read_pseudo_file(table_path);
  if (!table) return classic(unreadable(table_path));
  const std::optional<MountLine> line = find_mount_line(*table, fd);
  if (!line) return classic("its mount is not in " + table_path);
  // ext2 and ext3 have the magic number of ext4, and may be served by the same driver.
  if (line->type != name) return classic("it is mounted as " + std::string(line->type));
  std::string link_path;
  const std::optional<std::string> device = device_name(line->device, link_path);
  if (!device) return classic(unreadable(link_path));
  return name == "ext4" ? probe_ext4(fd, *device) : probe_xfs(*device, line->super_options);
}

}  // namespace untorn
