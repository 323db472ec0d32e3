// SPDX-License-Identifier: Apache-2.0
#include "pipeline/text_file.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

namespace untorn::pipeline {
namespace {

constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";
constexpr std::string_view little_mark = "\xFF\xFE";
constexpr std::string_view big_mark = "\xFE\xFF";

constexpr char32_t surrogate_first = 0xD800;
constexpr char32_t surrogate_low = 0xDC00;
constexpr char32_t surrogate_last = 0xDFFF;
constexpr char32_t beyond_first_plane = 0x10000;

bool is_wide(TextEncoding encoding) {
  return encoding == TextEncoding::utf16_little || encoding == TextEncoding::utf16_big;
}

std::uint8_t byte_at(std::string_view bytes, std::size_t place) {
  return static_cast<std::uint8_t>(bytes[place]);
}

// Surrogates become three bytes each, as Python's "surrogatepass" writes them.
void append_utf8(std::string& text, char32_t c) {
  const auto put = [&text](char32_t byte) { text += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0U | (c >> 6U));
    put(0x80U | (c & 0x3FU));
  } else if (c < beyond_first_plane) {
    put(0xE0U | (c >> 12U));
    put(0x80U | ((c >> 6U) & 0x3FU));
    put(0x80U | (c & 0x3FU));
  } else {
    put(0xF0U | (c >> 18U));
    put(0x80U | ((c >> 12U) & 0x3FU));
    put(0x80U | ((c >> 6U) & 0x3FU));
    put(0x80U | (c & 0x3FU));
  }
}

// The code point that begins at `place`, which moves behind it; nothing for what is not UTF-8.
// `surrogates`: those that append_utf8 wrote are taken, too.
std::optional<char32_t> next_utf8(std::string_view text, std::size_t& place, bool surrogates) {
  static constexpr std::array<char32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  const std::uint8_t first = byte_at(text, place);
  std::size_t length = 1;
  if (first >= 0xF0U && first < 0xF8U) {
    length = 4;
  } else if (first >= 0xE0U) {
    length = 3;
  } else if (first >= 0xC0U) {
    length = 2;
  } else if (first >= 0x80U) {
    return std::nullopt;
  }
  if (first >= 0xF8U || length > text.size() - place) return std::nullopt;
  char32_t c = length == 1 ? first : first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const std::uint8_t more = byte_at(text, place + i);
    if ((more & 0xC0U) != 0x80U) return std::nullopt;
    c = (c << 6U) | (more & 0x3FU);
  }
  const bool is_surrogate = c >= surrogate_first && c <= surrogate_last;
  if ((length > 1 && c < smallest.at(length)) || c > 0x10FFFF || (is_surrogate && !surrogates)) {
    return std::nullopt;
  }
  place += length;
  return c;
}

bool is_utf8(std::string_view text) {
  for (std::size_t place = 0; place < text.size();) {
    if (!next_utf8(text, place, false)) return false;
  }
  return true;
}

char32_t unit_at(std::string_view bytes, std::size_t place, TextEncoding encoding) {
  const char32_t first = byte_at(bytes, place);
  const char32_t second = byte_at(bytes, place + 1);
  return encoding == TextEncoding::utf16_little ? first | (second << 8U) : (first << 8U) | second;
}

void append_unit(std::string& bytes, char32_t unit, TextEncoding encoding) {
  const auto low = static_cast<char>(unit & 0xFFU);
  const auto high = static_cast<char>((unit >> 8U) & 0xFFU);
  bytes += encoding == TextEncoding::utf16_little ? low : high;
  bytes += encoding == TextEncoding::utf16_little ? high : low;
}

std::string decode_wide(std::string_view bytes, TextEncoding encoding) {
  std::string text;
  for (std::size_t place = 0; place + 1 < bytes.size(); place += 2) {
    char32_t c = unit_at(bytes, place, encoding);
    if (c >= surrogate_first && c < surrogate_low && place + 3 < bytes.size()) {
      const char32_t low = unit_at(bytes, place + 2, encoding);
      if (low >= surrogate_low && low <= surrogate_last) {
        c = beyond_first_plane + ((c - surrogate_first) << 10U) + (low - surrogate_low);
        place += 2;
      }
    }
    append_utf8(text, c);
  }
  return text;
}

void append_wide(std::string& bytes, char32_t c, TextEncoding encoding) {
  if (c < beyond_first_plane) {
    append_unit(bytes, c, encoding);
  } else {
    append_unit(bytes, surrogate_first + ((c - beyond_first_plane) >> 10U), encoding);
    append_unit(bytes, surrogate_low + ((c - beyond_first_plane) & 0x3FFU), encoding);
  }
}

std::string code_point_name(char32_t c) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string name;
  for (; c != 0 || name.size() < 4; c >>= 4U) name += digits[c & 0xFU];
  std::reverse(name.begin(), name.end());
  return "U+" + name;
}

Error refusal(const std::string& path, std::string detail) {
  return Error(Code::unsupported, Step::inspect, Outcome::not_applied, 0, path, std::move(detail));
}

}  // namespace

std::string_view to_string(TextEncoding encoding) noexcept {
  switch (encoding) {
    case TextEncoding::utf8:
      return "utf-8";
    case TextEncoding::utf8_with_mark:
      return "utf-8-sig";
    case TextEncoding::utf16_little:
      return "utf-16-le";
    case TextEncoding::utf16_big:
      return "utf-16-be";
    case TextEncoding::latin1:
      return "latin-1";
  }
  return "utf-8";
}

std::string_view to_string(LineEnd end) noexcept {
  switch (end) {
    case LineEnd::lf:
      return "lf";
    case LineEnd::crlf:
      return "crlf";
    case LineEnd::cr:
      return "cr";
  }
  return "lf";
}

Result<TextFile> TextFile::parse(std::string_view bytes, const std::string& path) {
  if (bytes.size() > file_bytes_max) {
    return std::unexpected(refusal(
        path, "it has " + std::to_string(bytes.size()) + " bytes; lines are edited up to 256 MiB"));
  }
  TextFile file;
  if (bytes.starts_with(little_mark) || bytes.starts_with(big_mark)) {
    file.encoding_ =
        bytes.starts_with(little_mark) ? TextEncoding::utf16_little : TextEncoding::utf16_big;
    file.mark_ = bytes.substr(0, little_mark.size());
    if (bytes.size() % 2 != 0) {
      return std::unexpected(refusal(path, "it begins as UTF-16 and has an odd number of bytes"));
    }
    for (std::size_t place = 0; place < bytes.size(); place += 2) {
      if (unit_at(bytes, place, file.encoding_) != 0) continue;
      return std::unexpected(
          refusal(path, "it is no text: a NUL character at offset " + std::to_string(place)));
    }
  } else if (const std::size_t nul = bytes.find('\0'); nul != std::string_view::npos) {
    return std::unexpected(
        refusal(path, "it is no text: a NUL byte at offset " + std::to_string(nul)));
  } else if (bytes.starts_with(utf8_mark) && is_utf8(bytes)) {
    file.encoding_ = TextEncoding::utf8_with_mark;
    file.mark_ = utf8_mark;
  } else if (!is_utf8(bytes)) {
    file.encoding_ = TextEncoding::latin1;
  }
  file.split(bytes.substr(file.mark_.size()));
  file.count_ends();
  return file;
}

void TextFile::split(std::string_view bytes) {
  const std::size_t width = is_wide(encoding_) ? 2 : 1;
  const auto unit = [&](std::size_t place) -> char32_t {
    return width == 2 ? unit_at(bytes, place, encoding_) : byte_at(bytes, place);
  };
  std::size_t begin = 0;
  for (std::size_t place = 0; place < bytes.size();) {
    const char32_t c = unit(place);
    std::size_t end = place + width;
    if (c == U'\r' && end < bytes.size() && unit(end) == U'\n') end += width;
    if (c == U'\r' || c == U'\n') {
      lines.push_back({std::string(bytes.substr(begin, place - begin)),
                       std::string(bytes.substr(place, end - place))});
      begin = end;
    }
    place = end;
  }
  if (begin < bytes.size()) lines.push_back({std::string(bytes.substr(begin)), {}});
}

void TextFile::count_ends() {
  constexpr std::array<LineEnd, 3> kinds = {LineEnd::lf, LineEnd::crlf, LineEnd::cr};
  std::array<std::size_t, kinds.size()> counts{};
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const std::string bytes = bytes_of(kinds.at(i));
    counts.at(i) = static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [&](const FileLine& line) { return line.end == bytes; }));
  }
  const auto most = std::max_element(counts.begin(), counts.end());
  common_end_ = kinds.at(static_cast<std::size_t>(most - counts.begin()));
  mixed_ = std::count(counts.begin(), counts.end(), std::size_t{0}) < 2;
}

std::string TextFile::bytes_of(LineEnd end) const {
  static constexpr std::array<std::string_view, 3> ends = {"\n", "\r\n", "\r"};
  const std::string_view narrow = ends.at(static_cast<std::size_t>(end));
  if (!is_wide(encoding_)) return std::string(narrow);
  std::string bytes;
  for (const char c : narrow) append_unit(bytes, static_cast<unsigned char>(c), encoding_);
  return bytes;
}

std::string TextFile::decode(std::string_view bytes) const {
  if (is_wide(encoding_)) return decode_wide(bytes, encoding_);
  if (encoding_ != TextEncoding::latin1) return std::string(bytes);
  std::string text;
  for (const char c : bytes) append_utf8(text, static_cast<unsigned char>(c));
  return text;
}

std::expected<std::string, std::string> TextFile::encode(std::string_view utf8) const {
  std::string bytes;
  for (std::size_t place = 0; place < utf8.size();) {
    const std::size_t begin = place;
    const auto c = next_utf8(utf8, place, is_wide(encoding_));
    if (!c) return std::unexpected(std::string("a byte that is not UTF-8"));
    if (is_wide(encoding_)) {
      append_wide(bytes, *c, encoding_);
    } else if (encoding_ == TextEncoding::latin1) {
      if (*c > 0xFF) return std::unexpected(code_point_name(*c));
      bytes += static_cast<char>(*c);
    } else {
      bytes += utf8.substr(begin, place - begin);
    }
    if (*c == 0) return std::unexpected(std::string("NUL"));
  }
  return bytes;
}

std::string TextFile::bytes() const {
  std::string whole = mark_;
  for (const FileLine& line : lines) (whole += line.content) += line.end;
  return whole;
}

}  // namespace untorn::pipeline
