// SPDX-License-Identifier: Apache-2.0
//
// Contents that prove by themselves whether they are whole.
#pragma once
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>

#include "tests/support/files.h"

namespace untorn::testing {

// A number, and a length and bytes that follow from it.
inline std::string version(unsigned number) {
  const std::size_t size = 100 + (number * 7919U) % 20000U;
  return std::to_string(number) + "\n" + pattern(size, number) + "\n";
}

// The number of a whole version, nothing for everything else.
inline std::optional<unsigned> number_of(const std::string& content) {
  unsigned number = 0;
  const auto parsed = std::from_chars(content.data(), content.data() + content.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  if (content != version(number)) return std::nullopt;
  return number;
}

}  // namespace untorn::testing
