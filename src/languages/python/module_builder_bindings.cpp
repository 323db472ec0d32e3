// SPDX-License-Identifier: Apache-2.0
//
// What binds names: assignments, loops, `as`, imports.
#include "languages/python/module_builder.h"

namespace untorn::languages {
namespace {

constexpr int pattern_depth_limit = 8;
constexpr int assignment_chain_limit = 16;

}  // namespace

Binding ModuleBuilder::binding_at(NodeId node, BindingKind kind, NodeId value) const {
  Binding binding;
  binding.kind = kind;
  binding.value = value;
  binding.scope = module_.scope_of(node);
  binding.block = module_.block_of(node);
  binding.effective = tree_.end_of(node);
  return binding;
}

void ModuleBuilder::bind_name(NodeId name, Binding binding) {
  binding.name = tree_.text(name);
  binding.node = name;
  if (!globals_.empty() && globals_.contains({binding.scope, binding.name})) {
    binding.scope = ScopeId::module;
  }
  module_.bindings_.push_back(binding);
}

void ModuleBuilder::bind_attribute(NodeId target, Binding binding) {
  const NodeId object = tree_.child(target, grammar_.object);
  const Scope& scope = module_.scope(binding.scope);
  if (scope.owner == ScopeId::none || tree_.kind(object) != grammar_.identifier ||
      scope.self.empty() || tree_.text(object) != scope.self) {
    return;
  }
  const NodeId name = tree_.child(target, grammar_.attribute_name);
  binding.name = tree_.text(name);
  binding.node = name;
  binding.scope = scope.owner;
  binding.is_attribute = true;
  module_.bindings_.push_back(binding);
}

void ModuleBuilder::bind(NodeId target, Binding binding) {
  if (target == NodeId::none) return;
  const KindId kind = tree_.kind(target);
  if (kind == grammar_.identifier) {
    bind_name(target, binding);
  } else if (kind == grammar_.attribute) {
    bind_attribute(target, binding);
  } else {
    bind_elements(target, binding);
  }
}

// `a, (b, *c) = value`: the first level by its index; deeper names are bound to nothing known.
void ModuleBuilder::bind_elements(NodeId pattern, const Binding& binding) {
  struct Level {
    NodeId pattern;
    int depth;
  };
  const auto is_sequence = [&](NodeId node) {
    const KindId kind = tree_.kind(node);
    return kind == grammar_.pattern_list || kind == grammar_.tuple_pattern ||
           kind == grammar_.list_pattern || kind == grammar_.tuple || kind == grammar_.list ||
           kind == grammar_.expression_list || kind == grammar_.list_splat_pattern;
  };
  std::vector<NodeId> values;  // of `a, b = x, y`
  if (binding.kind == BindingKind::assignment && binding.value != NodeId::none &&
      is_sequence(binding.value)) {
    for (const NodeId each : tree_.children(binding.value)) {
      if (tree_.kind(each) != grammar_.comment) values.push_back(each);
    }
  }
  std::vector<Level> open = {{pattern, 0}};
  while (!open.empty()) {
    const Level level = open.back();
    open.pop_back();
    if (!is_sequence(level.pattern) || level.depth > pattern_depth_limit) continue;
    std::int32_t index = 0;
    for (const NodeId each : tree_.children(level.pattern)) {
      if (tree_.kind(each) == grammar_.comment) continue;
      Binding element = binding;
      const auto position = static_cast<std::size_t>(index);
      if (level.depth > 0 || tree_.kind(each) == grammar_.list_splat_pattern) {
        element.kind = BindingKind::other;
        element.value = NodeId::none;
      } else if (position < values.size()) {
        element.value = values[position];
      } else if (element.kind != BindingKind::loop) {
        element.kind =
            element.kind == BindingKind::assignment ? BindingKind::element : BindingKind::other;
      }
      element.index = index++;
      if (tree_.kind(each) == grammar_.identifier) {
        bind_name(each, element);
      } else if (tree_.kind(each) == grammar_.attribute) {
        bind_attribute(each, element);
      } else {
        open.push_back({each, level.depth + 1});
      }
    }
  }
}

void ModuleBuilder::bind_assignment(NodeId node) {
  NodeId value = tree_.child(node, grammar_.right);
  for (int link = 0; value != NodeId::none && tree_.kind(value) == grammar_.assignment &&
                     link < assignment_chain_limit;
       ++link) {
    value = tree_.child(value, grammar_.right);
  }
  Binding binding = binding_at(node, BindingKind::assignment, value);
  binding.annotation = tree_.child(node, grammar_.type_annotation);
  bind(tree_.child(node, grammar_.left), binding);
}

void ModuleBuilder::bind_loop(NodeId node) {
  const NodeId items = tree_.child(node, grammar_.right);
  Binding binding = binding_at(node, BindingKind::loop, items);
  if (items != NodeId::none) binding.effective = tree_.end_of(items);
  bind(tree_.child(node, grammar_.left), binding);
  // In `[f(x) for x in y]` the use stands before the binding.
  if (tree_.kind(node) != grammar_.for_in_clause) return;
  const ScopeId scope = module_.scope_of(node);
  for (auto each = module_.bindings_.rbegin();
       each != module_.bindings_.rend() && each->scope == scope && each->value == items; ++each) {
    each->effective = tree_.first_child(tree_.parent(node));
  }
}

void ModuleBuilder::bind_alias(NodeId as_pattern) {
  const NodeId target = tree_.child(as_pattern, grammar_.alias);
  if (target == NodeId::none || tree_.kind(target) != grammar_.as_pattern_target) return;
  const NodeId outer = tree_.parent(as_pattern);
  const bool is_context = tree_.kind(outer) == grammar_.with_item;
  Binding binding = binding_at(as_pattern, is_context ? BindingKind::context : BindingKind::other,
                               is_context ? tree_.first_child(as_pattern) : NodeId::none);
  bind(tree_.first_child(target), binding);
}

std::uint32_t ModuleBuilder::add_dotted(std::string text) {
  module_.dotted_.push_back(std::move(text));
  return static_cast<std::uint32_t>(module_.dotted_.size() - 1);
}

std::string ModuleBuilder::dotted_text(NodeId node) const {
  std::string text;
  for (const char each : tree_.text(node).substr(0, 300)) {
    if (each != ' ' && each != '\t' && each != '\\' && each != '\n' && each != '\r') text += each;
  }
  return text;
}

void ModuleBuilder::bind_imports(NodeId node) {
  for (const NodeId each : tree_.children(node)) {
    if (tree_.field(each) != grammar_.name) continue;
    Binding binding = binding_at(node, BindingKind::import, NodeId::none);
    binding.effective = each;
    if (tree_.kind(each) == grammar_.aliased_import) {
      binding.dotted = add_dotted(dotted_text(tree_.child(each, grammar_.name)));
      bind(tree_.child(each, grammar_.alias), binding);
    } else if (const NodeId first = tree_.first_child(each); first != NodeId::none) {
      binding.dotted = add_dotted(std::string(tree_.text(first)));
      bind(first, binding);
    }
  }
}

void ModuleBuilder::bind_import_from(NodeId node) {
  const NodeId module_name = tree_.child(node, grammar_.module_name);
  if (module_name == NodeId::none) return;
  const bool is_relative = tree_.kind(module_name) == grammar_.relative_import;
  const std::string prefix = dotted_text(module_name) + (is_relative ? ":" : ".");
  for (const NodeId each : tree_.children(node)) {
    if (tree_.field(each) != grammar_.name) continue;
    const bool is_aliased = tree_.kind(each) == grammar_.aliased_import;
    const NodeId name = is_aliased ? tree_.child(each, grammar_.name) : each;
    Binding binding = binding_at(node, BindingKind::import, NodeId::none);
    binding.effective = each;
    binding.dotted = add_dotted(prefix + dotted_text(name));
    bind(is_aliased ? tree_.child(each, grammar_.alias) : tree_.first_child(name), binding);
  }
}

void ModuleBuilder::declare_global(NodeId node) {
  for (const NodeId each : tree_.children(node)) {
    globals_.emplace(module_.scope_of(node), tree_.text(each));
  }
}

}  // namespace untorn::languages
