// SPDX-License-Identifier: Apache-2.0
//
// The file formats whose damage `parse` sees without being told: what the name says a file is, and
// whether the bytes are that.
//
//   if (const auto format = format_of("backup/site.tar.gz")) {
//     std::string problem = problem_with(*format, bytes);   // "" if it parses
//   }
//
// What "parses" means:
//   json   what Python's json module reads (json_syntax.h)
//   toml   TOML 1.0; an empty file is a document
//   yaml   YAML 1.1 with at least one document, and no alias without its anchor
//   gzip   whole members with the right checksum and length; NUL padding may follow, as gzip has it
//   zip    end record, directory and members agree; every member inflates, with the right checksum
//   png    chunks with the right checksums from IHDR to IEND, and the rows that IHDR announces
//
// SQLite databases are known by their content, see judge/database_check.h; git repositories are
// folders, see judge/repository.h.
//
// Limits: nothing is unpacked into memory. What is over them has the problem that it is not judged:
// TOML and YAML of more than 16 MiB or nested deeper than 256 levels, archives and pictures that
// unpack to more than 256 MiB, zip members that are encrypted or packed by anything but deflate.
// Threads: pure functions. Errors: none; any bytes may be given.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace untorn::prove {

enum class Format : std::uint8_t { json, toml, yaml, gzip, zip, png };
[[nodiscard]] std::string_view to_string(Format) noexcept;

// By the last part of `path`: its extension in any case, or a whole name such as Cargo.lock.
[[nodiscard]] std::optional<Format> format_of(std::string_view path);

// One line that says what is wrong, without line ends and control characters; "" if `content`
// parses.
[[nodiscard]] std::string problem_with(Format format, std::string_view content);

}  // namespace untorn::prove
