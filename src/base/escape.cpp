// SPDX-License-Identifier: Apache-2.0
#include "base/escape.h"

#include <cstddef>

namespace untorn {
namespace {

constexpr bool is_c0_control(unsigned char byte) {
  return byte < 0x20 || byte == 0x7F;
}

// U+0080 to U+009F are C2 80 to C2 9F: among them CSI, which some terminals obey.
constexpr bool is_c1_control(unsigned char first, unsigned char second) {
  return first == 0xC2 && second >= 0x80 && second <= 0x9F;
}

// U+2028 to U+202E are E2 80 A8 to AE, U+2066 to U+2069 are E2 81 A6 to A9: a name with one of them
// may look like another name.
constexpr bool is_layout_control(std::string_view text) {
  if (text.size() < 3 || text[0] != '\xE2') return false;
  const auto last = static_cast<unsigned char>(text[2]);
  return (text[1] == '\x80' && last >= 0xA8 && last <= 0xAE) ||
         (text[1] == '\x81' && last >= 0xA6 && last <= 0xA9);
}

void append_hexadecimal(std::string& to, unsigned char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  to += "\\x";
  to += digits[byte >> 4U];
  to += digits[byte & 0x0FU];
}

void append_control(std::string& to, unsigned char byte) {
  switch (byte) {
    case '\n':
      to += "\\n";
      return;
    case '\r':
      to += "\\r";
      return;
    case '\t':
      to += "\\t";
      return;
    default:
      append_hexadecimal(to, byte);
      return;
  }
}

}  // namespace

std::string escape_controls(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
    if (is_c0_control(byte)) {
      append_control(result, byte);
    } else if (is_c1_control(byte, next)) {
      append_hexadecimal(result, byte);
      append_hexadecimal(result, next);
      ++i;
    } else if (is_layout_control(text.substr(i))) {
      for (const char each : text.substr(i, 3)) {
        append_hexadecimal(result, static_cast<unsigned char>(each));
      }
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string in_quotes(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return '"' + escape_controls(text) + '"';
  const auto continues = [&](std::size_t place) {
    return (static_cast<unsigned char>(text[place]) & 0xC0U) == 0x80U;
  };
  while (bytes_max > 0 && continues(bytes_max)) --bytes_max;  // no half a character
  return '"' + escape_controls(text.substr(0, bytes_max)) + "…\"";
}

}  // namespace untorn
