// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/acknowledge.h"

// g++ 12 with -fsanitize=address takes a member of libstdc++'s automaton for uninitialised.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <regex>

namespace untorn::prove {

struct AcknowledgedLines::Pattern {
  std::regex regex;
};

AcknowledgedLines::AcknowledgedLines(const std::string& pattern) {
  if (pattern.empty()) return;
  pattern_ = std::make_unique<Pattern>(
      Pattern{std::regex(pattern, std::regex::ECMAScript | std::regex::optimize)});
}

AcknowledgedLines::~AcknowledgedLines() = default;

std::vector<std::string> AcknowledgedLines::feed(std::string_view text) {
  std::vector<std::string> lines;
  if (!pattern_) return lines;
  partial_ += text;
  std::size_t begin = 0;
  for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n', begin)) {
    std::string line = partial_.substr(begin, end - begin);
    begin = end + 1;
    if (std::regex_search(line, pattern_->regex)) lines.push_back(std::move(line));
  }
  partial_.erase(0, begin);
  return lines;
}

}  // namespace untorn::prove
