// SPDX-License-Identifier: Apache-2.0
#include "transaction/escape.h"

#include <charconv>

namespace untorn::transaction {
namespace {

bool stands_escaped(unsigned char byte) noexcept {
  return byte <= 0x20 || byte == 0x7F || byte == '%';
}

}  // namespace

std::string escaped(std::string_view path) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char character : path) {
    const auto byte = static_cast<unsigned char>(character);
    if (stands_escaped(byte)) {
      text += '%';
      text += digits[byte >> 4U];
      text += digits[byte & 0xFU];
    } else {
      text += character;
    }
  }
  return text;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string path;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte != '%') {
      if (stands_escaped(byte)) return std::nullopt;
      path += text[at];
      continue;
    }
    if (text.size() - at < 3) return std::nullopt;
    unsigned value = 0;
    const char* end = text.data() + at + 3;
    const auto [stop, error] = std::from_chars(text.data() + at + 1, end, value, 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    path += static_cast<char>(static_cast<unsigned char>(value));
    at += 2;
  }
  return path;
}

}  // namespace untorn::transaction
