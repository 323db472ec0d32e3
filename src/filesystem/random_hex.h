// SPDX-License-Identifier: Apache-2.0
//
// 128 random bits in a name.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "untorn/filesystem.h"

namespace untorn {

// 32 hexadecimal digits.
[[nodiscard]] inline std::string random_hex(FileSystem& fs) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto [high, low] = fs.random_bits();
  std::string text;
  for (const std::uint64_t half : {high, low}) {
    for (int shift = 60; shift >= 0; shift -= 4) text += digits[(half >> shift) & 0xFU];
  }
  return text;
}

}  // namespace untorn
