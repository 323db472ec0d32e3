// SPDX-License-Identifier: Apache-2.0
//
// Hunks of a patch, applied to the content of one file.
//
//   auto applied = patch::apply_hunks(content, file.hunks);
//   if (!applied) report(applied.error().front().message);
//
//  B1  Context and removed lines must be equal, byte for byte; nothing is ignored.
//  B2  A hunk that does not fit where it says is looked for elsewhere: one line below, one above,
//      two below, two above, … The first place where it fits is taken, as git does.
//  B3  A hunk that begins at line 1 (or says 0) fits at the beginning only; one without context at
//      its end fits at the end only.
//  B4  No line is changed by two hunks, and no hunk uses as context what another one has touched.
//  B5  A line without a line feed fits the last line only, and a hunk without any line of the old
//      content fits only if it names the end of the file. (`git apply` takes both anywhere.)
//
// Cost: a line is hashed once; a hunk that has moved costs one comparison of numbers for each place
// that is tried. Threads: functions of their arguments.
#pragma once
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "patch/patch.h"

namespace untorn::patch {

// A hunk that does not fit.
struct Misfit {
  std::size_t hunk = 0;  // counted from 1
  std::size_t patch_line = 0;
  std::size_t line = 0;  // of the content, where the first difference is, counted from 1
  std::string message;   // "hunk 1 does not fit: line 3 should be "a", but is "b""
};

// The new content, or every hunk that does not fit (up to `misfits_max`), in their order.
inline constexpr std::size_t misfits_max = 100;
[[nodiscard]] std::expected<std::string, std::vector<Misfit>> apply_hunks(
    std::string_view content, const std::vector<Hunk>& hunks);

}  // namespace untorn::patch
