// SPDX-License-Identifier: Apache-2.0
#include "languages/python/removals.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

#include "languages/python/grammar.h"

namespace untorn::languages {
namespace {

constexpr int blocks_limit = 64;

bool is_write(OperationKind kind) {
  constexpr std::array kinds = {OperationKind::create, OperationKind::append, OperationKind::update,
                                OperationKind::copy};
  return std::ranges::find(kinds, kind) != kinds.end();
}

class Removals {
 public:
  explicit Removals(const Module& module)
      : module_(module), tree_(module.tree()), grammar_(Grammar::get()) {}

  [[nodiscard]] bool always_follows(BlockId removal, BlockId write) const {
    for (int steps = 0; removal != BlockId::none && steps < blocks_limit; ++steps) {
      if (encloses(removal, write)) return true;
      if (!runs_with_its_parent(removal)) return false;
      removal = module_.block(removal).parent;
    }
    return false;
  }

 private:
  [[nodiscard]] bool encloses(BlockId outer, BlockId inner) const {
    for (int steps = 0; inner != BlockId::none && steps < blocks_limit; ++steps) {
      if (inner == outer) return true;
      inner = module_.block(inner).parent;
    }
    return false;
  }

  [[nodiscard]] bool runs_with_its_parent(BlockId block) const {
    const NodeId node = module_.block(block).node;
    const NodeId statement = node == NodeId::none ? node : tree_.parent(node);
    if (statement == NodeId::none) return false;
    const KindId kind = tree_.kind(statement);
    if (kind == grammar_.with_statement || kind == grammar_.try_statement ||
        kind == grammar_.finally_clause)
      return true;
    if (kind == grammar_.else_clause)
      return tree_.kind(tree_.parent(statement)) == grammar_.try_statement;
    return kind == grammar_.if_statement && tree_.field(node) == grammar_.consequence &&
           asks_for_existence(tree_.child(statement, grammar_.condition));
  }

  [[nodiscard]] bool asks_for_existence(NodeId condition) const {
    if (condition == NodeId::none || tree_.kind(condition) != grammar_.call) return false;
    const std::string_view called = tree_.text(tree_.child(condition, grammar_.function));
    return called.ends_with("exists") || called.ends_with("isfile") || called.ends_with("is_file");
  }

  const Module& module_;
  const SyntaxTree& tree_;
  const Grammar& grammar_;
};

}  // namespace

void mark_removed(const Module& module, std::vector<Operation>& operations) {
  // Later removals beyond this number add nothing to what the first ones say.
  constexpr std::size_t removals_max = 16;
  std::unordered_map<std::string_view, std::vector<const Operation*>> removals;
  for (const Operation& operation : operations) {
    if (operation.kind != OperationKind::unlink || operation.target.key.empty()) continue;
    std::vector<const Operation*>& list = removals[operation.target.key];
    if (list.size() < removals_max) list.push_back(&operation);
  }
  if (removals.empty()) return;
  const Removals judge(module);
  for (Operation& operation : operations) {
    if (!is_write(operation.kind)) continue;
    const auto found = removals.find(operation.target.key);
    if (found == removals.end()) continue;
    operation.removed_later = std::ranges::any_of(found->second, [&](const Operation* removal) {
      return removal->function == operation.function &&
             removal->range.span.begin > operation.range.span.begin &&
             judge.always_follows(static_cast<BlockId>(removal->block),
                                  static_cast<BlockId>(operation.block));
    });
  }
}

}  // namespace untorn::languages
