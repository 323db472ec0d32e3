// SPDX-License-Identifier: Apache-2.0
#include "cli/duration.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <system_error>

namespace untorn::cli {

std::optional<std::chrono::milliseconds> duration_of(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc() || number < 0) return std::nullopt;
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  double milliseconds = 0;
  if (unit == "ms") {
    milliseconds = 1;
  } else if (unit.empty() || unit == "s") {
    milliseconds = 1000;
  } else if (unit == "m" || unit == "min") {
    milliseconds = 60'000;
  } else if (unit == "h") {
    milliseconds = 3'600'000;
  } else {
    return std::nullopt;
  }
  constexpr double milliseconds_max = 1e12;
  if (!(number * milliseconds <= milliseconds_max)) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(number * milliseconds));
}

}  // namespace untorn::cli
