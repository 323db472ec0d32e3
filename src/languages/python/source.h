// SPDX-License-Identifier: Apache-2.0
//
// Python's source bytes, made fit to parse.
//
//   auto source = decode_source(bytes);
//   if (!source) return std::unexpected(source.error());  // binary
//   SyntaxTree tree = SyntaxTree::parse(tree_sitter_python(), source->text());
//
// Text in UTF-8, with or without a byte order mark, is used as it is. Where a coding cookie in the
// first two lines names another encoding, each byte beyond ASCII is read as one underscore: every
// offset stays, and only names, strings and comments that hold such letters look different.
#pragma once
#include <expected>
#include <string>
#include <string_view>

#include "languages/language.h"

namespace untorn::languages {

class PythonSource {
 public:
  explicit PythonSource(std::string_view bytes) : bytes_(bytes) {}
  explicit PythonSource(std::string replaced) : replaced_(std::move(replaced)), is_own_(true) {}
  // Valid while both the bytes and this object live. As long as the bytes.
  [[nodiscard]] std::string_view text() const noexcept {
    return is_own_ ? std::string_view(replaced_) : bytes_;
  }

 private:
  std::string_view bytes_;
  std::string replaced_;
  bool is_own_ = false;
};

// Unreadable::binary: a NUL byte, or bytes that are not UTF-8 where no cookie explains them.
[[nodiscard]] std::expected<PythonSource, Unreadable> decode_source(std::string_view bytes);

// The offset of the first byte that is not part of valid UTF-8; npos: none.
[[nodiscard]] std::size_t find_invalid_utf8(std::string_view bytes) noexcept;

}  // namespace untorn::languages
