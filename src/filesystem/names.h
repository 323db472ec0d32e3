// SPDX-License-Identifier: Apache-2.0
//
// The rule for names that every implementation of FileSystem keeps.
#pragma once
#include <cerrno>
#include <string_view>

#include "untorn/filesystem.h"

namespace untorn {

// A single component under a directory handle; a path only under `working_directory`. Returns 0,
// or EINVAL.
[[nodiscard]] constexpr int check_name(Handle directory, std::string_view name) noexcept {
  if (name.empty() || name.find('\0') != std::string_view::npos) return EINVAL;
  const bool path = name.find('/') != std::string_view::npos;
  return path && directory != Handle::working_directory ? EINVAL : 0;
}

[[nodiscard]] constexpr int check_names(Handle from_directory, std::string_view from,
                                        Handle to_directory, std::string_view to) noexcept {
  const int fault = check_name(from_directory, from);
  return fault != 0 ? fault : check_name(to_directory, to);
}

}  // namespace untorn
