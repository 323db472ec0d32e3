// SPDX-License-Identifier: Apache-2.0
#include "settings/toml.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>

namespace untorn::settings {
namespace {

// The parser refuses deeper nesting than it can recurse into; so may this.
Value convert(const toml::node& node) {
  Value value;
  value.line = node.source().begin.line;
  if (const auto* truth = node.as_boolean()) {
    value.data = truth->get();
  } else if (const auto* number = node.as_integer()) {
    value.data = number->get();
  } else if (const auto* real = node.as_floating_point()) {
    value.data = real->get();
  } else if (const auto* text = node.as_string()) {
    value.data = text->get();
  } else if (const auto* array = node.as_array()) {
    List list;
    for (const toml::node& each : *array) list.push_back(convert(each));
    value.data = std::move(list);
  } else if (const auto* table = node.as_table()) {
    Table members;
    for (const auto& [key, each] : *table) {
      members.emplace_back(std::string(key.str()), convert(each));
      // A table that another header implies has no place of its own, nor has one in one line.
      if (members.back().second.line == 0) members.back().second.line = key.source().begin.line;
    }
    value.data = std::move(members);
  }
  return value;
}

}  // namespace

Result<Table> parse_toml(const std::string& path, std::string_view text) {
  const toml::parse_result parsed = toml::parse(text, std::string_view(path));
  if (!parsed) {
    return std::unexpected(
        settings_error(path, parsed.error().source().begin.line, parsed.error().description()));
  }
  Value root = convert(parsed.table());
  return std::get<Table>(std::move(root.data));
}

const Value* find(const Table& table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const auto& member) { return member.first == name; });
  return found == table.end() ? nullptr : &found->second;
}

Error settings_error(const std::string& path, std::uint32_t line, std::string_view problem) {
  std::string detail = "line " + std::to_string(line) + ": ";
  detail += problem;
  return Error(Code::invalid_argument, Step::inspect, Outcome::not_applied, 0, path,
               std::move(detail));
}

}  // namespace untorn::settings
