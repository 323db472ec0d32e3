// SPDX-License-Identifier: Apache-2.0
#include "cli/line_input.h"

#include <algorithm>
#include <utility>

namespace untorn::cli {

namespace {

std::string two_returns(std::uint64_t line_number) {
  return "line " + std::to_string(line_number) + " of the input ends in two carriage returns";
}

}  // namespace

void LineInput::add_line() {
  // A log has one kind of line end.
  if (partial_.ends_with('\r')) partial_.pop_back();
  lines_.push_back(std::move(partial_));
  partial_.clear();
  ++line_number_;
}

std::optional<std::string> LineInput::add(std::span<const char> piece) {
  std::string_view text(piece.data(), piece.size());
  if (const std::size_t nul_at = text.find('\0'); nul_at != std::string_view::npos) {
    const auto before = std::ranges::count(text.substr(0, nul_at), '\n');
    return "line " + std::to_string(line_number_ + static_cast<std::uint64_t>(before)) +
           " of the input holds a NUL byte";
  }
  if (auto problem = return_problem(text)) return problem;
  bytes_ += text.size();
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    partial_ += text.substr(0, end);
    if (end == std::string_view::npos) return std::nullopt;
    add_line();
    text.remove_prefix(end + 1);
  }
  return std::nullopt;
}

// One carriage return belongs to the line end; a second one would belong to the line.
std::optional<std::string> LineInput::return_problem(std::string_view text) const {
  std::uint64_t number = line_number_;
  std::string_view before = partial_;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string line_end = std::string(before) + std::string(text.substr(begin, end - begin));
    if (line_end.ends_with("\r\r")) return two_returns(number);
    before = {};
    begin = end + 1;
    ++number;
  }
  return std::nullopt;
}

std::optional<std::string> LineInput::end_problem() const {
  if (!partial_.ends_with("\r\r")) return std::nullopt;
  return two_returns(line_number_);
}

bool LineInput::complete() {
  if (partial_.empty()) return false;
  add_line();
  return true;
}

std::vector<std::string> LineInput::take() {
  bytes_ = partial_.size();
  return std::exchange(lines_, {});
}

}  // namespace untorn::cli
