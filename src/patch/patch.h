// SPDX-License-Identifier: Apache-2.0
//
// A patch as data: what `git diff` and `diff -u` say about files, after it was read by parse.h.
//
// Threads: plain values.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::patch {

// Something about a patch, for a person.
struct Problem {
  std::size_t patch_line = 0;  // counted from 1
  std::string message;         // without the place
};

enum class LineKind : char { context = ' ', removed = '-', added = '+' };

struct Line {
  LineKind kind = LineKind::context;
  // With its line feed. A line without one is the last of its file.
  std::string_view text;
};

// What a hunk says about its place and size, as it stands in its header.
struct Range {
  std::size_t begin = 0;  // line, counted from 1; 0, or the line before, if `count` is 0
  std::size_t count = 0;
};

struct Hunk {
  Range before;
  Range after;
  std::vector<Line> lines;
  std::size_t leading = 0;   // lines of context before the first change
  std::size_t trailing = 0;  // and after the last one
  std::size_t patch_line = 0;
};

enum class Change : std::uint8_t { modified, added, deleted, renamed, copied };

// What a patch does to one file. Names are relative, with '/', after the removal of the leading
// components; they were not checked (see check_path).
struct FilePatch {
  Change change = Change::modified;
  std::string old_path;  // empty for an added file
  std::string new_path;  // empty for a deleted file
  // A plain diff cannot say that there was no file before: `modified`, but without a line of the
  // old content, so that it makes the file if there is none.
  bool may_add = false;
  // Whole modes as git writes them (0100644, 0100755), where the patch names them.
  std::optional<std::uint32_t> old_mode;
  std::optional<std::uint32_t> new_mode;
  std::vector<Hunk> hunks;
  std::size_t patch_line = 0;

  // The name by which a person knows it: the new one, of a deleted file the old one.
  [[nodiscard]] const std::string& path() const noexcept {
    return change == Change::deleted ? old_path : new_path;
  }
  [[nodiscard]] std::size_t count(LineKind kind) const noexcept;
};

// Text of the patch is borrowed by the lines.
struct Patch {
  std::vector<FilePatch> files;
};

// The patch backwards, files in reverse order. Fails for a copied file: a patch does not tell
// whether the copy was there for another reason.
[[nodiscard]] std::optional<Problem> reverse(Patch& patch);

// Why a path of a patch may not be changed, or an empty string: it is empty or absolute, has an
// empty component, "." or "..", a NUL byte or more than 4,095 bytes, or leads into `.git` or
// `.untorn` (in any spelling that some file system takes for these).
[[nodiscard]] std::string check_path(std::string_view path);

}  // namespace untorn::patch
