// SPDX-License-Identifier: Apache-2.0
//
// The names that Untorn gives by chance: a prefix and 32 hexadecimal digits. By their shape alone a
// cleaner tells them from the names of others.
#pragma once
#include <string_view>

#include "filesystem/kept_folder.h"

namespace untorn::write {

// Content that a repair kept although nobody published it: it may have been under a name before a
// power cut.
inline constexpr std::string_view set_aside_prefix = ".untorn-set-aside-";

// NAME.untorn-displaced-<number>: see M4.
inline constexpr std::string_view displaced_infix = ".untorn-displaced-";

[[nodiscard]] bool is_random_name(std::string_view name, std::string_view prefix) noexcept;

// `.untorn-tmp-<32 hexadecimal digits>`
[[nodiscard]] bool is_temporary_name(std::string_view name) noexcept;
// `.untorn-set-aside-<32 hexadecimal digits>`
[[nodiscard]] bool is_set_aside_name(std::string_view name) noexcept;

}  // namespace untorn::write
