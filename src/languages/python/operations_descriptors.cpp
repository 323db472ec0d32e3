// SPDX-License-Identifier: Apache-2.0
//
// Operations on descriptors: os.open, and os.fsync of a folder.
#include <algorithm>
#include <array>

#include "languages/python/operations.h"

namespace untorn::languages {
namespace {

bool has_word(const PathFacts& path, std::string_view word) {
  return std::find(path.words.begin(), path.words.end(), word) != path.words.end();
}

bool names_directory(const PathFacts& path) {
  static constexpr std::array<std::string_view, 7> words = {
      "dir", "directory", "folder", "parent", "dirname", "dirpath", "basedir"};
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return has_word(path, word); });
}

std::optional<std::uint32_t> octal_value(std::string_view text) {
  if (text.size() < 2 || text[0] != '0') return std::nullopt;
  text.remove_prefix(text[1] == 'o' || text[1] == 'O' ? 2 : 1);
  std::uint32_t value = 0;
  if (text.empty() || text.size() > 6) return std::nullopt;
  for (const char digit : text) {
    if (digit < '0' || digit > '7') return std::nullopt;
    value = value * 8 + static_cast<std::uint32_t>(digit - '0');
  }
  return value;
}

}  // namespace

bool OperationReader::is_directory(NodeId expression, const PathFacts& path) {
  return evaluator_.value(expression).is_folder || names_directory(path);
}

std::optional<Operation> OperationReader::read_open_flags(NodeId call,
                                                          const CallArguments& arguments) {
  const CallArgument* const path = arguments.find(0, "path");
  const CallArgument* const flags = arguments.find(1, "flags");
  if (path == nullptr || flags == nullptr || path->starred || flags->starred) return std::nullopt;
  const Flags names = evaluator_.flags(flags->value);
  if (names.names.empty() || names.has("O_TMPFILE")) return std::nullopt;
  Operation operation = operation_at(call, OperationKind::read, "os.open");
  if (names.has("O_WRONLY") || names.has("O_RDWR") || names.has("O_CREAT")) {
    operation.kind = names.has("O_EXCL")     ? OperationKind::create_exclusively
                     : names.has("O_APPEND") ? OperationKind::append
                     : names.has("O_TRUNC")  ? OperationKind::create
                                             : OperationKind::update;
    // Whether it truncates is not known.
    if (operation.kind == OperationKind::update && !names.is_complete) return std::nullopt;
  }
  if (const CallArgument* const mode = arguments.find(2, "mode"); mode != nullptr) {
    operation.permissions = octal_value(tree_.text(mode->value));
  }
  set_target(path->value, operation);
  set_handle(call, operation);
  if (operation.kind != OperationKind::read) return operation;
  if (operation.synced &&
      (names.has("O_DIRECTORY") || is_directory(path->value, operation.target))) {
    return std::nullopt;  // told at the fsync
  }
  return operation;
}

// os.fsync(fd) where fd = os.open(folder, os.O_RDONLY).
std::optional<Operation> OperationReader::read_directory_sync(NodeId call) {
  const CallArguments arguments = call_arguments(tree_, call);
  const CallArgument* const argument = arguments.find(0, "fd");
  if (argument == nullptr || argument->starred) return std::nullopt;
  NodeId descriptor = evaluator_.bare(argument->value);
  if (tree_.kind(descriptor) == grammar_.identifier) {
    const Module::Reaching reaching = module_.reaching(descriptor);
    if (reaching.bindings.empty() || reaching.bindings.front()->kind != BindingKind::assignment) {
      return std::nullopt;
    }
    descriptor = evaluator_.bare(reaching.bindings.front()->value);
  }
  if (descriptor == NodeId::none || tree_.kind(descriptor) != grammar_.call ||
      evaluator_.dotted(tree_.child(descriptor, grammar_.function)) != "os.open") {
    return std::nullopt;
  }
  const CallArguments opened = call_arguments(tree_, descriptor);
  const CallArgument* const path = opened.find(0, "path");
  const CallArgument* const flags = opened.find(1, "flags");
  if (path == nullptr || flags == nullptr) return std::nullopt;
  const Flags names = evaluator_.flags(flags->value);
  if (names.has("O_WRONLY") || names.has("O_RDWR")) return std::nullopt;
  Operation operation = operation_at(call, OperationKind::sync_directory, "os.fsync");
  set_target(path->value, operation);
  if (!names.has("O_DIRECTORY") && !is_directory(path->value, operation.target)) {
    return std::nullopt;
  }
  return operation;
}

}  // namespace untorn::languages
