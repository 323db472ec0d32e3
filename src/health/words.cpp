// SPDX-License-Identifier: Apache-2.0
#include "health/words.h"

#include <array>
#include <string_view>

namespace untorn::health {

std::string size_words(std::uint64_t size_bytes) {
  constexpr std::uint64_t step = 1000;
  constexpr std::array<std::string_view, 6> units = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (size_bytes < step) return count_words(size_bytes, "byte");
  std::size_t unit = 0;
  std::uint64_t divisor = step;
  while (unit + 1 < units.size() && size_bytes / divisor >= step) {
    divisor *= step;
    ++unit;
  }
  const std::uint64_t whole = size_bytes / divisor;
  const std::uint64_t tenths = size_bytes % divisor / (divisor / 10);
  return std::to_string(whole) + "." + std::to_string(tenths) + " " + std::string(units[unit]);
}

std::string age_words(std::int64_t age_s) {
  constexpr std::int64_t minute_s = 60;
  constexpr std::int64_t hour_s = 3600;
  constexpr std::int64_t day_s = 86'400;
  if (age_s < 1) return "under a second";
  if (age_s < 2 * minute_s) return std::to_string(age_s) + " s";
  if (age_s < 2 * hour_s) return std::to_string(age_s / minute_s) + " min";
  if (age_s < 2 * day_s) return std::to_string(age_s / hour_s) + " h";
  return std::to_string(age_s / day_s) + " days";
}

std::string count_words(std::uint64_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

}  // namespace untorn::health
