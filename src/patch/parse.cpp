// SPDX-License-Identifier: Apache-2.0
#include "patch/parse.h"

#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "base/escape.h"
#include "base/try.h"
#include "patch/cursor.h"
#include "patch/header.h"

namespace untorn::patch {
namespace {

// "@@ -12,3 +14 @@ anything": the numbers.
struct HunkHeader {
  Range before;
  Range after;
};

class HunkHeaderReader {
 public:
  explicit HunkHeaderReader(std::string_view line) : rest_(line) {}

  std::optional<HunkHeader> read() {
    HunkHeader header;
    if (!words("@@ -") || !range(header.before) || !words(" +") || !range(header.after) ||
        !words(" @@")) {
      return std::nullopt;
    }
    return header;
  }

 private:
  bool words(std::string_view wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(wanted.size());
    return true;
  }
  bool number(std::size_t& value) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return true;
  }
  bool range(Range& range) {
    range.count = 1;
    return number(range.begin) && (!words(",") || number(range.count));
  }

  std::string_view rest_;
};

// The words depend on the language of the program that made the patch.
bool is_no_newline_mark(std::string_view line) {
  constexpr std::size_t shortest = 12;
  return line.starts_with("\\ ") && line.size() >= shortest;
}

// One hunk, from its header to its last line.
class HunkReader {
 public:
  explicit HunkReader(Cursor& cursor) : cursor_(cursor) {}

  std::expected<Hunk, Problem> read() {
    hunk_.patch_line = cursor_.number();
    const auto header = HunkHeaderReader(cursor_.line()).read();
    if (!header || !cursor_.line().ends_with('\n'))
      return fail("the header of the hunk is damaged");
    hunk_.before = header->before;
    hunk_.after = header->after;
    old_left_ = header->before.count;
    new_left_ = header->after.count;
    cursor_.advance();
    while (old_left_ > 0 || new_left_ > 0) UNTORN_CHECK(read_line());
    if (is_no_newline_mark(cursor_.line())) UNTORN_CHECK(cut_line_feed());
    if (changes_ == 0) return fail_at(hunk_.patch_line, "the hunk changes nothing");
    return check_end();
  }

 private:
  [[nodiscard]] std::unexpected<Problem> fail_at(std::size_t line, std::string message) const {
    return std::unexpected(Problem{.patch_line = line, .message = std::move(message)});
  }
  [[nodiscard]] std::unexpected<Problem> fail(std::string message) const {
    return fail_at(cursor_.number(), std::move(message));
  }

  std::expected<void, Problem> read_line() {
    const std::string_view line = cursor_.line();
    if (!line.ends_with('\n')) {
      return fail(line.empty() ? "the patch ends in the middle of the hunk of line " +
                                     std::to_string(hunk_.patch_line)
                               : "the patch ends in the middle of a line");
    }
    if (is_no_newline_mark(line)) return cut_line_feed();
    switch (line.front()) {
      case '\n':  // some programs take the blank away at the end of an empty line of context
        return add(LineKind::context, line);
      case ' ':
        return add(LineKind::context, line.substr(1));
      case '-':
        return add(LineKind::removed, line.substr(1));
      case '+':
        return add(LineKind::added, line.substr(1));
      default:
        return fail("the hunk of line " + std::to_string(hunk_.patch_line) + " ends too early");
    }
  }

  std::expected<void, Problem> add(LineKind kind, std::string_view text) {
    const bool is_old = kind != LineKind::added;
    const bool is_new = kind != LineKind::removed;
    if ((is_old && (old_left_ == 0 || old_is_cut_)) ||
        (is_new && (new_left_ == 0 || new_is_cut_))) {
      return fail("the hunk of line " + std::to_string(hunk_.patch_line) +
                  " has more lines than its header says");
    }
    old_left_ -= is_old ? 1U : 0U;
    new_left_ -= is_new ? 1U : 0U;
    if (kind == LineKind::context) {
      hunk_.leading += changes_ == 0 ? 1U : 0U;
      ++hunk_.trailing;
    } else {
      ++changes_;
      hunk_.trailing = 0;
    }
    hunk_.lines.push_back({.kind = kind, .text = text});
    cursor_.advance();
    return {};
  }

  // "\ No newline at end of file" speaks of the line before it (U4).
  std::expected<void, Problem> cut_line_feed() {
    if (hunk_.lines.empty() || !hunk_.lines.back().text.ends_with('\n')) {
      return fail("no line stands before \"no newline at end of file\"");
    }
    Line& line = hunk_.lines.back();
    line.text.remove_suffix(1);
    old_is_cut_ |= line.kind != LineKind::added;
    new_is_cut_ |= line.kind != LineKind::removed;
    if ((old_is_cut_ && old_left_ > 0) || (new_is_cut_ && new_left_ > 0)) {
      return fail("a line without a line feed is not the last one of its hunk");
    }
    cursor_.advance();
    return {};
  }

  // A hunk that goes on behind the number of lines that it has announced was damaged.
  std::expected<Hunk, Problem> check_end() {
    Cursor ahead = cursor_;
    const std::string_view next = ahead.line();
    ahead.advance();
    const bool is_signature = next == "-- \n" || next == "-- \r\n";
    const bool is_header = next.starts_with("--- ") && ahead.at("+++ ");
    const bool is_change = next.starts_with(' ') || next.starts_with('+') || next.starts_with('-');
    if (is_change && !is_signature && !is_header) {
      return fail("the hunk of line " + std::to_string(hunk_.patch_line) +
                  " has more lines than its header says");
    }
    return std::move(hunk_);
  }

  Cursor& cursor_;
  Hunk hunk_;
  std::size_t old_left_ = 0;
  std::size_t new_left_ = 0;
  std::size_t changes_ = 0;
  bool old_is_cut_ = false;
  bool new_is_cut_ = false;
};

bool is_binary_note(std::string_view line) {
  const std::string_view text = without_end(line);
  return text == "GIT binary patch" ||
         ((text.starts_with("Binary files ") || text.starts_with("Files ")) &&
          text.ends_with(" differ"));
}

class Parser {
 public:
  Parser(std::string_view text, const ParseOptions& options) : cursor_(text), options_(options) {}

  std::expected<Patch, Problem> parse() {
    while (!cursor_.at_end()) {
      UNTORN_TRY(std::optional<FilePatch> file, find_file());
      if (!file) continue;
      UNTORN_CHECK(read_hunks(*file));
      UNTORN_CHECK(check(*file));
      if (patch_.files.size() == files_max) return fail("it changes too many files");
      patch_.files.push_back(*std::move(file));
    }
    if (patch_.files.empty()) {
      return std::unexpected(Problem{.patch_line = 1, .message = "it holds no diff of a file"});
    }
    return std::move(patch_);
  }

 private:
  [[nodiscard]] std::unexpected<Problem> fail(std::string message) const {
    return std::unexpected(Problem{.patch_line = cursor_.number(), .message = std::move(message)});
  }

  // The header at the cursor; or nothing, and the cursor has gone on (U1).
  std::expected<std::optional<FilePatch>, Problem> find_file() {
    if (cursor_.at("diff --git ")) return parse_git_header(cursor_, options_);
    if (cursor_.at("--- ")) {
      UNTORN_TRY(std::optional<FilePatch> file, parse_plain_header(cursor_, options_));
      if (file) return file;
    }
    if (HunkHeaderReader(cursor_.line()).read()) {
      return fail("a hunk stands here without the header of a file");
    }
    if (is_binary_note(cursor_.line())) {
      return fail("it says that binary files differ, and cannot change them: " +
                  escape_controls(without_end(cursor_.line())));
    }
    cursor_.advance();
    return std::nullopt;
  }

  std::expected<void, Problem> read_hunks(FilePatch& file) {
    while (cursor_.at("@@ -")) {
      UNTORN_TRY(Hunk hunk, HunkReader(cursor_).read());
      lines_ += hunk.lines.size();
      if (file.hunks.size() == file_hunks_max) return fail("one file has too many hunks");
      if (lines_ > hunk_lines_max) return fail("it has too many lines");
      file.hunks.push_back(std::move(hunk));
    }
    if (!cursor_.at_end() && is_binary_note(cursor_.line())) {
      return fail("\"" + escape_controls(file.path()) +
                  "\" is a binary file, and binary patches are not supported");
    }
    return {};
  }

  // What the header says and what the hunks do must agree.
  [[nodiscard]] static std::expected<void, Problem> check(FilePatch& file) {
    const auto refuse = [&](std::string_view message) {
      return std::unexpected(
          Problem{.patch_line = file.patch_line,
                  .message = "\"" + escape_controls(file.path()) + "\" " + std::string(message)});
    };
    const bool has_old = file.count(LineKind::removed) + file.count(LineKind::context) > 0;
    const bool has_new = file.count(LineKind::added) + file.count(LineKind::context) > 0;
    if (file.change == Change::added && has_old) return refuse("is new, but has old lines");
    if (file.change == Change::deleted && has_new) return refuse("is deleted, but keeps lines");
    const bool changes_mode = file.old_mode && file.new_mode && *file.old_mode != *file.new_mode;
    if (file.change == Change::modified && file.hunks.empty() && !changes_mode) {
      return refuse("has a header, but nothing that changes it");
    }
    file.may_add = file.change == Change::modified && file.hunks.size() == 1 && !has_old &&
                   file.hunks.front().before.begin == 0 && !file.old_mode && !file.new_mode;
    return {};
  }

  Cursor cursor_;
  const ParseOptions& options_;
  Patch patch_;
  std::size_t lines_ = 0;
};

}  // namespace

std::expected<Patch, Problem> parse(std::string_view text, const ParseOptions& options) {
  if (text.size() > patch_bytes_max) {
    return std::unexpected(
        Problem{.patch_line = 1, .message = "it is larger than 256 MiB, the most that is read"});
  }
  return Parser(text, options).parse();
}

}  // namespace untorn::patch
