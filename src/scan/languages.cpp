// SPDX-License-Identifier: Apache-2.0
#include "scan/languages.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <span>
#include <string>

namespace untorn::scan {
namespace {

std::array<const languages::Language*, 1> all_languages() {
  return {&languages::python()};
}

bool holds(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view last_component(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// "python3.11" → "python": versions are part of no interpreter's name.
std::string_view without_version(std::string_view name) {
  const std::size_t end = name.find_last_not_of("0123456789.");
  return name.substr(0, end + 1);
}

}  // namespace

const languages::Language* language_by_name(std::string_view path) {
  const std::string_view name = last_component(path);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return nullptr;
  std::string extension(name.substr(dot));
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
  for (const languages::Language* language : all_languages()) {
    if (holds(language->extensions, extension)) return language;
  }
  return nullptr;
}

const languages::Language* language_by_first_line(std::string_view text) {
  if (!text.starts_with("#!")) return nullptr;
  std::string_view line = text.substr(2, text.find_first_of("\r\n") - 2);
  while (!line.empty()) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    const std::string_view word = last_component(line.substr(0, end));
    line.remove_prefix(end);
    const bool passes_on =
        word == "env" || word.starts_with('-') || word.find('=') != std::string_view::npos;
    if (word.empty() || passes_on) continue;
    for (const languages::Language* language : all_languages()) {
      if (holds(language->interpreters, word) ||
          holds(language->interpreters, without_version(word))) {
        return language;
      }
    }
    return nullptr;
  }
  return nullptr;
}

bool may_be_script(std::string_view path) {
  const std::string_view name = last_component(path);
  return !name.empty() && name.find('.') == std::string_view::npos;
}

}  // namespace untorn::scan
