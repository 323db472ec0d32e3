// SPDX-License-Identifier: Apache-2.0
//
// What functions and methods do with an open file that they are given.
//
//   if (std::optional<Content> content = dumped_into(api)) …  // json.dump(value, file)
//
// By dotted names, after imports were followed. Threads: functions of their arguments alone.
#pragma once
#include <optional>
#include <string_view>

#include "languages/facts.h"

namespace untorn::languages {

// The function gives the text of a whole value: json.dumps.
[[nodiscard]] std::optional<Content> dumped(std::string_view api) noexcept;
// It writes a whole value into the file that it is given: json.dump.
[[nodiscard]] std::optional<Content> dumped_into(std::string_view api) noexcept;
// It puts a writer around the file: csv.writer.
[[nodiscard]] std::optional<Content> written_through(std::string_view api) noexcept;
// It gives the same file again: contextlib.closing.
[[nodiscard]] bool is_same_handle(std::string_view api) noexcept;
// It looks at the file without touching its content: os.fstat.
[[nodiscard]] bool is_harmless(std::string_view api) noexcept;
[[nodiscard]] bool is_lock(std::string_view api) noexcept;

// Of methods and attributes of a file.
[[nodiscard]] bool is_writing_method(std::string_view name) noexcept;
[[nodiscard]] bool is_reading_method(std::string_view name) noexcept;
[[nodiscard]] bool is_neutral_member(std::string_view name) noexcept;

}  // namespace untorn::languages
