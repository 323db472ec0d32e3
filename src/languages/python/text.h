// SPDX-License-Identifier: Apache-2.0
//
// Small texts of Python: literals, words in names, an expression on one line.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "languages/syntax.h"

namespace untorn::languages {

// Stands for a part of a text that the source does not show.
inline constexpr char unknown_part = '\x01';

// Appends the lower-case words of a name or a literal that `words` does not hold yet: "stateFile",
// "STATE_FILE" and "state-file" all are "state", "file". Words of digits alone are left out. At
// most 32 words are held.
void add_words(std::string_view text, std::vector<std::string>& words);

// The expression as written, with each run of white space as one space, at most `limit` code
// points, the last of them "…" where it was cut.
[[nodiscard]] std::string on_one_line(std::string_view text, std::size_t limit = 60);

// What a string literal without parts in braces denotes. Escapes that stand for no single ASCII
// character are kept as written. Not for bytes beyond the first 4,096.
struct Literal {
  std::string text;
  bool is_bytes = false;
  bool is_format = false;  // an f-string: its parts in braces are unknown_part
};
[[nodiscard]] std::optional<Literal> read_literal(const SyntaxTree& tree, NodeId string);

// ASCII alone.
[[nodiscard]] std::string to_lower(std::string_view text);

// The part behind the last '/'.
[[nodiscard]] std::string_view last_component(std::string_view path) noexcept;
// ".json" of "state.json"; empty for none, for ".hidden", and where it is not known.
[[nodiscard]] std::string_view known_extension(std::string_view component) noexcept;
// The words say that what they name is to vanish: "tmp", "partial", a trailing '~'.
[[nodiscard]] bool says_temporary(std::string_view component);

}  // namespace untorn::languages
