// SPDX-License-Identifier: Apache-2.0
#include "languages/python/module_builder.h"

#include <algorithm>
#include <tuple>

namespace untorn::languages {
namespace {

constexpr std::size_t qualified_name_limit_bytes = 200;

}  // namespace

void ModuleBuilder::build() {
  module_.places_.resize(tree_.size());
  module_.scopes_.emplace_back().node = tree_.root();
  module_.blocks_.push_back({.node = tree_.root()});
  module_.functions_.push_back({});
  module_.function_scopes_.push_back(ScopeId::module);
  module_.dotted_.emplace_back();
  for (std::uint32_t index = 0; index < tree_.size(); ++index) visit(NodeId{index});
  std::sort(module_.bindings_.begin(), module_.bindings_.end(),
            [](const Binding& left, const Binding& right) {
              return std::tie(left.scope, left.name, left.node) <
                     std::tie(right.scope, right.name, right.node);
            });
}

// A node lies where its parent lies, unless the parent opens a scope for it.
void ModuleBuilder::place(NodeId node) {
  const NodeId parent = tree_.parent(node);
  if (parent == NodeId::none) return;
  Module::Place place = module_.place(parent);
  const FieldId field = tree_.field(node);
  const KindId kind = tree_.kind(parent);
  const bool is_inner = kind == grammar_.function_definition || kind == grammar_.lambda
                            ? field == grammar_.body || field == grammar_.parameter_list
                        : kind == grammar_.class_definition ? field == grammar_.body
                                                            : is_comprehension(kind);
  if (is_inner) {
    place.scope = module_.scope_opened_by(parent);
    place.block = module_.scope(place.scope).body;
  }
  module_.places_[static_cast<std::size_t>(node)] = place;
}

bool ModuleBuilder::is_comprehension(KindId kind) const noexcept {
  return kind == grammar_.list_comprehension || kind == grammar_.set_comprehension ||
         kind == grammar_.dictionary_comprehension || kind == grammar_.generator_expression;
}

void ModuleBuilder::visit(NodeId node) {
  place(node);
  const KindId kind = tree_.kind(node);
  if (kind == grammar_.identifier) {
    module_.identifiers_[tree_.text(node)].push_back(node);
  } else if (kind == grammar_.block) {
    open_block(node);
  } else if (kind == grammar_.assignment) {
    bind_assignment(node);
  } else if (kind == grammar_.augmented_assignment) {
    bind(tree_.child(node, grammar_.left),
         binding_at(node, BindingKind::augmented, tree_.child(node, grammar_.right)));
  } else if (kind == grammar_.named_expression) {
    bind(tree_.child(node, grammar_.name),
         binding_at(node, BindingKind::assignment, tree_.child(node, grammar_.value)));
  } else if (kind == grammar_.for_statement || kind == grammar_.for_in_clause) {
    bind_loop(node);
  } else if (kind == grammar_.as_pattern) {
    bind_alias(node);
  } else if (kind == grammar_.import_statement) {
    bind_imports(node);
  } else if (kind == grammar_.import_from_statement) {
    bind_import_from(node);
  } else if (kind == grammar_.function_definition) {
    define_function(node);
  } else if (kind == grammar_.class_definition) {
    define_class(node);
  } else if (kind == grammar_.lambda) {
    open_scope(node, ScopeKind::lambda);
  } else if (is_comprehension(kind)) {
    open_scope(node, ScopeKind::comprehension);
  } else if (kind == grammar_.global_statement) {
    declare_global(node);
  } else if (kind == grammar_.lambda_parameters) {
    for (const NodeId each : tree_.children(node)) {
      const NodeId name = tree_.child(each, grammar_.name);
      bind(name == NodeId::none ? each : name, binding_at(node, BindingKind::other, NodeId::none));
    }
  }
}

void ModuleBuilder::open_scope(NodeId node, ScopeKind kind) {
  const ScopeId outer = module_.scope_of(node);
  const Scope& parent = module_.scope(outer);
  Scope scope = {.kind = kind,
                 .parent = outer,
                 .node = node,
                 .function = parent.function,
                 .owner = parent.owner,
                 .self = parent.self,
                 .body = module_.block_of(node),
                 .qualified_name = {}};
  const ScopeId id{static_cast<std::uint32_t>(module_.scopes_.size())};
  module_.scopes_.push_back(std::move(scope));
  module_.opened_.emplace(static_cast<std::uint32_t>(node), id);
}

void ModuleBuilder::open_block(NodeId node) {
  const NodeId statement = tree_.parent(node);
  const ScopeId scope = module_.scope_of(node);
  const KindId kind = statement == NodeId::none ? KindId{0} : tree_.kind(statement);
  const BlockId outer = statement == NodeId::none ? BlockId::module : module_.block_of(statement);
  const bool is_function = kind == grammar_.function_definition;
  const bool is_loop = kind == grammar_.for_statement || kind == grammar_.while_statement;
  const BlockId id{static_cast<std::uint32_t>(module_.blocks_.size())};
  module_.blocks_.push_back({.node = node,
                             .parent = outer,
                             .scope = scope,
                             .in_loop = is_loop || (!is_function && module_.block(outer).in_loop)});
  module_.places_[static_cast<std::size_t>(node)].block = id;
  if (is_function || kind == grammar_.class_definition) {
    module_.scopes_[static_cast<std::size_t>(scope)].body = id;
  }
}

void ModuleBuilder::define_function(NodeId node) {
  bind(tree_.child(node, grammar_.name), binding_at(node, BindingKind::function, node));
  const ScopeId outer = module_.scope_of(node);
  open_scope(node, ScopeKind::function);
  const ScopeId id = module_.scope_opened_by(node);
  const Span span = tree_.span(node);
  Function function;
  const Scope& around = module_.scope(outer);
  const std::string& prefix = around.kind == ScopeKind::class_body
                                  ? around.qualified_name
                                  : module_.functions_[around.function].name;
  if (!prefix.empty() && prefix.size() < qualified_name_limit_bytes) function.name = prefix + ".";
  function.name += tree_.text(tree_.child(node, grammar_.name)).substr(0, 100);
  function.range = {span, tree_.position(span.begin), tree_.position(span.end)};
  Scope& scope = module_.scopes_[static_cast<std::size_t>(id)];
  scope.function = static_cast<std::uint32_t>(module_.functions_.size());
  if (around.kind == ScopeKind::class_body) scope.owner = outer;
  module_.functions_.push_back(std::move(function));
  module_.function_scopes_.push_back(id);
  if (const NodeId list = tree_.child(node, grammar_.parameter_list); list != NodeId::none) {
    read_parameters(id, list);
  }
}

// A function that stands in a class body and is no static method.
bool ModuleBuilder::is_method(const Scope& scope) const {
  if (module_.scope(scope.parent).kind != ScopeKind::class_body) return false;
  const NodeId outer = tree_.parent(scope.node);
  if (tree_.kind(outer) != grammar_.decorated_definition) return true;
  for (const NodeId each : tree_.children(outer)) {
    if (tree_.kind(each) == grammar_.decorator &&
        tree_.text(each).find("staticmethod") != std::string_view::npos) {
      return false;
    }
  }
  return true;
}

ModuleBuilder::ParameterNodes ModuleBuilder::parameter_nodes(NodeId node) const {
  ParameterNodes nodes;
  const KindId kind = tree_.kind(node);
  nodes.whole = kind == grammar_.typed_parameter ? tree_.first_child(node) : node;
  nodes.is_starred = tree_.kind(nodes.whole) == grammar_.list_splat_pattern ||
                     tree_.kind(nodes.whole) == grammar_.dictionary_splat_pattern;
  if (nodes.is_starred) {
    nodes.name = tree_.first_child(nodes.whole);
  } else if (kind == grammar_.identifier || kind == grammar_.typed_parameter) {
    nodes.name = nodes.whole;
  } else {
    nodes.name = tree_.child(node, grammar_.name);
  }
  if (nodes.name != NodeId::none && tree_.kind(nodes.name) != grammar_.identifier) {
    nodes.name = NodeId::none;  // Python 2: def f(a, (b, c))
  }
  return nodes;
}

void ModuleBuilder::read_parameters(ScopeId id, NodeId list) {
  Scope& scope = module_.scopes_[static_cast<std::size_t>(id)];
  Function& function = module_.functions_[scope.function];
  bool expects_self = is_method(scope);
  for (const NodeId each : tree_.children(list)) {
    const ParameterNodes nodes = parameter_nodes(each);
    if (nodes.name == NodeId::none) continue;
    Binding binding;
    binding.kind = nodes.is_starred ? BindingKind::other : BindingKind::parameter;
    binding.value = tree_.child(each, grammar_.value);
    binding.annotation =
        nodes.is_starred ? NodeId::none : tree_.child(each, grammar_.type_annotation);
    binding.effective = list;
    binding.scope = id;
    binding.block = BlockId::none;
    if (expects_self && !nodes.is_starred) {
      scope.self = tree_.text(nodes.name);
      binding.kind = BindingKind::other;
    } else {
      if (!nodes.is_starred) binding.index = static_cast<std::int32_t>(function.parameters.size());
      Parameter parameter;
      parameter.name = tree_.text(nodes.is_starred ? nodes.whole : nodes.name).substr(0, 100);
      function.parameters.push_back(std::move(parameter));
    }
    expects_self = false;
    bind_name(nodes.name, binding);
  }
}

void ModuleBuilder::define_class(NodeId node) {
  const NodeId name = tree_.child(node, grammar_.name);
  bind(name, binding_at(node, BindingKind::class_definition, node));
  const ScopeId outer = module_.scope_of(node);
  open_scope(node, ScopeKind::class_body);
  const ScopeId id = module_.scope_opened_by(node);
  const std::string& prefix = module_.scope(outer).qualified_name;
  std::string qualified;
  if (!prefix.empty() && prefix.size() < qualified_name_limit_bytes) qualified = prefix + ".";
  qualified += tree_.text(name).substr(0, 100);
  Scope& scope = module_.scopes_[static_cast<std::size_t>(id)];
  scope.qualified_name = std::move(qualified);
  scope.owner = ScopeId::none;
  scope.self = {};
  module_.classes_.push_back(id);
}

}  // namespace untorn::languages
