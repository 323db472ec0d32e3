// SPDX-License-Identifier: Apache-2.0
#include "document/damage.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/escape.h"
#include "base/text.h"

namespace untorn::document {
namespace {

constexpr std::string_view white_space = " \t\n\r\v\f";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// "line 3, column 7", columns in code points.
std::string position(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t begin = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto column =
      std::count_if(before.begin() + static_cast<std::ptrdiff_t>(begin), before.end(),
                    [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  return "line " + std::to_string(lines + 1) + ", column " + std::to_string(column + 1);
}

// UTF-16 or UTF-32, by its byte order mark or by where the NULs are in its first two characters
// (RFC 4627, section 3). A file that a power cut filled with NULs has none between other bytes.
bool is_wide(std::string_view text) {
  constexpr std::array<std::string_view, 3> marks = {"\xFF\xFE", "\xFE\xFF",
                                                     std::string_view("\0\0\xFE\xFF", 4)};
  for (const std::string_view mark : marks) {
    if (text.starts_with(mark)) return true;
  }
  const auto is_zero = [text](std::size_t at) { return at < text.size() && text[at] == '\0'; };
  const auto is_other = [text](std::size_t at) { return at < text.size() && text[at] != '\0'; };
  const bool little_16 = is_other(0) && is_zero(1) && is_other(2) && is_zero(3);
  const bool big_16 = is_zero(0) && is_other(1) && is_zero(2) && is_other(3);
  const auto wide_32 = [&](std::size_t digit) {
    for (std::size_t at = 0; at < 8; ++at) {
      if (at % 4 == digit ? !is_other(at) : !is_zero(at)) return false;
    }
    return true;
  };
  return little_16 || big_16 || wide_32(0) || wide_32(3);
}

std::string_view without_comments_before(std::string_view text) {
  for (;;) {
    text = trimmed(text, white_space);
    std::size_t end = 0;
    if (text.starts_with("/*")) {
      end = text.find("*/");
      if (end != std::string_view::npos) end += 2;
    } else if (text.starts_with("//") || text.starts_with('#')) {
      end = text.find('\n');
    } else {
      return text;
    }
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end);
  }
}

// Comment lines at the end, and one comment behind the last token, are taken away.
std::string_view without_comments_after(std::string_view text) {
  for (;;) {
    text = trimmed(text, white_space);
    if (text.ends_with("*/")) {
      const std::size_t begin = text.rfind("/*");
      if (begin == std::string_view::npos) return text;
      text = text.substr(0, begin);
      continue;
    }
    const std::size_t line = text.rfind('\n') + 1;  // npos + 1 is 0
    const std::string_view last = text.substr(line);
    const std::size_t slashes = last.find("//");
    const std::size_t mark = std::min(slashes, last.find('#'));
    if (mark == std::string_view::npos) return text;
    // "http://x" inside of a last line that ends well is no comment.
    if (std::string_view("}]\"'").find(text.back()) != std::string_view::npos) return text;
    text = text.substr(0, line + mark);
  }
}

// A number or word of some other notation, standing alone: 0x10, +1, .5, True, undefined.
bool is_foreign_scalar(std::string_view text) {
  constexpr std::array<std::string_view, 9> words = {
      "True", "False", "None", "undefined", "nan", "inf", "+Infinity", "+inf", "-inf"};
  if (std::ranges::find(words, text) != words.end()) return true;
  const std::size_t sign = text.starts_with('+') || text.starts_with('-') ? 1 : 0;
  const std::string_view rest = text.substr(sign);
  const bool has_digit = rest.find_first_of("0123456789") != std::string_view::npos;
  return has_digit &&
         rest.find_first_not_of("0123456789abcdefABCDEFxob_.") == std::string_view::npos;
}

// J5.
bool ends_belong_together(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  text = without_comments_after(without_comments_before(text));
  // A JavaScript statement or a list of values may end like this.
  while (!text.empty() && (text.back() == ';' || text.back() == ',')) {
    text = trimmed(text.substr(0, text.size() - 1), white_space);
  }
  if (text.empty()) return false;
  const std::array<std::string_view, 4> pairs = {"{}", "[]", "\"\"", "''"};
  const bool pair = std::ranges::any_of(pairs, [text](std::string_view ends) {
    return text.size() >= 2 && text.front() == ends[0] && text.back() == ends[1];
  });
  return pair || is_foreign_scalar(text);
}

// J4: more values, separated by whatever, or comments.
bool is_more_of_a_kind(std::string_view rest) {
  for (;;) {
    rest = without_comments_before(rest);
    while (!rest.empty() && (rest.front() == ',' || rest.front() == ';')) {
      rest = trimmed(rest.substr(1), white_space);
    }
    if (rest.empty()) return true;
    JsonReader reader(rest);
    if (!reader.read_value()) return false;
    rest.remove_prefix(reader.at());
  }
}

}  // namespace

Verdict judge(std::string_view text, const JsonFault& fault) {
  const auto at = [text](std::size_t offset) { return position(text, offset); };
  if (fault.too_deep) return {false, fault.reason + " (" + at(fault.offset) + ")"};
  if (text.empty()) return {true, "it is empty"};
  if (trimmed(text, white_space).empty()) return {true, "it holds nothing but white space"};
  if (is_wide(text)) return {false, "it is UTF-16 or UTF-32, not UTF-8"};
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    const bool all = text.find_first_not_of('\0') == std::string_view::npos;
    return {true,
            all ? "it is filled with NUL bytes" : "it holds NUL bytes from " + at(nul) + " on"};
  }
  if (text.starts_with(byte_order_mark) && !without_comments_before(text.substr(3)).empty() &&
      ends_belong_together(text)) {
    return {false, "it begins with a byte order mark"};
  }
  const std::string where = " (" + at(fault.offset) + ": " + escape_controls(fault.reason) + ")";
  if (fault.at_end) return {true, "it ends in the middle of a value" + where};
  if (is_foreign_scalar(trimmed(text, white_space)))
    return {false, "it is not in a form that is read" + where};
  if (JsonReader first(text); first.read_value()) {
    const bool several = is_more_of_a_kind(text.substr(first.at()));
    return {
        !several,
        (several ? "it holds more than one value" : "something else follows its value") + where};
  }
  if (!ends_belong_together(text)) {
    return {true, "it is not JSON, and its beginning and end do not belong together" + where};
  }
  return {false, "it is not in a form that is read" + where};
}

}  // namespace untorn::document
