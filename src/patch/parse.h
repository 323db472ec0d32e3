// SPDX-License-Identifier: Apache-2.0
//
// Reads a patch: `git diff` with its extended headers, or `diff -u`, with whatever stands around
// it.
//
//   auto patch = patch::parse(text, {.strip = 1});
//   if (!patch) return "line " + std::to_string(patch.error().patch_line) + ": " + …
//
//  U1  What is not recognised as the header of a file is passed over (mails, commit messages), but
//      a hunk without a header, a hunk whose lines do not add up, and a header that contradicts
//      itself are errors: a patch that was cut or damaged is not half a patch.
//  U2  Every error names the line of the patch.
//  U3  Binary patches, symbolic links and submodules are refused by name.
//  U4  A line without a line feed is the last one of the old or new content in its hunk.
//  U5  Time and memory grow with the length of the text, whatever its numbers say.
//
// It takes what `git apply` takes, except for U3 and U4 (git joins such a line with the next one)
// and for a header whose two names differ without saying that the file is renamed.
//
// Limits: 256 MiB, 16,777,216 lines in hunks, 65,536 files, 65,536 hunks a file.
// Threads: a function of its arguments.
#pragma once
#include <cstddef>
#include <expected>
#include <string_view>

#include "patch/patch.h"

namespace untorn::patch {

inline constexpr std::size_t patch_bytes_max = std::size_t{256} << 20U;
inline constexpr std::size_t hunk_lines_max = std::size_t{1} << 24U;
inline constexpr std::size_t files_max = 65536;
inline constexpr std::size_t file_hunks_max = 65536;

struct ParseOptions {
  // Leading components to remove from names: 1 for "a/x" and "b/x".
  std::size_t strip = 1;
  // With false, a plain diff whose names have no '/' is taken as it is, whatever `strip` is.
  bool strip_is_exact = false;
};

// Borrows `text` as long as the patch is used.
[[nodiscard]] std::expected<Patch, Problem> parse(std::string_view text,
                                                  const ParseOptions& options = {});

}  // namespace untorn::patch
