// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "base/hash.h"

namespace untorn::scan {

// 32 lower-case digits.
[[nodiscard]] inline std::string to_hex(Hash128 hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint64_t half : {hash.first, hash.second}) {
    for (unsigned shift = 64; shift != 0; shift -= 4) text += digits[half >> (shift - 4) & 0xFU];
  }
  return text;
}

}  // namespace untorn::scan
