// SPDX-License-Identifier: Apache-2.0
#include "fix/dependency.h"

#include <cctype>
#include <cstdint>
#include <string>
#include <system_error>

#include "scan/read_file.h"

namespace untorn::fix {
namespace {

namespace stdfs = std::filesystem;
constexpr std::uint64_t settings_bytes_max = 4U << 20U;

bool is_name_byte(char each) {
  return std::isalnum(static_cast<unsigned char>(each)) != 0 || each == '_' || each == '-' ||
         each == '.';
}

// After the name of a requirement: the end, a version, extras, a marker; never "untorn = …" of a
// table that is about the package itself, such as [tool.untorn].
bool ends_requirement(std::string_view rest) {
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  return rest.empty() ||
         std::string_view("\"'[=<>!~;,)@").find(rest.front()) != std::string_view::npos;
}

std::string_view without_comment(std::string_view line) {
  const std::size_t mark = line.find('#');
  return mark == std::string_view::npos ? line : line.substr(0, mark);
}

bool line_names(std::string_view line, std::string_view package, bool is_list) {
  const std::size_t first = line.find_first_not_of(" \t");
  for (std::size_t at = line.find(package); at != std::string_view::npos;
       at = line.find(package, at + 1)) {
    const std::string_view rest = line.substr(at + package.size());
    if (!rest.empty() && is_name_byte(rest.front())) continue;
    const bool begins_line = at == first;
    const bool is_quoted = at > 0 && (line[at - 1] == '"' || line[at - 1] == '\'');
    if ((is_quoted || (is_list && begins_line)) && ends_requirement(rest)) return true;
    // Poetry and Pipenv: name = "version", in a table of dependencies.
    if (!is_list && begins_line && rest.find_first_not_of(' ') != std::string_view::npos &&
        rest[rest.find_first_not_of(' ')] == '=') {
      return true;
    }
  }
  return false;
}

}  // namespace

bool names_requirement(std::string_view text, std::string_view package, bool is_list) {
  bool is_about_itself = false;  // name = "untorn" under [project] is no requirement
  while (!text.empty()) {
    const std::size_t feed = text.find('\n');
    std::string_view line = without_comment(text.substr(0, feed));
    text.remove_prefix(feed == std::string_view::npos ? text.size() : feed + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    if (line[first] == '[' && line.back() == ']' && !line.ends_with("\"]") &&
        !line.ends_with("']")) {
      continue;
    }
    const std::string_view key = line.substr(first);
    is_about_itself = key.starts_with("name") && key.find('=') != std::string_view::npos;
    if (!is_about_itself && line_names(line, package, is_list)) return true;
  }
  return false;
}

bool depends_on(FileSystem& fs, const stdfs::path& folder, const stdfs::path& boundary,
                std::string_view package) {
  for (stdfs::path at = folder;; at = at.parent_path()) {
    std::error_code problem;
    for (stdfs::directory_iterator entry(at, problem), end; !problem && entry != end;
         entry.increment(problem)) {
      const std::string name = entry->path().filename();
      const bool is_list =
          name == "setup.cfg" || (name.starts_with("requirements") && name.ends_with(".txt"));
      if (!is_list && name != "pyproject.toml" && name != "setup.py" && name != "Pipfile") continue;
      std::string text;
      if (!scan::read_file(fs, entry->path(), settings_bytes_max, text)) continue;
      if (names_requirement(text, package, is_list)) return true;
    }
    if (at == boundary || at == at.parent_path()) return false;
  }
}

}  // namespace untorn::fix
