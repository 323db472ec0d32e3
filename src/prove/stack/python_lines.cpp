// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/python_lines.h"

#include <limits>
#include <optional>

namespace untorn::prove {
namespace {

constexpr std::int64_t code_unit_size_bytes = 2;
constexpr int no_line_delta = -128;  // 3.10: the range has no line

int as_signed(std::byte byte) {
  return static_cast<std::int8_t>(byte);
}

int as_unsigned(std::byte byte) {
  return std::to_integer<int>(byte);
}

std::uint32_t as_line(std::int64_t line) {
  if (line <= 0 || line > std::numeric_limits<std::int32_t>::max()) return 0;
  return static_cast<std::uint32_t>(line);
}

// Pairs of (bytes onward, lines onward); a line begins where its pair ends.
std::uint32_t line_by_lnotab(std::span<const std::byte> table, std::int64_t line,
                             std::int64_t offset) {
  std::int64_t position = 0;
  for (std::size_t i = 0; i + 1 < table.size(); i += 2) {
    position += as_unsigned(table[i]);
    if (position > offset) break;
    line += as_signed(table[i + 1]);
  }
  return as_line(line);
}

// Pairs of (length in bytes, lines onward); the delta applies to the range itself.
std::uint32_t line_by_ranges(std::span<const std::byte> table, std::int64_t line,
                             std::int64_t offset) {
  std::int64_t end = 0;
  for (std::size_t i = 0; i + 1 < table.size(); i += 2) {
    end += as_unsigned(table[i]);
    const int delta = as_signed(table[i + 1]);
    if (delta != no_line_delta) line += delta;
    if (end > offset) return delta == no_line_delta ? 0 : as_line(line);
  }
  return 0;
}

// The first byte of an entry: 1, four bits of code, three bits of length in code units less one.
enum class LocationCode : int {
  one_line_0 = 10,
  one_line_2 = 12,
  no_columns = 13,
  long_form,
  none
};

constexpr int entry_mark = 0x80;
constexpr int code_mask = 15;
constexpr int length_mask = 7;

// Six bits at a time, lowest first; the lowest bit of the whole is the sign.
std::optional<std::int64_t> signed_variable_integer(std::span<const std::byte> bytes) {
  constexpr unsigned bits_max = 36;
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const std::byte byte : bytes) {
    const auto bits = static_cast<unsigned>(as_unsigned(byte));
    value |= static_cast<std::uint64_t>(bits & 63U) << shift;
    shift += 6;
    if ((bits & 64U) == 0) {
      const auto magnitude = static_cast<std::int64_t>(value >> 1U);
      return (value & 1U) != 0 ? -magnitude : magnitude;
    }
    if (shift > bits_max) break;
  }
  return std::nullopt;
}

std::uint32_t line_by_locations(std::span<const std::byte> table, std::int64_t line,
                                std::int64_t offset) {
  std::int64_t end = 0;
  std::size_t i = 0;
  while (i < table.size()) {
    const int head = as_unsigned(table[i]);
    if ((head & entry_mark) == 0) return 0;
    const auto code = static_cast<LocationCode>((head >> 3) & code_mask);
    if (code == LocationCode::no_columns || code == LocationCode::long_form) {
      const auto delta = signed_variable_integer(table.subspan(i + 1));
      if (!delta) return 0;
      line += *delta;
    } else if (code >= LocationCode::one_line_0 && code <= LocationCode::one_line_2) {
      line += static_cast<int>(code) - static_cast<int>(LocationCode::one_line_0);
    }
    end += ((head & length_mask) + 1) * code_unit_size_bytes;
    if (end > offset) return code == LocationCode::none ? 0 : as_line(line);
    do {
      ++i;
    } while (i < table.size() && (as_unsigned(table[i]) & entry_mark) == 0);
  }
  return 0;
}

}  // namespace

std::uint32_t python_line(std::size_t minor, std::span<const std::byte> table,
                          std::uint32_t first_line, std::int64_t offset) {
  if (offset < 0) return first_line;
  if (minor <= 9) return line_by_lnotab(table, first_line, offset);
  if (minor == 10) return line_by_ranges(table, first_line, offset);
  return line_by_locations(table, first_line, offset);
}

}  // namespace untorn::prove
