// SPDX-License-Identifier: Apache-2.0
#include "crash/describe.h"

#include <ranges>
#include <vector>

#include "base/escape.h"
#include "base/text.h"
#include "crash/history.h"

namespace untorn::crash {

namespace {

constexpr std::size_t operations_shown_max = 8;
constexpr std::size_t files_shown_max = 32;
constexpr std::size_t bytes_shown_max = 48;

std::string path_in(const History& history, InodeId directory, const std::string& name,
                    std::size_t index) {
  const Path prefix = directory == root_inode ? Path() : history.path_of(directory, index);
  return join(prefix, name);
}

std::string list(const History& history, const std::vector<std::size_t>& operations) {
  if (operations.empty()) return "nothing";
  const auto described = operations | std::views::transform([&](std::size_t index) {
                           return describe_operation(history, index);
                         });
  return joined_first(described, operations_shown_max);
}

}  // namespace

std::string describe_operation(const History& history, std::size_t index) {
  const Operation& operation = history.log().operations[index];
  std::string text(to_string(operation.kind));
  const auto add = [&](const std::string& words) {
    if (!words.empty()) text += " " + words;
  };
  switch (operation.kind) {
    case OperationKind::rename:
    case OperationKind::exchange:
      add(path_in(history, operation.directory, operation.name, index));
      add("→ " + path_in(history, operation.target_directory, operation.target_name, index));
      break;
    case OperationKind::link:
      add(path_in(history, operation.target_directory, operation.target_name, index));
      break;
    case OperationKind::create:
    case OperationKind::make_directory:
    case OperationKind::make_symlink:
    case OperationKind::make_special:
    case OperationKind::unlink:
    case OperationKind::remove_directory:
      if (operation.directory != no_inode) {
        add(path_in(history, operation.directory, operation.name, index));
      }
      break;
    case OperationKind::write:
      add(history.path_of(operation.inode, index));
      add(std::to_string(operation.offset) + "+" + std::to_string(operation.payload.size()));
      break;
    case OperationKind::truncate:
      add(history.path_of(operation.inode, index));
      add("to " + std::to_string(operation.size));
      break;
    default:
      if (operation.inode != no_inode) add(history.path_of(operation.inode, index));
      break;
  }
  return escape_controls(text);
}

std::string describe_state(const History& history, const CrashState& state) {
  const std::vector<std::size_t> lost = state.lost();
  if (lost.empty()) return "nothing lost, cut before operation " + std::to_string(state.begun());
  std::vector<std::size_t> kept = state.kept();
  std::erase_if(kept, [&](std::size_t operation) { return operation < lost.front(); });
  return "kept: " + list(history, kept) + "; lost: " + list(history, lost);
}

std::string describe_tree(const CrashState& state) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& [path, file] : state.tree()) {
    if (file.type == FileType::directory) continue;
    if (++shown > files_shown_max) {
      text += "…\n";
      break;
    }
    text += escape_controls(path);
    if (file.type == FileType::symlink) {
      text += " → " + escape_controls(file.content.text()) + "\n";
      continue;
    }
    const std::string_view content = file.content.text();
    text += ", " + std::to_string(content.size()) + " bytes: \"";
    text += escape_controls(content.substr(0, bytes_shown_max));
    text += content.size() > bytes_shown_max ? "\"…\n" : "\"\n";
  }
  return text;
}

}  // namespace untorn::crash
