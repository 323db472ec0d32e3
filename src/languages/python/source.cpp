// SPDX-License-Identifier: Apache-2.0
#include "languages/python/source.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace untorn::languages {
namespace {

constexpr auto npos = std::string_view::npos;

// The length of a UTF-8 sequence by its first byte, and the range of its second.
struct Sequence {
  std::size_t size_bytes;
  unsigned char second_min;
  unsigned char second_max;
};
constexpr Sequence sequence_of(unsigned char first) noexcept {
  if (first >= 0xC2 && first <= 0xDF) return {2, 0x80, 0xBF};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first >= 0xE1 && first <= 0xEF) return {3, 0x80, 0xBF};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first >= 0xF1 && first <= 0xF3) return {4, 0x80, 0xBF};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

bool is_space(char byte) noexcept {
  return byte == ' ' || byte == '\t' || byte == '\f';
}

// The encoding that `# coding: NAME` names in one of the first two lines; empty: none.
std::string_view coding_cookie(std::string_view bytes) {
  for (int line = 0; line < 2 && !bytes.empty(); ++line) {
    const std::string_view text = bytes.substr(0, bytes.find('\n'));
    std::size_t at = 0;
    while (at < text.size() && is_space(text[at])) ++at;
    if (at < text.size() && text[at] != '#' && text[at] != '\r') return {};
    const std::size_t found = text.find("coding", at);
    if (found != npos && found + 6 < text.size() &&
        (text[found + 6] == ':' || text[found + 6] == '=')) {
      std::size_t begin = found + 7;
      while (begin < text.size() && is_space(text[begin])) ++begin;
      const std::size_t end = text.find_first_of(" \t\r;*", begin);
      return text.substr(begin, end == npos ? npos : end - begin);
    }
    bytes.remove_prefix(std::min(bytes.size(), text.size() + 1));
  }
  return {};
}

bool names_utf8(std::string_view name) {
  std::string lower;
  for (const char each : name) {
    if (each == '-' || each == '_') continue;
    lower += each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each;
  }
  return lower.empty() || lower == "utf8" || lower == "utf8sig" || lower == "utf8unix" ||
         lower == "u8" || lower == "utf";
}

}  // namespace

std::size_t find_invalid_utf8(std::string_view bytes) noexcept {
  std::size_t at = 0;
  while (at < bytes.size()) {
    constexpr std::uint64_t high_bits = 0x8080808080808080U;
    std::uint64_t word = 0;
    if (at + sizeof(word) <= bytes.size()) {
      std::memcpy(&word, bytes.data() + at, sizeof(word));
      if ((word & high_bits) == 0) {
        at += sizeof(word);
        continue;
      }
    }
    const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(bytes[index]); };
    if (byte(at) < 0x80) {
      ++at;
      continue;
    }
    const Sequence sequence = sequence_of(byte(at));
    if (sequence.size_bytes == 0 || bytes.size() - at < sequence.size_bytes ||
        byte(at + 1) < sequence.second_min || byte(at + 1) > sequence.second_max) {
      return at;
    }
    for (std::size_t next = 2; next < sequence.size_bytes; ++next) {
      if ((byte(at + next) & 0xC0U) != 0x80U) return at;
    }
    at += sequence.size_bytes;
  }
  return npos;
}

std::expected<PythonSource, Unreadable> decode_source(std::string_view bytes) {
  const auto line_of = [&](std::size_t offset) {
    const std::string_view before = bytes.substr(0, offset);
    return std::to_string(1 + std::count(before.begin(), before.end(), '\n'));
  };
  if (const std::size_t nul = bytes.find('\0'); nul != npos) {
    return std::unexpected(
        Unreadable{Unreadable::Kind::binary, "line " + line_of(nul) + ": a NUL byte"});
  }
  const std::size_t invalid = find_invalid_utf8(bytes);
  const std::string_view cookie = coding_cookie(bytes);
  if (invalid == npos) return PythonSource(bytes);
  if (names_utf8(cookie)) {
    return std::unexpected(Unreadable{Unreadable::Kind::binary,
                                      "line " + line_of(invalid) + ": the bytes are not UTF-8"});
  }
  std::string replaced(bytes);
  std::replace_if(
      replaced.begin(), replaced.end(),
      [](char each) { return static_cast<unsigned char>(each) >= 0x80; }, '_');
  return PythonSource(std::move(replaced));
}

}  // namespace untorn::languages
