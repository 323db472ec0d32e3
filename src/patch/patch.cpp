// SPDX-License-Identifier: Apache-2.0
#include "patch/patch.h"

#include <algorithm>
#include <utility>

#include "base/escape.h"

namespace untorn::patch {
namespace {

constexpr std::size_t path_bytes_max = 4095;

char small_letter(char each) {
  return each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each;
}

// Characters without a shape, which some file systems leave out of names: U+200B to U+200F, U+202A
// to U+202E, U+2060 to U+206F, U+FEFF.
std::size_t ignored_bytes(std::string_view text) {
  if (text.size() < 3) return 0;
  const auto last = static_cast<unsigned char>(text[2]);
  const std::string_view start = text.substr(0, 2);
  const bool ignored =
      (start == "\xE2\x80" && ((last >= 0x8B && last <= 0x8F) || (last >= 0xAA && last <= 0xAE))) ||
      (start == "\xE2\x81" && last >= 0xA0 && last <= 0xAF) || text.substr(0, 3) == "\xEF\xBB\xBF";
  return ignored ? 3 : 0;
}

// As the most careless file system would compare it: small letters, without what it ignores,
// without the name of a stream behind a colon, and without dots and blanks at the end.
std::string plain_form(std::string_view component) {
  component = component.substr(0, component.find(':'));
  std::string result;
  while (!component.empty()) {
    if (const std::size_t ignored = ignored_bytes(component)) {
      component.remove_prefix(ignored);
      continue;
    }
    result += small_letter(component.front());
    component.remove_prefix(1);
  }
  while (result.ends_with('.') || result.ends_with(' ')) result.pop_back();
  return result;
}

std::string check_component(std::string_view component) {
  if (component.empty()) return "it has an empty component";
  if (component == "." || component == "..") {
    return "it has a component \"" + std::string(component) + "\"";
  }
  // A backslash separates components on Windows.
  for (std::size_t begin = 0; begin <= component.size();) {
    const std::size_t end = std::min(component.find('\\', begin), component.size());
    const std::string plain = plain_form(component.substr(begin, end - begin));
    // "git~1" is the short name that Windows gives to ".git".
    if (plain == ".git" || plain == "git~1") return "it leads into a .git folder";
    if (plain == ".untorn") return "it leads into a .untorn folder";
    begin = end + 1;
  }
  return {};
}

}  // namespace

std::size_t FilePatch::count(LineKind kind) const noexcept {
  std::size_t lines = 0;
  for (const Hunk& hunk : hunks) {
    lines += static_cast<std::size_t>(std::count_if(
        hunk.lines.begin(), hunk.lines.end(), [&](const Line& line) { return line.kind == kind; }));
  }
  return lines;
}

std::optional<Problem> reverse(Patch& patch) {
  for (FilePatch& file : patch.files) {
    if (file.change == Change::copied) {
      return Problem{.patch_line = file.patch_line,
                     .message = "\"" + escape_controls(file.new_path) +
                                "\" is a copy, and a copy cannot be taken back"};
    }
    std::swap(file.old_path, file.new_path);
    std::swap(file.old_mode, file.new_mode);
    if (file.change == Change::added || file.change == Change::deleted) {
      file.change = file.change == Change::added ? Change::deleted : Change::added;
    } else if (!file.old_mode) {  // an index line names the one mode that stays
      std::swap(file.old_mode, file.new_mode);
    }
    file.may_add = false;
    for (Hunk& hunk : file.hunks) {
      std::swap(hunk.before, hunk.after);
      for (Line& line : hunk.lines) {
        if (line.kind == LineKind::context) continue;
        line.kind = line.kind == LineKind::added ? LineKind::removed : LineKind::added;
      }
    }
  }
  std::reverse(patch.files.begin(), patch.files.end());
  return std::nullopt;
}

std::string check_path(std::string_view path) {
  if (path.empty()) return "it is empty";
  if (path.size() > path_bytes_max) return "it is longer than 4,095 bytes";
  if (path.find('\0') != std::string_view::npos) return "it has a NUL byte";
  if (path.front() == '/') return "it is absolute";
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (std::string problem = check_component(path.substr(begin, end - begin)); !problem.empty()) {
      return problem;
    }
    begin = end + 1;
  }
  return {};
}

}  // namespace untorn::patch
