// SPDX-License-Identifier: Apache-2.0
//
// Small things that are done to text in more than one room.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace untorn {

// {"a", "b"} → "a, b".
[[nodiscard]] std::string joined(const std::vector<std::string>& words,
                                 std::string_view separator = ", ");

// {"a", "b", "c", "d"}, two at most → "a, b and 2 more". `words` is any range that knows its size.
template <class Words>
[[nodiscard]] std::string joined_first(const Words& words, std::size_t shown_max) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& word : words) {
    if (shown == shown_max) break;
    if (shown++ > 0) text += ", ";
    text += word;
  }
  const std::size_t left = words.size() - shown;
  if (left > 0) text += " and " + std::to_string(left) + " more";
  return text;
}

// `text` without the characters of `blanks` at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text,
                                       std::string_view blanks = " \t") noexcept;

// The path without its last component: "" for one name, and for a name in "/".
[[nodiscard]] constexpr std::string_view folder_of(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// ASCII alone, whatever the locale.
[[nodiscard]] constexpr bool is_digit(char each) noexcept {
  return each >= '0' && each <= '9';
}
[[nodiscard]] constexpr bool is_letter(char each) noexcept {
  return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z');
}
[[nodiscard]] constexpr bool is_letter_or_digit(char each) noexcept {
  return is_letter(each) || is_digit(each);
}

}  // namespace untorn
