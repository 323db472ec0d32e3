// SPDX-License-Identifier: Apache-2.0
#include "filesystem/posix_mount.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

namespace untorn {
namespace {

// Takes the next field, up to a space, off the front of `rest`.
std::string_view take_field(std::string_view& rest) {
  const std::size_t end = rest.find(' ');
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return field;
}

// The number that mountinfo has, not the one that no other mount ever gets.
std::optional<unsigned long long> mount_id_of(int fd) {
  struct statx answer = {};
  const char* path = fd == AT_FDCWD ? "." : "";
  const int flags = fd == AT_FDCWD ? 0 : AT_EMPTY_PATH;
  if (statx(fd, path, flags, STATX_MNT_ID, &answer) != 0) return std::nullopt;
  if ((answer.stx_mask & STATX_MNT_ID) == 0) return std::nullopt;
  return answer.stx_mnt_id;
}

}  // namespace

std::optional<std::string> read_pseudo_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return std::nullopt;
  std::string text;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
      continue;
    }
    const int reading_errno = errno;
    (void)close(fd);
    if (count == 0) return text;
    errno = reading_errno;
    return std::nullopt;
  }
}

MountLine parse_mount_line(std::string_view line) {
  // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
  // The fields before " - " vary in number; spaces inside names are written as \040.
  MountLine result;
  const std::size_t separator = line.find(" - ");
  if (separator == std::string_view::npos) return result;
  const std::string_view id = take_field(line);
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), result.mount_id);
  if (error != std::errc() || end != id.data() + id.size()) return result;
  (void)take_field(line);  // the mount above
  result.device = take_field(line);
  line.remove_prefix(line.find(" - ") + 3);
  const std::string_view type = take_field(line);
  (void)take_field(line);  // the source
  result.super_options = take_field(line);
  result.type = type;
  return result;
}

std::optional<MountLine> find_mount_line(std::string_view table, int fd) {
  const std::optional<unsigned long long> mount_id = mount_id_of(fd);
  if (!mount_id) return std::nullopt;
  std::optional<MountLine> found;
  for_each_piece(table, '\n', [&](std::string_view text) {
    const MountLine line = parse_mount_line(text);
    if (!line.type.empty() && line.mount_id == *mount_id) found = line;
    return !found;
  });
  return found;
}

bool has_option(std::string_view options, std::string_view option) {
  bool found = false;
  for_each_piece(options, ',', [&](std::string_view each) {
    found = each == option;
    return !found;
  });
  return found;
}

std::string_view option_beginning(std::string_view options, std::string_view begin) {
  std::string_view found;
  for_each_piece(options, ',', [&](std::string_view each) {
    if (each.starts_with(begin)) found = each;
    return found.empty();
  });
  return found;
}

}  // namespace untorn
