// SPDX-License-Identifier: Apache-2.0
//
// Whether a call that writes a Python file may be turned into an atomic write, and the edit that
// does it.
//
//   Rewrite rewrite = describe_rewrite(tree, call, {.api = "open", .target = operation.target});
//   if (rewrite.grade == RewriteGrade::safe) edit_call(tree, rewrite, names, edits);
//
// Graded is what the text of the function shows: the form of the call, its arguments, the `with`
// around it, each use of the handle. What the written file is to its program (a log that others
// follow) is not seen here; `untorn fix` lowers the grade for that.
//
//   safe     a whole value written at once to what is surely a regular file: only crashes, errors
//            in the middle and other readers can tell the difference
//   unsafe   the same bytes in the end, but something else changes: several writes that become
//            visible only together, a target that may be a device (it is written in place then)
//   display  an edit of this shape would change what the program does; the reason says how
//   none     nothing to put in its place
//
// Threads: functions of their arguments alone.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "languages/facts.h"
#include "languages/syntax.h"

namespace untorn::languages {

// What the reader knows and the text of the call does not say.
struct RewriteQuestion {
  // The function that is called, as in Operation::api: "open", "io.open", "pathlib.Path.open",
  // "pathlib.Path.write_text", "pathlib.Path.write_bytes". No other can be rewritten.
  std::string_view api;
  const PathFacts& target;
  // The mode, where names were followed to a constant: "w". Absent: what the call itself says.
  std::optional<std::string_view> mode = std::nullopt;
};

// `call` is a node of kind `call`. Never fails: what is not understood gets RewriteGrade::display
// with the reason. Cost: linear in the size of the enclosing function.
[[nodiscard]] Rewrite describe_rewrite(const SyntaxTree& tree, NodeId call,
                                       const RewriteQuestion& question);

// A piece of the source and what takes its place.
struct Edit {
  Span span;
  std::string text;
  friend bool operator==(const Edit&, const Edit&) = default;
};

// How the functions that are put in place are called, and what they need.
struct RewriteNames {
  std::string write_text = "atomic_write_text";
  std::string write_bytes = "atomic_write_bytes";
  std::string open = "atomic_open";
  std::string durability = "durable";
  // What their parameters for `data` of write_text and `file` of open are called.
  std::string text_parameter = "text";
  std::string path_parameter = "path";
  // Passed where the original names no encoding, if the function's default is not the locale's.
  bool default_encoding_is_utf8 = false;
  // Further arguments, such as `allow_in_place=True`; empty: none.
  std::string further_arguments;
};

// Appends the edits that put an atomic write in the place of `rewrite.call`: arguments, comments
// and line ends stay byte for byte. `rewrite` comes from describe_rewrite of the same text and has
// a shape other than none. False, with nothing appended, if the text does not have that shape.
[[nodiscard]] bool edit_call(const SyntaxTree& tree, const Rewrite& rewrite,
                             const RewriteNames& names, std::vector<Edit>& edits);

}  // namespace untorn::languages
