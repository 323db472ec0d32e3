// SPDX-License-Identifier: Apache-2.0
#include "document/json_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <system_error>

namespace untorn::document {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

bool is_high_surrogate(std::uint32_t point) {
  return point >= 0xD800U && point < 0xDC00U;
}
bool is_low_surrogate(std::uint32_t point) {
  return point >= 0xDC00U && point < 0xE000U;
}

// Four hexadecimal digits at `at`, which the reader has accepted.
std::uint32_t hex_at(std::string_view text, std::size_t at) {
  std::uint32_t value = 0;
  (void)std::from_chars(text.data() + at, text.data() + at + 4, value, 16);
  return value;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto tail = [&out, point](unsigned shift) {
    out += static_cast<char>(0x80U | ((point >> shift) & 0x3FU));
  };
  if (point < 0x80U) {
    out += static_cast<char>(point);
  } else if (point < 0x800U) {
    out += static_cast<char>(0xC0U | (point >> 6U));
    tail(0);
  } else if (point < 0x10000U) {
    out += static_cast<char>(0xE0U | (point >> 12U));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | (point >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

char unescaped(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;  // quotation mark, backslash, slash
  }
}

void append_unit(std::string& out, std::uint32_t unit) {
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out += hex_digits[(unit >> shift) & 0xFU];
}

std::uint32_t decode(std::string_view sequence) {
  constexpr std::array<std::uint32_t, 5> lead_mask = {0, 0x7FU, 0x1FU, 0x0FU, 0x07U};
  std::uint32_t point = static_cast<unsigned char>(sequence[0]) & lead_mask[sequence.size()];
  for (const char byte : sequence.substr(1)) {
    point = (point << 6U) | (static_cast<unsigned char>(byte) & 0x3FU);
  }
  return point;
}

void escape_point(std::string& out, std::uint32_t point) {
  if (point < 0x10000U) {
    append_unit(out, point);
    return;
  }
  append_unit(out, 0xD800U + ((point - 0x10000U) >> 10U));
  append_unit(out, 0xDC00U + ((point - 0x10000U) & 0x3FFU));
}

// The letter after the backslash for those that have one, else 0.
char short_escape(char byte) {
  switch (byte) {
    case '"':
    case '\\':
      return byte;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

void escape_ascii_byte(std::string& out, char byte, bool ensure_ascii) {
  const auto code = static_cast<unsigned char>(byte);
  if (const char letter = short_escape(byte); letter != 0) {
    out += '\\';
    out += letter;
  } else if (code < 0x20 || (code == 0x7F && ensure_ascii)) {
    append_unit(out, code);
  } else {
    out += byte;
  }
}

}  // namespace

std::size_t sequence_length(std::string_view text, std::size_t at) noexcept {
  const auto byte = [text, at](std::size_t offset) -> unsigned {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U;
  };
  const auto is_tail = [&byte](std::size_t offset) { return (byte(offset) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead >= 0xC2 && lead <= 0xDF) return is_tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
    return !overlong && is_tail(1) && is_tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && byte(1) < 0x90;
    const bool too_large = lead == 0xF4 && byte(1) > 0x8F;
    return !overlong && !too_large && is_tail(1) && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

std::string unescape(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t at = 0; at < source.size();) {
    if (source[at] != '\\') {
      out += source[at++];
      continue;
    }
    const char letter = source[at + 1];
    at += 2;
    if (letter != 'u') {
      out += unescaped(letter);
      continue;
    }
    std::uint32_t point = hex_at(source, at);
    at += 4;
    if (is_high_surrogate(point) && source.substr(at).starts_with("\\u")) {
      const std::uint32_t second = hex_at(source, at + 2);
      if (is_low_surrogate(second)) {
        point = 0x10000U + ((point - 0xD800U) << 10U) + (second - 0xDC00U);
        at += 6;
      }
    }
    append_utf8(out, point);
  }
  return out;
}

void escape_into(std::string& out, std::string_view text, bool ensure_ascii) {
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      escape_ascii_byte(out, text[at++], ensure_ascii);
      continue;
    }
    const std::size_t length = sequence_length(text, at);
    if (length == 0) {
      append_unit(out, 0xDC00U + static_cast<unsigned char>(text[at++]));
      continue;
    }
    const std::string_view sequence = text.substr(at, length);
    const std::uint32_t point = decode(sequence);
    if (ensure_ascii || is_high_surrogate(point) || is_low_surrogate(point)) {
      escape_point(out, point);
    } else {
      out += sequence;
    }
    at += length;
  }
}

std::string real_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
  const std::size_t mark = text.find('e');
  const int exponent =
      std::stoi(std::string(text.substr(text[mark + 1] == '+' ? mark + 2 : mark + 1)));
  std::string digits;
  for (const char c : text.substr(0, mark)) {
    if (c != '.' && c != '-') digits += c;
  }
  std::string out = text.starts_with('-') ? "-" : "";
  constexpr int fixed_from = -4;
  constexpr int fixed_below = 16;
  if (exponent < fixed_from || exponent >= fixed_below) return std::string(text);
  if (exponent < 0)
    return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return out + digits + std::string(whole - digits.size(), '0') + ".0";
  return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

double real_of(std::string_view source) {
  if (source == "NaN") return std::numeric_limits<double>::quiet_NaN();
  const bool negative = source.starts_with('-');
  if (source.ends_with("Infinity")) {
    return negative ? -std::numeric_limits<double>::infinity()
                    : std::numeric_limits<double>::infinity();
  }
  double value = 0;
  const auto result = std::from_chars(source.data(), source.data() + source.size(), value);
  if (result.ec != std::errc::result_out_of_range) return value;
  // Too large or too small: the place of the first digit that is not 0 tells.
  const std::size_t mark = source.find_first_of("eE");
  const std::size_t first = source.find_first_of("123456789");
  const std::size_t point = std::min(source.find('.'), std::min(mark, source.size()));
  const bool small_exponent = mark != std::string_view::npos && source.substr(mark + 1, 1) == "-";
  const bool tiny = small_exponent || (mark == std::string_view::npos && first > point);
  const double size = tiny ? 0.0 : std::numeric_limits<double>::infinity();
  return negative ? -size : size;
}

}  // namespace untorn::document
