// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a patch: the parser answers; what it takes is applied to the very lines that each
// hunk wants, and taken back again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "patch/apply.h"
#include "patch/parse.h"

namespace {

using untorn::patch::Hunk;
using untorn::patch::LineKind;

std::string side(const Hunk& hunk, LineKind own) {
  std::string text;
  for (const auto& line : hunk.lines) {
    if (line.kind == LineKind::context || line.kind == own) text += line.text;
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::size_t strip : {std::size_t{0}, std::size_t{1}}) {
    auto patch = untorn::patch::parse(text, {.strip = strip});
    if (!patch) {
      if (patch.error().patch_line == 0 || patch.error().message.empty()) std::abort();
      continue;
    }
    auto backwards = *patch;
    const bool can_reverse = !untorn::patch::reverse(backwards);
    for (std::size_t file = 0; file < patch->files.size(); ++file) {
      const auto& hunks = patch->files[file].hunks;
      (void)untorn::patch::check_path(patch->files[file].path());
      (void)untorn::patch::apply_hunks(text, hunks);
      for (std::size_t each = 0; each < hunks.size(); ++each) {
        const std::string before = side(hunks[each], LineKind::removed);
        const std::string after = side(hunks[each], LineKind::added);
        const auto made = untorn::patch::apply_hunks(before, {hunks[each]});
        // A hunk without any old line fits only where it says.
        if (!made && !before.empty()) std::abort();
        if (made && *made != after) std::abort();
        if (!can_reverse || after.empty()) continue;
        const auto& reversed = backwards.files[patch->files.size() - 1 - file].hunks[each];
        const auto back = untorn::patch::apply_hunks(after, {reversed});
        if (!back || *back != before) std::abort();
      }
    }
  }
  return 0;
}
