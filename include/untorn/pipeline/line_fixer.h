// SPDX-License-Identifier: Apache-2.0
//
// Edits of single lines that change nothing else: the encoding, the ends of the other lines and a
// missing last one stay as they are.
//
//   auto fixer = untorn::pipeline::LineFixer::open("project");
//   auto done = fixer->replace_line("shop/main.py", 12, "    return total", "    return totl");
//   auto tidy = fixer->fix("shop/main.py");  // the automatic fixes
//
// What always holds:
//  N1  A line that nobody asked to change keeps its bytes, its end included. A new line gets the
//      end of the line that it replaces or follows, or the one that most lines of the file have.
//  N2  Where the last line had no end, a line that takes its place has none either.
//  N3  An edit with an expected content acts only if the line holds exactly that (without its end).
//      Otherwise it fails with Code::conflict, and the message shows what is there.
//  N4  The file is replaced whole by a transaction of the project, under its lock: two processes
//      lose no edit, and a crash leaves the old content or the new one.
//
// Text is UTF-8 in this interface. Read and written are UTF-8 with and without byte order mark,
// UTF-16 with one (either order), and Latin-1, which is what a file is taken for that is not UTF-8.
// A character that the file's encoding lacks is Code::invalid_argument; a file with NUL bytes that
// is not UTF-16 is Code::unsupported, since it is no text. Lines end with LF, CR LF or CR and count
// from 1. Limit: 256 MiB.
//
// Paths are those of code_files.h (C2).
//
// Threads: an object belongs to one thread at a time.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/json.h"
#include "untorn/pipeline/project.h"

namespace untorn::pipeline {

enum class TextEncoding : std::uint8_t { utf8, utf8_with_mark, utf16_little, utf16_big, latin1 };
// "utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "latin-1"
[[nodiscard]] std::string_view to_string(TextEncoding) noexcept;

enum class LineEnd : std::uint8_t { lf, crlf, cr };
[[nodiscard]] std::string_view to_string(LineEnd) noexcept;

// What a file looks like, line by line.
struct TextLines {
  TextEncoding encoding = TextEncoding::utf8;
  LineEnd line_end = LineEnd::lf;  // that most lines have
  bool mixed = false;              // not all have the same
  bool ends_with_newline = true;   // true for an empty file, too
  std::vector<std::string> lines;  // without their ends
  [[nodiscard]] JsonValue to_json() const;
};

// The lines `first` to `last` become `lines`; no lines: they are removed. With last = first - 1
// nothing is replaced, and the lines are inserted before `first` (one above the number of lines: at
// the end).
struct LineEdit {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  std::vector<std::string> lines;
  // N3: what `first` to `last` hold now.
  std::optional<std::vector<std::string>> expected = std::nullopt;
};

// The automatic fixes, in the order in which they are made. None knows the language: blanks at the
// end of a line inside of a string literal are part of it. The name of the file decides two things:
// in Markdown exactly two blanks mean a line break and stay, and makefiles, Go and tab-separated
// values keep their tabs.
enum class LineFix : std::uint8_t {
  trailing_whitespace,   // blanks and tabs at the end of a line are removed
  indentation_tabs,      // tabs in the white space at the beginning become blanks up to the next
                         // multiple of 4
  mixed_line_ends,       // all lines get the end that most have
  trailing_blank_lines,  // empty lines at the end of the file are removed
  missing_last_newline,  // the last line gets an end
};
[[nodiscard]] std::string_view to_string(LineFix) noexcept;
[[nodiscard]] const std::vector<LineFix>& all_line_fixes();

struct LineReceipt {
  bool changed = false;  // false: the file had this content already, and was not written
  std::uint64_t lines_changed = 0;
  std::vector<std::pair<LineFix, std::uint64_t>> fixes;  // that were made, with their lines
  TextEncoding encoding = TextEncoding::utf8;
  unsigned syncs = 0;
  [[nodiscard]] JsonValue to_json() const;
};

class LineFixer {
 public:
  [[nodiscard]] static Result<LineFixer> open(FileSystem& fs, const std::filesystem::path& project,
                                              const ProjectOptions& options = {});
  [[nodiscard]] static Result<LineFixer> open(const std::filesystem::path& project,
                                              const ProjectOptions& options = {});

  [[nodiscard]] Result<TextLines> read(std::string_view path);

  // Several edits of one file at once. Numbers are those of the file as it is. Edits that touch the
  // same line, lines that are not there, and a '\n' or '\r' in a line are Code::invalid_argument.
  [[nodiscard]] Result<LineReceipt> edit(std::string_view path, std::vector<LineEdit> edits);
  [[nodiscard]] Result<LineReceipt> replace_line(
      std::string_view path, std::uint64_t number, std::string text,
      std::optional<std::string> expected = std::nullopt);
  [[nodiscard]] Result<LineReceipt> replace_lines(
      std::string_view path, std::uint64_t first, std::uint64_t last,
      std::vector<std::string> lines,
      std::optional<std::vector<std::string>> expected = std::nullopt);
  [[nodiscard]] Result<LineReceipt> insert_lines(std::string_view path, std::uint64_t before,
                                                 std::vector<std::string> lines);
  [[nodiscard]] Result<LineReceipt> remove_lines(
      std::string_view path, std::uint64_t first, std::uint64_t last,
      std::optional<std::vector<std::string>> expected = std::nullopt);

  // The automatic fixes, or some of them.
  [[nodiscard]] Result<LineReceipt> fix(std::string_view path,
                                        const std::vector<LineFix>& fixes = all_line_fixes());

 private:
  explicit LineFixer(Project project) : project_(std::move(project)) {}
  Project project_;
};

}  // namespace untorn::pipeline
