// SPDX-License-Identifier: Apache-2.0
#include "registry/names.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/escape.h"
#include "base/text.h"

namespace untorn::registry {
namespace {

constexpr std::string_view root_key = "%";
constexpr std::size_t file_name_bytes_max = 255;

// With any ending, Windows gives these to devices.
constexpr std::array<std::string_view, 24> device_names = {
    "aux",  "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "con",
    "lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "nul",  "prn"};

std::string quoted(char c) {
  const bool is_ascii = static_cast<std::uint8_t>(c) < 0x80U;
  if (!is_ascii) return "a character beyond ASCII, which may look like another one";
  return "'" + escape_controls(std::string_view(&c, 1)) + "'";
}

std::optional<std::string> problem_of(std::string_view name, std::size_t bytes_max) {
  if (name.empty()) return "a name is needed";
  if (name.size() > bytes_max) {
    return "a name has " + std::to_string(bytes_max) + " bytes at most, this one has " +
           std::to_string(name.size());
  }
  const auto wrong = std::ranges::find_if(
      name, [](char c) { return !is_letter_or_digit(c) && c != '_' && c != '-' && c != '.'; });
  if (wrong != name.end()) {
    return "a name has only ASCII letters, digits, '_', '-' and '.', not " + quoted(*wrong);
  }
  if (!is_letter_or_digit(name.front()) && name.front() != '_') {
    return "a name begins with a letter, a digit or '_'";
  }
  if (name.ends_with('.')) return "a name does not end with '.'";
  if (name.contains(damaged_infix)) return "'.damaged-' marks what was set aside";
  return std::nullopt;
}

bool is_device(std::string_view name) {
  const std::string stem = folded(name.substr(0, std::min(name.find('.'), name.size())));
  return std::ranges::find(device_names, stem) != device_names.end();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::optional<std::string> name_problem(std::string_view name) {
  if (auto problem = problem_of(name, entry_name_bytes_max)) return problem;
  if (is_device(name)) return "Windows reserves this name for a device";
  return std::nullopt;
}

std::optional<std::string> attachment_name_problem(std::string_view name) {
  if (auto problem = problem_of(name, attachment_name_bytes_max)) {
    return "attachment: " + *problem;
  }
  if (folded(name) == "json") return "attachment: NAME.json is the specification itself";
  return std::nullopt;
}

std::string file_of(std::string_view entry, std::string_view attachment) {
  std::string file(entry);
  return attachment.empty() ? file + std::string(spec_ending)
                            : file + "." + std::string(attachment);
}

std::optional<std::string> entry_of_spec(std::string_view file) {
  if (!file.ends_with(spec_ending)) return std::nullopt;
  file.remove_suffix(spec_ending.size());
  if (name_problem(file)) return std::nullopt;
  return std::string(file);
}

std::vector<std::string> entries_of_attachment(std::string_view file) {
  std::vector<std::string> entries;
  for (std::size_t dot = file.find('.'); dot != std::string_view::npos;
       dot = file.find('.', dot + 1)) {
    const std::string_view entry = file.substr(0, dot);
    if (!name_problem(entry)) entries.emplace_back(entry);
  }
  return entries;
}

std::string folded(std::string_view name) {
  std::string result(name);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

bool is_damaged_name(std::string_view file) noexcept {
  const std::size_t infix = file.rfind(damaged_infix);
  if (infix == std::string_view::npos || infix == 0) return false;
  const std::string_view digits = file.substr(infix + damaged_infix.size());
  return !digits.empty() &&
         std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
}

std::string damaged_name(std::string_view file, const std::vector<std::string>& taken) {
  constexpr std::size_t ending_bytes_max = damaged_infix.size() + 10;
  const std::string beginning =
      std::string(file.substr(0, file_name_bytes_max - ending_bytes_max)) +
      std::string(damaged_infix);
  for (std::uint64_t number = 1;; ++number) {
    const std::string name = beginning + std::to_string(number);
    if (std::ranges::find(taken, name) == taken.end()) return name;
  }
}

std::string key_of(std::string_view folder) {
  if (folder.empty()) return std::string(root_key);
  std::string key;
  for (const char c : folder) {
    if (c == '/') {
      key += "%2F";
    } else if (c == '%') {
      key += "%25";
    } else {
      key += c;
    }
  }
  return key;
}

std::optional<std::string> folder_of_key(std::string_view key) {
  if (key == root_key) return std::string();
  std::string folder;
  for (std::size_t at = 0; at < key.size(); ++at) {
    if (key[at] != '%') {
      folder += key[at];
      continue;
    }
    const int high = at + 2 < key.size() ? hex_digit(key[at + 1]) : -1;
    const int low = at + 2 < key.size() ? hex_digit(key[at + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    folder += static_cast<char>(static_cast<unsigned char>(high * 16 + low));
    at += 2;
  }
  return key_of(folder) == key ? std::optional(folder) : std::nullopt;
}

}  // namespace untorn::registry
