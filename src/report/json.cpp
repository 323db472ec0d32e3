// SPDX-License-Identifier: Apache-2.0
#include "report/json.h"

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <utility>

namespace untorn::report {
namespace {

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

unsigned byte_at(std::string_view text, std::size_t index) {
  return static_cast<unsigned char>(text[index]);
}

// Length of the well-formed UTF-8 sequence at `index` (table 3-7 of the Unicode standard: no
// overlong form, no surrogate, nothing above U+10FFFF), or 0 if there is none.
std::size_t sequence_length(std::string_view text, std::size_t index) {
  const unsigned lead = byte_at(text, index);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned second_min = 0x80;
  unsigned second_max = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) second_min = 0xA0;
    if (lead == 0xED) second_max = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) second_min = 0x90;
    if (lead == 0xF4) second_max = 0x8F;
  } else {
    return 0;
  }
  if (text.size() - index < length) return 0;
  const unsigned second = byte_at(text, index + 1);
  if (second < second_min || second > second_max) return 0;
  for (std::size_t offset = 2; offset < length; ++offset) {
    if ((byte_at(text, index + offset) & 0xC0U) != 0x80) return 0;
  }
  return length;
}

void append_escaped_ascii(std::string& out, char character) {
  switch (character) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto code = static_cast<unsigned char>(character);
  if (code >= 0x20 && code != 0x7F) {
    out += character;
    return;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u00";
  out += digits[code >> 4U];
  out += digits[code & 0x0FU];
}

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 24> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  out.append(buffer.data(), result.ptr);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t index = 0; index < text.size();) {
    const std::size_t length = sequence_length(text, index);
    if (length == 0) {
      out += replacement_character;
    } else if (length == 1) {
      append_escaped_ascii(out, text[index]);
    } else {
      out += text.substr(index, length);
    }
    index += length == 0 ? 1 : length;
  }
  out += '"';
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t index = 0; index < text.size();) {
    const std::size_t length = sequence_length(text, index);
    out += length == 0 ? replacement_character : text.substr(index, length);
    index += length == 0 ? 1 : length;
  }
  return out;
}

void JsonWriter::begin_value() {
  if (levels_.empty()) {
    assert(text_.empty() && "one document has one value");
    return;
  }
  Level& level = levels_.back();
  if (level.object) {
    assert(key_written_ && "a value in an object needs a key");
    key_written_ = false;
    return;
  }
  if (!level.empty) text_ += ", ";
  level.empty = false;
}

void JsonWriter::open_container(char bracket) {
  begin_value();
  text_ += bracket;
  levels_.push_back({.object = bracket == '{', .empty = true});
}

void JsonWriter::close_container(char bracket) {
  assert(!levels_.empty() && levels_.back().object == (bracket == '}') && !key_written_);
  text_ += bracket;
  levels_.pop_back();
}

JsonWriter& JsonWriter::begin_object() {
  open_container('{');
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  close_container('}');
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  open_container('[');
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  close_container(']');
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  assert(!levels_.empty() && levels_.back().object && !key_written_);
  if (!levels_.back().empty) text_ += ", ";
  levels_.back().empty = false;
  append_json_string(text_, name);
  text_ += ": ";
  key_written_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
  begin_value();
  append_json_string(text_, text);
  return *this;
}

JsonWriter& JsonWriter::unsigned_number(std::uint64_t number) {
  begin_value();
  append_number(text_, number);
  return *this;
}

JsonWriter& JsonWriter::signed_number(std::int64_t number) {
  begin_value();
  append_number(text_, number);
  return *this;
}

JsonWriter& JsonWriter::real(double number, int digits) {
  if (!std::isfinite(number)) return null();
  begin_value();
  std::array<char, 400> buffer{};  // the longest finite double has 309 digits before the point
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                    std::chars_format::fixed, digits);
  std::string_view shown(buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data()));
  if (shown.find('.') != std::string_view::npos) {
    shown = shown.substr(0, shown.find_last_not_of('0') + 1);
    if (shown.ends_with('.')) shown.remove_suffix(1);
  }
  text_ += shown;
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  begin_value();
  text_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null() {
  begin_value();
  text_ += "null";
  return *this;
}

std::string JsonWriter::take() && {
  assert(levels_.empty() && "every object and array must be closed");
  return std::move(text_);
}

}  // namespace untorn::report
