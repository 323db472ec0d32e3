// SPDX-License-Identifier: Apache-2.0
#include "fix/text_edits.h"

#include <algorithm>
#include <cstdint>

namespace untorn::fix {

std::optional<std::string> apply_edits(std::string_view text, std::vector<languages::Edit> edits) {
  std::stable_sort(edits.begin(), edits.end(),
                   [](const languages::Edit& left, const languages::Edit& right) {
                     return left.span < right.span;
                   });
  std::string result;
  result.reserve(text.size() + edits.size() * 64);
  std::uint32_t done = 0;
  for (const languages::Edit& edit : edits) {
    if (edit.span.begin < done || edit.span.end < edit.span.begin || edit.span.end > text.size()) {
      return std::nullopt;
    }
    result += text.substr(done, edit.span.begin - done);
    result += edit.text;
    done = edit.span.end;
  }
  result += text.substr(done);
  return result;
}

}  // namespace untorn::fix
