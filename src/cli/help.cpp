// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "cli/flags.h"

namespace untorn::cli {
namespace {

constexpr std::size_t width_columns = 96;

// As far as our own texts go: one column for each code point.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char each) {
    return (static_cast<unsigned char>(each) & 0xC0U) != 0x80U;
  }));
}

// Appends `text` wrapped, every line after the first indented by `indent` columns. `column` is
// where the first line already stands.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent,
                    std::size_t column) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (column > indent && column + 1 + columns_of(word) > width_columns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += columns_of(word);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

void append_rows(std::string& out, const std::vector<std::pair<std::string, std::string>>& rows) {
  constexpr std::size_t left_max = 34;
  std::size_t left = 0;
  for (const auto& [name, text] : rows) {
    if (columns_of(name) <= left_max) left = std::max(left, columns_of(name));
  }
  const std::size_t indent = left + 4;
  for (const auto& [name, text] : rows) {
    out += "  " + name;
    if (columns_of(name) > left) {
      out += "\n" + std::string(indent, ' ');
    } else {
      out += std::string(indent - 2 - columns_of(name), ' ');
    }
    append_wrapped(out, text, indent, indent);
  }
}

void append_indented(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += "  " + std::string(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string shown(const Flag& flag) {
  std::string name = flag.name;
  if (const std::size_t comma = name.find(','); comma != std::string::npos) {
    name.insert(comma + 1, " ");
  }
  return flag.value.empty() ? name : name + " " + flag.value;
}

}  // namespace

std::string short_help(const std::vector<Command>& commands) {
  std::string out = "untorn: files that survive crashes\n";
  for (const bool plumbing : {false, true}) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Command& command : commands) {
      if (command.plumbing == plumbing) rows.emplace_back(command.name, command.summary);
    }
    out += plumbing ? "\nPlumbing:\n" : "\nCommands:\n";
    append_rows(out, rows);
  }
  out += "\nExample:\n  printf '{\"theme\": \"dark\"}\\n' | untorn write settings.json\n";
  out += "\nMore: untorn COMMAND --help, untorn --version\n";
  return out;
}

std::string command_help(const Command& command) {
  std::string out = "Usage: untorn " + command.name + " [OPTIONS] " + command.usage + "\n\n";
  std::string_view description = command.description;
  while (!description.empty()) {
    const std::size_t end = std::min(description.find('\n'), description.size());
    append_wrapped(out, description.substr(0, end), 0, 0);
    description.remove_prefix(std::min(end + 1, description.size()));
  }
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Argument& argument : command.arguments) {
    rows.emplace_back(argument.name, argument.description);
  }
  if (!rows.empty()) {
    out += "\nArguments:\n";
    append_rows(out, rows);
  }
  rows.clear();
  for (const Flag& flag : command.flags) rows.emplace_back(shown(flag), flag.description);
  CommonFlags common;
  for (const Flag& flag : common_flags(common, command.formats)) {
    rows.emplace_back(shown(flag), flag.description);
  }
  rows.emplace_back("-h, --help", "This text.");
  out += "\nOptions:\n";
  append_rows(out, rows);
  out += "\nExample:\n";
  append_indented(out, command.example);
  return out;
}

}  // namespace untorn::cli
