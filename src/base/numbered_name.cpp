// SPDX-License-Identifier: Apache-2.0
#include "base/numbered_name.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace untorn {
namespace {

constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t digits_max = 15;

std::string_view beginning_of(std::string_view name, std::string_view infix) {
  return name.substr(0, std::min(name.size(), name_bytes_max - digits_max - infix.size()));
}

}  // namespace

std::string numbered_name(std::string_view name, std::string_view infix, std::uint64_t number) {
  return std::string(beginning_of(name, infix)) + std::string(infix) + std::to_string(number);
}

std::optional<std::uint64_t> number_beside(std::string_view candidate, std::string_view name,
                                           std::string_view infix) noexcept {
  const std::string_view beginning = beginning_of(name, infix);
  if (!candidate.starts_with(beginning)) return std::nullopt;
  candidate.remove_prefix(beginning.size());
  if (!candidate.starts_with(infix)) return std::nullopt;
  const std::string_view digits = candidate.substr(infix.size());
  if (digits.empty() || digits.size() > digits_max || digits.front() == '0') return std::nullopt;
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

}  // namespace untorn
