// SPDX-License-Identifier: Apache-2.0
//
// A text file as lines that keep their bytes (N1 of line_fixer.h).
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/error.h"
#include "untorn/pipeline/line_fixer.h"

namespace untorn::pipeline {

// One line in the bytes of its file: without its end, and the end, which may be empty.
struct FileLine {
  std::string content;
  std::string end;
};

class TextFile {
 public:
  // Code::unsupported for what is no text, or more than `file_bytes_max`.
  [[nodiscard]] static Result<TextFile> parse(std::string_view bytes, const std::string& path);
  static constexpr std::uint64_t file_bytes_max = std::uint64_t{256} << 20U;

  [[nodiscard]] TextEncoding encoding() const noexcept { return encoding_; }
  [[nodiscard]] LineEnd common_end() const noexcept { return common_end_; }
  [[nodiscard]] bool is_mixed() const noexcept { return mixed_; }
  [[nodiscard]] std::string bytes_of(LineEnd end) const;

  // UTF-8 of bytes of this file.
  [[nodiscard]] std::string decode(std::string_view bytes) const;
  // Bytes for this file; the error is what it cannot hold, for a message ("U+20AC").
  [[nodiscard]] std::expected<std::string, std::string> encode(std::string_view utf8) const;

  // The whole file again.
  [[nodiscard]] std::string bytes() const;

  std::vector<FileLine> lines;

 private:
  void split(std::string_view bytes);
  void count_ends();

  TextEncoding encoding_ = TextEncoding::utf8;
  std::string mark_;  // the byte order mark
  LineEnd common_end_ = LineEnd::lf;
  bool mixed_ = false;
};

}  // namespace untorn::pipeline
