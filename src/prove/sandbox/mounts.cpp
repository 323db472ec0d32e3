// SPDX-License-Identifier: Apache-2.0
#include "prove/sandbox/mounts.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <fstream>
#include <sstream>

#include "prove/sandbox/parts.h"

namespace untorn::prove {
namespace {

// The kernel writes space, tab, newline and backslash as three octal digits.
std::string unescape(const std::string& text) {
  const auto digit = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && digit(text[i + 1]) && digit(text[i + 2]) &&
        digit(text[i + 3])) {
      plain.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                        (text[i + 3] - '0')));
      i += 3;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

unsigned long parse_flags(const std::string& options) {
  constexpr std::pair<const char*, unsigned long> known[] = {
      {"ro", MS_RDONLY},        {"nosuid", MS_NOSUID},   {"nodev", MS_NODEV},
      {"noexec", MS_NOEXEC},    {"noatime", MS_NOATIME}, {"nodiratime", MS_NODIRATIME},
      {"relatime", MS_RELATIME}};
  std::istringstream words(options);
  unsigned long flags = 0;
  for (std::string word; std::getline(words, word, ',');) {
    for (const auto& [name, flag] : known) {
      if (word == name) flags |= flag;
    }
  }
  return flags;
}

bool bind_entry(int directory, const std::string& name, const std::string& target) {
  struct stat status = {};
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  const std::string path = target + "/" + name;
  if (S_ISLNK(status.st_mode)) {
    std::array<char, PATH_MAX> text = {};
    return ::readlinkat(directory, name.c_str(), text.data(), text.size() - 1) > 0 &&
           ::symlink(text.data(), path.c_str()) == 0;
  }
  const Descriptor handle(::openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  const bool made = S_ISDIR(status.st_mode) ? ::mkdir(path.c_str(), 0700) == 0
                                            : ::mknod(path.c_str(), S_IFREG | 0600, 0) == 0;
  const std::string source = "/proc/self/fd/" + std::to_string(handle.get());
  return handle.valid() && made &&
         ::mount(source.c_str(), path.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0;
}

}  // namespace

bool bind_entries(int directory, const std::string& target) {
  const int own = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = own < 0 ? nullptr : ::fdopendir(own);
  if (stream == nullptr) return false;
  bool complete = true;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    complete = bind_entry(directory, name, target) && complete;
  }
  ::closedir(stream);
  return complete;
}

std::vector<MountPoint> list_mounts() {
  std::ifstream file("/proc/self/mountinfo");
  std::vector<MountPoint> mounts;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string number;
    std::string parent;
    std::string device;
    std::string root;
    std::string path;
    std::string options;
    if (fields >> number >> parent >> device >> root >> path >> options) {
      mounts.push_back({unescape(path), parse_flags(options)});
    }
  }
  return mounts;
}

std::vector<CoveredMount> find_covered_mounts(const std::vector<std::string>& covers) {
  std::vector<std::string> paths;
  for (const MountPoint& mount : list_mounts()) paths.push_back(mount.path);
  std::ranges::sort(paths);
  const auto duplicates = std::ranges::unique(paths);
  paths.erase(duplicates.begin(), duplicates.end());
  std::vector<CoveredMount> covered;
  for (const std::string& path : paths) {
    std::size_t nearest_cover = 0;
    std::size_t nearest_mount = 0;
    for (const std::string& cover : covers) {
      if (is_below(path, cover)) nearest_cover = std::max(nearest_cover, cover.size());
    }
    for (const CoveredMount& other : covered) {
      if (is_below(path, other.path)) nearest_mount = std::max(nearest_mount, other.path.size());
    }
    const bool is_cover = std::ranges::find(covers, path) != covers.end();
    if (is_cover || nearest_cover == 0 || nearest_mount > nearest_cover) continue;
    Descriptor handle(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (handle.valid()) covered.push_back({path, std::move(handle)});
  }
  return covered;
}

bool bind_again(const CoveredMount& mount) {
  const std::string source = "/proc/self/fd/" + std::to_string(mount.handle.get());
  return ::mount(source.c_str(), mount.path.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0;
}

}  // namespace untorn::prove
