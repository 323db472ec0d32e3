// SPDX-License-Identifier: Apache-2.0
#include "rules/judgement.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace untorn::rules {

using languages::Operation;
using languages::OperationKind;

namespace {

// A terminal or a pipe that has a name: nothing is kept in it.
bool is_device(const LinkedTarget& target) {
  constexpr std::array<std::string_view, 4> words = {"fifo", "pty", "tty", "ttyname"};
  return std::ranges::any_of(target.path.words, [&](const std::string& word) {
    return std::ranges::find(words, word) != words.end();
  });
}

}  // namespace

bool writes_lasting_file(const LinkedFile& file, std::uint32_t operation) {
  const LinkedOperation& linked = file.operations[operation];
  const Operation& facts = file.source.facts.operations[operation];
  if (std::ranges::all_of(linked.targets, is_device)) return false;
  if (linked.made_here || facts.removed_later) return false;
  if (linked.all_temporary || linked.in_atomic_writer || facts.only_locks) return false;
  // Truncating alone, or opening alone, leaves the old file or the empty one: both are wanted. A
  // handle that goes elsewhere may be written there; opened to be read, too, it often is not.
  const bool may_be_read = linked.kind == OperationKind::update;
  if (facts.writes_nothing && (may_be_read || !facts.escapes)) return false;
  switch (linked.kind) {
    case OperationKind::create:
    case OperationKind::append:
    case OperationKind::update:
    case OperationKind::copy:
    case OperationKind::rename:
    case OperationKind::move:
      return true;
    default:
      return false;
  }
}

std::string spoken_target(const LinkedFile& file, std::uint32_t operation) {
  const std::string& text = file.source.facts.operations[operation].target.text;
  return text.empty() ? "the file" : '`' + text + '`';
}

std::string spoken_reader(const LinkedFile& file, std::uint32_t operation) {
  const auto& targets = file.operations[operation].targets;
  const auto found =
      std::ranges::find_if(targets, [](const auto& target) { return !target.read_back.empty(); });
  return found == targets.end() ? "" : "; " + found->read_back + " reads it back";
}

const Publication* published_by(const LinkedFile& file, std::uint32_t operation) {
  const auto& publication = file.operations[operation].publication;
  const bool holds = publication && publication->publishes && writes_lasting_file(file, operation);
  return holds ? &*publication : nullptr;
}

}  // namespace untorn::rules
