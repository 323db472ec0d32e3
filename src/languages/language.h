// SPDX-License-Identifier: Apache-2.0
//
// One programming language, as the engine sees it.
#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "languages/facts.h"

namespace untorn::languages {

// Why a file has no facts.
struct Unreadable {
  enum class Kind : std::uint8_t { syntax_error, binary } kind = Kind::syntax_error;
  std::string reason;  // "line 3: the text does not parse from column 5 on"
};

struct Language {
  std::string_view name;                           // "python"
  std::span<const std::string_view> extensions;    // ".py", with the dot, lower case
  std::span<const std::string_view> interpreters;  // of a "#!" line: "python", "python3"
  // A file in which none of these stands neither changes a file nor loads one: it need not be
  // parsed unless it calls a function of the project that does. Where one begins or ends with a
  // letter, a digit or a low line, it must stand there as a whole word: `open`, not `reopened`.
  std::span<const std::string_view> literals;
  // `path` is relative to the scanned root, with '/'. The facts do not refer to `source`.
  std::expected<FileFacts, Unreadable> (*read)(std::string_view path, std::string_view source);
  // The path alone says that the file belongs to tests; where those are left out, it is not read.
  bool (*is_test)(std::string_view path) = nullptr;
};

[[nodiscard]] const Language& python();

}  // namespace untorn::languages
