// SPDX-License-Identifier: Apache-2.0
//
// Lines out of pieces of a text, as they come from a descriptor.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::cli {

class LineInput {
 public:
  // Why the text cannot be lines; then nothing of the piece is taken.
  [[nodiscard]] std::optional<std::string> add(std::span<const char> piece);
  // The input has ended: what follows the last line end is a line, too. False: there is nothing.
  bool complete();

  // Why that would be no line.
  [[nodiscard]] std::optional<std::string> end_problem() const;

  // The whole lines that came since the last call, without their ends ("\n" or "\r\n").
  [[nodiscard]] std::vector<std::string> take();
  [[nodiscard]] bool has_lines() const noexcept { return !lines_.empty(); }
  // Of all that is held.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  void add_line();
  [[nodiscard]] std::optional<std::string> return_problem(std::string_view text) const;

  std::vector<std::string> lines_;
  std::string partial_;
  std::uint64_t bytes_ = 0;
  std::uint64_t line_number_ = 1;  // of the partial one
};

}  // namespace untorn::cli
