// SPDX-License-Identifier: Apache-2.0
#include "tests/rules/case_file.h"

#include <fstream>
#include <sstream>
#include <string_view>

namespace untorn::tests {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream{std::string(text)};
  for (std::string part; std::getline(stream, part, separator);) parts.emplace_back(trim(part));
  return parts;
}

// "path=pkg/app.py include-tests"
void read_attributes(std::string_view text, RuleCase& current) {
  std::string path = "app.py";
  for (const std::string& word : split(text, ' ')) {
    constexpr std::string_view path_key = "path=";
    constexpr std::string_view writers_key = "atomic-writers=";
    if (word.starts_with(path_key)) path = word.substr(path_key.size());
    if (word.starts_with(writers_key))
      current.atomic_writers = split(std::string_view(word).substr(writers_key.size()), ',');
    if (word == "include-tests") current.include_tests = true;
    if (word == "unseen") current.unseen = true;
  }
  current.sources.push_back({path, ""});
}

Expectation parse_expectation(std::string_view text) {
  Expectation expected;
  const std::size_t dashes = text.find(" -- ");
  if (dashes != std::string_view::npos) {
    expected.why = trim(text.substr(dashes + 4));
    text = text.substr(0, dashes);
  }
  std::istringstream words{std::string(text)};
  words >> expected.rules >> expected.severity >> expected.role;
  return expected;
}

}  // namespace

std::vector<RuleCase> read_cases(const std::filesystem::path& file) {
  constexpr std::string_view fence = "```";
  constexpr std::string_view opening = "```python";
  constexpr std::string_view heading = "## ";
  std::vector<RuleCase> cases;
  std::ifstream stream(file);
  bool in_block = false;
  std::uint32_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (in_block && line == fence) {
      in_block = false;
    } else if (in_block) {
      cases.back().sources.back().text += line + '\n';
    } else if (line.starts_with(heading)) {
      RuleCase next;
      next.file = file.stem().string();
      next.title = line.substr(heading.size());
      next.line = number;
      cases.push_back(std::move(next));
    } else if (line.starts_with(opening) && !cases.empty()) {
      in_block = true;
      read_attributes(std::string_view(line).substr(opening.size()), cases.back());
    }
  }
  return cases;
}

std::vector<Expectation> expectations_of(const CaseSource& source) {
  constexpr std::string_view mark = "# untorn-expect: ";
  std::vector<Expectation> expectations;
  std::istringstream stream(source.text);
  std::uint32_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    const std::size_t begin = line.find(mark);
    if (begin == std::string::npos) continue;
    for (const std::string& part : split(std::string_view(line).substr(begin + mark.size()), ';')) {
      Expectation expected = parse_expectation(part);
      expected.path = source.path;
      expected.line = number;
      expectations.push_back(std::move(expected));
    }
  }
  return expectations;
}

}  // namespace untorn::tests
