// SPDX-License-Identifier: Apache-2.0
//
// Our values as the kernel's, and the other way round.
#pragma once
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdint>
#include <string>
#include <string_view>

#include "untorn/filesystem.h"

namespace untorn {

inline constexpr std::uint32_t permission_bits = 07777;

// A name with the NUL at its end that system calls want, without allocation for usual lengths.
class TerminatedName {
 public:
  explicit TerminatedName(std::string_view name) {
    if (name.size() >= small_.size()) {
      large_ = name;
      text_ = large_.c_str();
      return;
    }
    std::copy(name.begin(), name.end(), small_.begin());
    small_[name.size()] = '\0';
    text_ = small_.data();
  }
  TerminatedName(const TerminatedName&) = delete;
  TerminatedName& operator=(const TerminatedName&) = delete;

  [[nodiscard]] const char* get() const { return text_; }

 private:
  std::array<char, NAME_MAX + 1> small_;
  std::string large_;
  const char* text_ = nullptr;
};

// Flags of openat(2), O_CLOEXEC among them.
[[nodiscard]] int open_flags(const OpenOptions& options);

// Of st_mode.
[[nodiscard]] FileType type_of_mode(std::uint32_t mode);
// Of d_type in a directory entry.
[[nodiscard]] FileType type_of_entry(unsigned char type);

// Asks for a number of the mount that is never given again (Linux 6.8), instead of the one that the
// next mount gets. The headers of Debian 12 do not have it yet.
inline constexpr unsigned statx_unique_mount = 0x4000;
inline constexpr unsigned statx_wanted = STATX_BASIC_STATS | STATX_BTIME | statx_unique_mount;

[[nodiscard]] Status status_from(const struct statx& answer);

}  // namespace untorn
