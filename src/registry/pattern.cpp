// SPDX-License-Identifier: Apache-2.0
#include "registry/pattern.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace untorn::registry {
namespace {

// Bytes that are not UTF-8 stand for themselves.
std::wstring code_points(std::string_view text) {
  std::wstring result;
  result.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const auto first = static_cast<std::uint8_t>(text[at]);
    std::size_t more = 0;
    std::uint32_t point = first;
    if (first >= 0xF0U && first < 0xF8U) {
      more = 3;
      point = first & 0x07U;
    } else if (first >= 0xE0U) {
      more = 2;
      point = first & 0x0FU;
    } else if (first >= 0xC0U) {
      more = 1;
      point = first & 0x1FU;
    }
    bool whole = first < 0xF8U && at + more < text.size();
    for (std::size_t i = 1; whole && i <= more; ++i) {
      const auto next = static_cast<std::uint8_t>(text[at + i]);
      whole = (next & 0xC0U) == 0x80U;
      point = point << 6U | (next & 0x3FU);
    }
    result += static_cast<wchar_t>(whole ? point : first);
    at += whole ? more + 1 : 1;
  }
  return result;
}

std::size_t times(std::size_t a, std::size_t b) {
  return b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

// An upper bound of the states that the expression needs: each counted repetition copies what it
// repeats, and the whole of it at most.
std::size_t states_of(std::string_view text) {
  std::size_t states = text.size() + 1;
  std::size_t at = text.find('{');
  while (at != std::string_view::npos) {
    std::size_t count_max = 1;
    std::size_t count = 0;
    for (++at; at < text.size() && text[at] != '}'; ++at) {
      const char c = text[at];
      const bool is_digit = c >= '0' && c <= '9';
      count = is_digit ? std::min<std::size_t>(count * 10 + static_cast<std::size_t>(c - '0'),
                                               Pattern::states_max + 1)
                       : 0;
      count_max = std::max(count_max, count);
    }
    states = times(states, count_max);
    at = text.find('{', at);
  }
  return states;
}

// libstdc++ then searches without going back: time grows with length times states, and the stack
// with the states alone.
constexpr auto flags = std::regex_constants::ECMAScript | std::regex_constants::__polynomial;

}  // namespace

std::expected<Pattern, Pattern::Refusal> Pattern::compile(std::string_view text) {
  const auto unsupported = [](std::string why) {
    return std::unexpected(Refusal{.is_unsupported = true, .why = std::move(why)});
  };
  if (text.size() > bytes_max) {
    return unsupported("it is longer than " + std::to_string(bytes_max) + " bytes");
  }
  if (states_of(text) > states_max) return unsupported("its repetitions are too many");
  try {
    // With the search written into the expression, one pass over the text answers.
    const std::wstring whole = L"[\\s\\S]*?(?:" + code_points(text) + L")";
    // Alone first: what closes a group that it did not open is wrong.
    (void)std::wregex(code_points(text), flags);
    return Pattern(std::make_shared<const std::wregex>(whole, flags));
  } catch (const std::regex_error& error) {
    if (error.code() == std::regex_constants::error_complexity) {
      return unsupported("it has a back reference");
    }
    if (error.code() == std::regex_constants::error_space ||
        error.code() == std::regex_constants::error_stack) {
      return unsupported("it is too large");
    }
    return std::unexpected(Refusal{.is_unsupported = false, .why = error.what()});
  }
}

bool Pattern::is_found_in(std::string_view subject) const {
  return std::regex_search(code_points(subject), *regex_, std::regex_constants::match_continuous);
}

std::size_t length_of(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<std::uint8_t>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace untorn::registry
