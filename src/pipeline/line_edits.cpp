// SPDX-License-Identifier: Apache-2.0
#include "pipeline/line_edits.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "base/escape.h"
#include "base/refusal.h"

namespace untorn::pipeline {
namespace {

bool inserts(const LineEdit& edit) {
  return edit.first >= 1 && edit.last == edit.first - 1;
}

std::string range_name(const LineEdit& edit) {
  if (inserts(edit)) return "place before line " + std::to_string(edit.first);
  if (edit.last == edit.first) return "line " + std::to_string(edit.first);
  return "range from line " + std::to_string(edit.first) + " to " + std::to_string(edit.last);
}

Result<void> check_range(const TextFile& file, const LineEdit& edit, const std::string& path) {
  const std::uint64_t count = file.lines.size();
  if (inserts(edit) && edit.first <= count + 1) return {};
  if (edit.first >= 1 && edit.last >= edit.first && edit.last <= count) return {};
  return std::unexpected(refusal(Code::invalid_argument, path,
                                 "there is no " + range_name(edit) + ": the file has " +
                                     std::to_string(count) + (count == 1 ? " line" : " lines")));
}

// N3.
Result<void> check_expected(const TextFile& file, const LineEdit& edit, const std::string& path) {
  if (!edit.expected) return {};
  const std::uint64_t count = edit.last + 1 - edit.first;
  if (edit.expected->size() != count) {
    return std::unexpected(refusal(Code::invalid_argument, path,
                                   "the expected content has " +
                                       std::to_string(edit.expected->size()) + " lines, " +
                                       range_name(edit) + " has " + std::to_string(count)));
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string there = file.decode(file.lines[edit.first - 1 + i].content);
    if (there == (*edit.expected)[i]) continue;
    return std::unexpected(refusal(Code::conflict, path,
                                   "line " + std::to_string(edit.first + i) +
                                       " is not as expected: it holds " + in_quotes(there) +
                                       ", expected was " + in_quotes((*edit.expected)[i])));
  }
  return {};
}

// The new lines in the bytes of the file, without ends.
Result<std::vector<FileLine>> encode_lines(const TextFile& file, const LineEdit& edit,
                                           const std::string& path) {
  std::vector<FileLine> made;
  for (const std::string& line : edit.lines) {
    if (line.find_first_of("\r\n") != std::string::npos) {
      return std::unexpected(refusal(
          Code::invalid_argument, path,
          "a new line holds a line end: " + in_quotes(line) + "; give each line of its own"));
    }
    auto bytes = file.encode(line);
    if (!bytes) {
      return std::unexpected(refusal(Code::invalid_argument, path,
                                     "the file is " + std::string(to_string(file.encoding())) +
                                         " and cannot hold " + bytes.error() + " of the new line " +
                                         in_quotes(line)));
    }
    made.push_back({std::move(*bytes), {}});
  }
  return made;
}

// N1, N2: the ends of the new lines, of which the first replaces line `first`.
void choose_ends(TextFile& file, const LineEdit& edit, std::vector<FileLine>& made) {
  const std::string common = file.bytes_of(file.common_end());
  const std::size_t begin = edit.first - 1;
  const std::size_t replaced = edit.last + 1 - edit.first;
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (replaced > 0) {
      made[i].end = file.lines[begin + std::min(i, replaced - 1)].end;
    } else if (begin > 0) {
      made[i].end = file.lines[begin - 1].end;
    }
    if (made[i].end.empty()) made[i].end = common;
  }
  const bool was_open = !file.lines.empty() && file.lines.back().end.empty();
  const bool reaches_end = begin + replaced == file.lines.size();
  if (made.empty() || !was_open || !reaches_end) return;
  made.back().end.clear();
  if (replaced == 0) file.lines.back().end = common;
}

bool in_markdown(std::string_view path) {
  return path.ends_with(".md") || path.ends_with(".markdown");
}

bool keeps_tabs(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name == "Makefile" || name == "makefile" || name == "GNUmakefile" ||
         name.ends_with(".mk") || name.ends_with(".go") || name.ends_with(".tsv");
}

// Without blanks and tabs at the end.
std::string trimmed_end(const std::string& text, bool markdown) {
  const std::size_t last = text.find_last_not_of(" \t");
  if (last == std::string::npos) return {};
  const std::string_view blanks = std::string_view(text).substr(last + 1);
  if (markdown && blanks == "  ") return text;
  return text.substr(0, last + 1);
}

std::string with_blanks(const std::string& text) {
  constexpr std::size_t tab_width = 4;
  std::string indentation;
  std::size_t place = 0;
  for (; place < text.size() && (text[place] == ' ' || text[place] == '\t'); ++place) {
    const std::size_t wanted = text[place] == ' ' ? 1 : tab_width - indentation.size() % tab_width;
    indentation.append(wanted, ' ');
  }
  return indentation + text.substr(place);
}

template <class Change>
std::uint64_t change_contents(TextFile& file, const Change& change) {
  std::uint64_t count = 0;
  for (FileLine& line : file.lines) {
    const std::string text = file.decode(line.content);
    const std::string changed = change(text);
    if (changed == text) continue;
    // Only white space was removed or made, which every encoding has.
    line.content = *file.encode(changed);
    ++count;
  }
  return count;
}

std::uint64_t unite_ends(TextFile& file) {
  const std::string common = file.bytes_of(file.common_end());
  std::uint64_t count = 0;
  for (FileLine& line : file.lines) {
    if (line.end.empty() || line.end == common) continue;
    line.end = common;
    ++count;
  }
  return count;
}

std::uint64_t remove_blank_end(TextFile& file) {
  std::uint64_t count = 0;
  while (!file.lines.empty() && file.lines.back().content.empty()) {
    file.lines.pop_back();
    ++count;
  }
  return count;
}

std::uint64_t end_last_line(TextFile& file) {
  if (file.lines.empty() || !file.lines.back().end.empty()) return 0;
  file.lines.back().end = file.bytes_of(file.common_end());
  return 1;
}

std::uint64_t apply_fix(TextFile& file, LineFix fix, const std::string& path) {
  switch (fix) {
    case LineFix::trailing_whitespace:
      return change_contents(
          file, [&](const std::string& text) { return trimmed_end(text, in_markdown(path)); });
    case LineFix::indentation_tabs:
      return keeps_tabs(path) ? 0 : change_contents(file, with_blanks);
    case LineFix::mixed_line_ends:
      return unite_ends(file);
    case LineFix::trailing_blank_lines:
      return remove_blank_end(file);
    case LineFix::missing_last_newline:
      return end_last_line(file);
  }
  return 0;
}

}  // namespace

std::string_view to_string(LineFix fix) noexcept {
  switch (fix) {
    case LineFix::trailing_whitespace:
      return "trailing-whitespace";
    case LineFix::indentation_tabs:
      return "indentation-tabs";
    case LineFix::mixed_line_ends:
      return "mixed-line-ends";
    case LineFix::trailing_blank_lines:
      return "trailing-blank-lines";
    case LineFix::missing_last_newline:
      return "missing-last-newline";
  }
  return "trailing-whitespace";
}

const std::vector<LineFix>& all_line_fixes() {
  static const std::vector<LineFix> all = {LineFix::trailing_whitespace, LineFix::indentation_tabs,
                                           LineFix::mixed_line_ends, LineFix::trailing_blank_lines,
                                           LineFix::missing_last_newline};
  return all;
}

Result<std::uint64_t> apply_edits(TextFile& file, std::vector<LineEdit> edits,
                                  const std::string& path) {
  // An insertion before a line goes before the edit of that line.
  std::stable_sort(edits.begin(), edits.end(), [](const LineEdit& left, const LineEdit& right) {
    return std::pair(left.first, left.last) < std::pair(right.first, right.last);
  });
  std::vector<std::vector<FileLine>> made;
  std::uint64_t free_from = 1;  // the first line that no edit so far touches
  for (const LineEdit& edit : edits) {
    if (auto ok = check_range(file, edit, path); !ok) return std::unexpected(ok.error());
    if (edit.first < free_from) {
      return std::unexpected(refusal(Code::invalid_argument, path,
                                     "two edits touch line " + std::to_string(edit.first)));
    }
    if (auto ok = check_expected(file, edit, path); !ok) return std::unexpected(ok.error());
    auto lines = encode_lines(file, edit, path);
    if (!lines) return std::unexpected(lines.error());
    made.push_back(std::move(*lines));
    free_from = std::max(free_from, edit.last + 1);
  }
  std::uint64_t changed = 0;
  for (std::size_t i = edits.size(); i-- > 0;) {  // from the end, so that numbers stay right
    const LineEdit& edit = edits[i];
    choose_ends(file, edit, made[i]);
    const auto begin = file.lines.begin() + static_cast<std::ptrdiff_t>(edit.first - 1);
    const auto end = file.lines.begin() + static_cast<std::ptrdiff_t>(edit.last);
    changed += std::max<std::uint64_t>(made[i].size(), edit.last + 1 - edit.first);
    const auto place = file.lines.erase(begin, end);
    file.lines.insert(place, made[i].begin(), made[i].end());
  }
  return changed;
}

std::vector<std::pair<LineFix, std::uint64_t>> apply_fixes(TextFile& file,
                                                           const std::vector<LineFix>& fixes,
                                                           const std::string& path) {
  std::vector<std::pair<LineFix, std::uint64_t>> made;
  for (const LineFix fix : all_line_fixes()) {
    if (std::find(fixes.begin(), fixes.end(), fix) == fixes.end()) continue;
    if (const std::uint64_t lines = apply_fix(file, fix, path); lines > 0) {
      made.emplace_back(fix, lines);
    }
  }
  return made;
}

}  // namespace untorn::pipeline
