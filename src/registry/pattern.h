// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions of JSON Schema, bounded: neither an expression nor a text can make a search
// take exponential time or a deep stack.
//
//   auto pattern = Pattern::compile("^[a-z]+$");
//   if (pattern && pattern->is_found_in("word")) …
//
// The language is ECMAScript's as std::wregex knows it, over code points, without back references.
//
// Threads: a Pattern may be used from any thread.
#pragma once
#include <cstddef>
#include <expected>
#include <memory>
#include <regex>
#include <string>
#include <string_view>

namespace untorn::registry {

class Pattern {
 public:
  // Longer ones, and those whose repetitions multiply to more, are refused.
  static constexpr std::size_t bytes_max = 512;
  static constexpr std::size_t states_max = 5000;
  static constexpr std::size_t subject_bytes_max = 65536;

  struct Refusal {
    bool is_unsupported = false;  // a right expression, beyond the limits; otherwise it is wrong
    std::string why;
  };
  [[nodiscard]] static std::expected<Pattern, Refusal> compile(std::string_view text);

  // Anywhere in `subject`, which is not longer than subject_bytes_max.
  [[nodiscard]] bool is_found_in(std::string_view subject) const;

 private:
  explicit Pattern(std::shared_ptr<const std::wregex> regex) : regex_(std::move(regex)) {}
  std::shared_ptr<const std::wregex> regex_;
};

// How many code points the text has.
[[nodiscard]] std::size_t length_of(std::string_view text) noexcept;

}  // namespace untorn::registry
