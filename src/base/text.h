// SPDX-License-Identifier: Apache-2.0
//
// Small things that are done to text in more than one room.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace untorn {

// {"a", "b"} → "a, b".
[[nodiscard]] std::string joined(const std::vector<std::string>& words,
                                 std::string_view separator = ", ");

// `text` without the characters of `blanks` at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text,
                                       std::string_view blanks = " \t") noexcept;

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
