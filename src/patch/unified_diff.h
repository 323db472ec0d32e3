// SPDX-License-Identifier: Apache-2.0
//
// The change of one file as `git apply` and `patch` read it.
//
//   std::cout << unified_diff({.path = "a b.py", .before = old_text, .after = new_text});
//
// Lines are bytes up to a line feed: carriage returns are part of them and stay, and a last line
// without a line feed is marked. Three lines of context. A path with control characters, quotation
// marks or backslashes is quoted as git does it; one with blanks is followed by a tab.
//
// Cost: time and memory grow with the number of changed lines times that of all lines, at worst;
// equal heads and tails cost one comparison. Threads: a function of its argument.
#pragma once
#include <string>
#include <string_view>

namespace untorn::patch {

struct FileChange {
  std::string_view path;  // with '/', relative to where the patch will be applied
  std::string_view before = {};
  std::string_view after = {};
  bool is_new = false;         // there is no file before
  bool is_deleted = false;     // there is none after
  bool is_executable = false;  // of a file that is new or deleted
};

// Empty if nothing changes.
[[nodiscard]] std::string unified_diff(const FileChange& change);

}  // namespace untorn::patch
