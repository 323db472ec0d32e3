// SPDX-License-Identifier: Apache-2.0
//
// Facts as short lines, for tables of snippets and what is read of them.
#pragma once
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "languages/language.h"

namespace untorn::languages::testing {

// A row of such a table.
struct Snippet {
  const char* name;
  const char* source;
  const char* expected;
};

inline std::string name_of_snippet(const ::testing::TestParamInfo<Snippet>& row) {
  return row.param.name;
}

inline std::string_view name_of(OperationKind kind) {
  static constexpr std::array<std::string_view, 12> names = {
      "create", "append", "update", "create_exclusively", "read",  "rename",
      "move",   "copy",   "unlink", "sync_directory",     "touch", "link"};
  return names.at(static_cast<std::size_t>(kind));
}

inline std::string_view name_of(Content content) {
  static constexpr std::array<std::string_view, 12> names = {
      "unknown", "nothing", "text",   "bytes", "json",    "yaml",
      "toml",    "ini",     "pickle", "csv",   "archive", "image"};
  return names.at(static_cast<std::size_t>(content));
}

// " key=… words=a,b file=… ext=… parameter=0! marks"
inline std::string render(const PathFacts& path) {
  std::string line = " key=" + path.key + " words=";
  for (std::size_t at = 0; at < path.words.size(); ++at) {
    line += (at == 0 ? "" : ",") + path.words[at];
  }
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) line += " " + std::string(name) + "=" + std::string(value);
  };
  add("file", path.file_name);
  add("ext", path.extension);
  if (path.parameter >= 0) {
    add("parameter", std::to_string(path.parameter) + (path.is_whole_parameter ? "!" : ""));
  }
  add("from", path.made_from);
  const auto mark = [&](bool is_set, std::string_view name) {
    if (is_set) line += " " + std::string(name);
  };
  mark(path.looks_temporary, "temporary");
  mark(path.is_unique, "unique");
  mark(path.never_leaves, "never_leaves");
  mark(path.in_system_temp, "system_temp");
  mark(path.is_special, "special");
  mark(path.is_descriptor, "descriptor");
  mark(path.certainly_path_object, "path");
  mark(path.certainly_regular, "regular");
  return line;
}

// "3 create open json state.json synced"
inline std::string render(const FileFacts& facts, const Operation& operation) {
  std::string line = std::to_string(operation.range.first.line) + " ";
  line += name_of(operation.kind);
  line += " " + operation.api + " ";
  line += name_of(operation.content);
  const std::string& target =
      operation.target.file_name.empty() ? operation.target.text : operation.target.file_name;
  if (!operation.source.text.empty()) line += " " + operation.source.text + " ->";
  line += " " + target;
  const std::string& function = facts.functions[operation.function].name;
  if (!function.empty()) line += " in " + function;
  const auto mark = [&](bool is_set, std::string_view name) {
    if (is_set) line += " " + std::string(name);
  };
  if (operation.mode_parameter >= 0) line += " mode=" + std::to_string(operation.mode_parameter);
  if (operation.permissions) line += " permissions=" + std::to_string(*operation.permissions);
  mark(operation.writes_nothing, "writes_nothing");
  mark(operation.only_locks, "only_locks");
  mark(operation.synced, "synced");
  mark(operation.escapes, "escapes");
  mark(operation.in_loop, "in_loop");
  mark(operation.unlinked_target_before, "unlinked_before");
  mark(operation.written_in_pieces, "in_pieces");
  mark(operation.removed_later, "removed_later");
  mark(operation.target.is_special, "special");
  mark(operation.target.is_descriptor, "descriptor");
  return line;
}

inline std::string render_operations(const FileFacts& facts) {
  std::string text;
  for (const Operation& each : facts.operations) text += render(facts, each) + "\n";
  return text;
}

// The paths of all operations but reads: the target, and the source of a rename before it.
inline std::string render_paths(const FileFacts& facts) {
  std::string text;
  for (const Operation& each : facts.operations) {
    if (each.kind == OperationKind::read) continue;
    const std::string line = std::to_string(each.range.first.line);
    if (!each.source.text.empty()) text += line + " source" + render(each.source) + "\n";
    text += line + render(each.target) + "\n";
  }
  return text;
}

inline std::string render_flaws(const FileFacts& facts) {
  std::string text;
  for (const RecoveryFlaw& each : facts.recovery_flaws) {
    text += std::to_string(each.range.first.line) + " [" + each.exceptions + "] " + each.answer +
            " for " + each.target.text + " in " + facts.functions[each.function].name + "\n";
  }
  return text;
}

inline std::string render_calls(const FileFacts& facts) {
  std::string text;
  for (const Call& each : facts.calls) {
    text += std::to_string(each.range.first.line) + " " + each.callee + "(";
    bool is_first = true;
    for (const Argument& argument : each.arguments) {
      text += is_first ? "" : ", ";
      is_first = false;
      if (!argument.name.empty()) text += argument.name + "=";
      text += argument.path.key.empty() ? "_" : argument.path.key;
      if (!argument.constant.empty()) text += " '" + argument.constant + "'";
    }
    const std::string& function = facts.functions[each.function].name;
    text += function.empty() ? ")\n" : ") in " + function + "\n";
  }
  return text;
}

}  // namespace untorn::languages::testing
