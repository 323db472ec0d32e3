// SPDX-License-Identifier: Apache-2.0
#include "languages/python/module.h"

#include <algorithm>
#include <tuple>

#include "languages/python/grammar.h"
#include "languages/python/module_builder.h"

namespace untorn::languages {

Module::Module(const SyntaxTree& tree, std::string_view name) : tree_(&tree), name_(name) {
  ModuleBuilder(*this).build();
}

bool Module::in_loop(NodeId node) const noexcept {
  return block(block_of(node)).in_loop || scope(scope_of(node)).kind == ScopeKind::comprehension;
}

ScopeId Module::scope_opened_by(NodeId definition) const noexcept {
  const auto found = opened_.find(static_cast<std::uint32_t>(definition));
  return found == opened_.end() ? ScopeId::none : found->second;
}

std::span<const Binding> Module::bindings(ScopeId scope, std::string_view name) const noexcept {
  struct ByName {
    using Key = std::tuple<ScopeId, std::string_view>;
    bool operator()(const Binding& left, const Key& right) const {
      return Key(left.scope, left.name) < right;
    }
    bool operator()(const Key& left, const Binding& right) const {
      return left < Key(right.scope, right.name);
    }
  };
  const auto [first, last] =
      std::equal_range(bindings_.begin(), bindings_.end(), ByName::Key(scope, name), ByName{});
  return {first, last};
}

ScopeId Module::home_of(std::string_view name, ScopeId from) const noexcept {
  bool is_innermost = true;
  for (ScopeId each = from; each != ScopeId::none; each = scope(each).parent) {
    const bool is_class = scope(each).kind == ScopeKind::class_body;
    if (!is_class || is_innermost) {
      const std::span<const Binding> found = bindings(each, name);
      if (std::any_of(found.begin(), found.end(),
                      [](const Binding& binding) { return !binding.is_attribute; })) {
        return each;
      }
    }
    // A comprehension in a class body sees the class; a function in it does not.
    if (scope(each).kind != ScopeKind::comprehension) is_innermost = false;
  }
  return ScopeId::none;
}

Module::Reaching Module::reaching(NodeId identifier) const {
  Reaching result;
  const std::string_view name = tree_->text(identifier);
  result.scope = home_of(name, scope_of(identifier));
  if (result.scope == ScopeId::none) return result;
  const std::span<const Binding> all = bindings(result.scope, name);

  // Code of a function that lies between runs later: every binding of the outer scope counts.
  bool is_later = false;
  for (ScopeId each = scope_of(identifier); each != result.scope; each = scope(each).parent) {
    is_later = is_later || scope(each).kind != ScopeKind::comprehension;
  }
  const auto add = [&](const Binding& binding) {
    if (binding.is_attribute) return true;
    if (result.bindings.size() == reaching_limit) {
      result.is_complete = false;
      return false;
    }
    result.bindings.push_back(&binding);
    return true;
  };
  if (!is_later) {
    const auto begin = std::make_reverse_iterator(std::partition_point(
        all.begin(), all.end(), [&](const Binding& each) { return each.node < identifier; }));
    const BlockId use_block = block_of(identifier);
    for (auto each = begin; each != all.rend(); ++each) {
      if (each->effective > identifier) continue;
      if (!add(*each)) break;
      const bool encloses = each->block == BlockId::none ||
                            tree_->within(block(use_block).node, block(each->block).node);
      if (encloses && each->kind != BindingKind::augmented) break;
    }
  }
  if (result.bindings.empty()) {
    for (auto each = all.rbegin(); each != all.rend() && add(*each); ++each) {
    }
  }
  return result;
}

std::span<const NodeId> Module::identifiers(std::string_view name) const noexcept {
  const auto found = identifiers_.find(name);
  if (found == identifiers_.end()) return {};
  return found->second;
}

}  // namespace untorn::languages
