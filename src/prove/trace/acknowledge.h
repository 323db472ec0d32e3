// SPDX-License-Identifier: Apache-2.0
//
// Which lines of the program's output are acknowledgements.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::prove {

class AcknowledgedLines {
 public:
  // An ECMAScript pattern that is searched for in each line; "" matches none. It must be valid.
  explicit AcknowledgedLines(const std::string& pattern);
  ~AcknowledgedLines();

  // The lines that `text` completes and that match, without their line ends. What is not yet a
  // whole line is kept for the next call.
  [[nodiscard]] std::vector<std::string> feed(std::string_view text);

 private:
  struct Pattern;  // keeps <regex> in one file
  std::unique_ptr<Pattern> pattern_;
  std::string partial_;
};

}  // namespace untorn::prove
