// SPDX-License-Identifier: Apache-2.0
//
// The lines of a patch, one after the other, with their numbers.
#pragma once
#include <algorithm>
#include <cstddef>
#include <string_view>

namespace untorn::patch {

class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text), size_(line_size(text)) {}

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  // With its line feed, if it has one.
  [[nodiscard]] std::string_view line() const noexcept { return rest_.substr(0, size_); }
  [[nodiscard]] std::size_t number() const noexcept { return number_; }
  [[nodiscard]] bool at(std::string_view prefix) const noexcept {
    return line().starts_with(prefix);
  }
  void advance() noexcept {
    if (rest_.empty()) return;
    rest_.remove_prefix(size_);
    size_ = line_size(rest_);
    ++number_;
  }

 private:
  static std::size_t line_size(std::string_view text) noexcept {
    const std::size_t feed = text.find('\n');
    return feed == std::string_view::npos ? text.size() : feed + 1;
  }

  std::string_view rest_;
  std::size_t size_;
  std::size_t number_ = 1;
};

// Without the line feed, and without the carriage return of a patch that was sent as text.
[[nodiscard]] inline std::string_view without_end(std::string_view line) noexcept {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace untorn::patch
