// SPDX-License-Identifier: Apache-2.0
//
// The kernel's pseudo files about mounts and devices, as text.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace untorn {

// A file of /proc or /sys. Nothing, with errno set, where it cannot be read to its end.
[[nodiscard]] std::optional<std::string> read_pseudo_file(const std::string& path);

// One line of /proc/self/mountinfo, as far as it matters here.
struct MountLine {
  unsigned long long mount_id = 0;
  std::string_view device;         // "8:1"
  std::string_view type;           // "overlay", "fuse.sshfs"
  std::string_view super_options;  // "rw,lowerdir=/a,volatile"
};

// The views point into `line`. A line of another shape gives an empty type.
[[nodiscard]] MountLine parse_mount_line(std::string_view line);

// The line of the mount by which `fd` was reached (AT_FDCWD: the working directory), with views
// into `table`, the text of /proc/self/mountinfo. Nothing where the kernel does not number mounts,
// and for a mount outside of this process's root.
[[nodiscard]] std::optional<MountLine> find_mount_line(std::string_view table, int fd);

// Does a comma-separated list hold exactly this option?
[[nodiscard]] bool has_option(std::string_view options, std::string_view option);

// The first option of the list that begins with this; "" if there is none.
[[nodiscard]] std::string_view option_beginning(std::string_view options, std::string_view begin);

// Walks a text by a separator: pieces, perhaps empty, without it. `use` answers whether to go on.
template <class Use>
void for_each_piece(std::string_view text, char separator, const Use& use) {
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    if (!use(text.substr(0, end))) return;
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace untorn
