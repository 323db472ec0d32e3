// SPDX-License-Identifier: Apache-2.0
//
// Fills a Module in one pass over its tree. Used by module.cpp alone.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "languages/python/grammar.h"
#include "languages/python/module.h"

namespace untorn::languages {

class ModuleBuilder {
 public:
  explicit ModuleBuilder(Module& module)
      : module_(module), tree_(*module.tree_), grammar_(Grammar::get()) {}
  void build();

 private:
  void visit(NodeId node);
  void place(NodeId node);
  void open_scope(NodeId node, ScopeKind kind);
  void open_block(NodeId node);
  void define_function(NodeId node);
  void define_class(NodeId node);
  struct ParameterNodes {
    NodeId name = NodeId::none;
    NodeId whole = NodeId::none;  // with its stars
    bool is_starred = false;
  };
  [[nodiscard]] ParameterNodes parameter_nodes(NodeId node) const;
  [[nodiscard]] bool is_method(const Scope& scope) const;
  [[nodiscard]] bool is_comprehension(KindId kind) const noexcept;
  void read_parameters(ScopeId id, NodeId list);

  // Of the node that binds, in the scope and block where it stands.
  [[nodiscard]] Binding binding_at(NodeId node, BindingKind kind, NodeId value) const;
  void bind(NodeId target, Binding binding);
  void bind_name(NodeId name, Binding binding);
  void bind_attribute(NodeId target, Binding binding);
  void bind_elements(NodeId pattern, const Binding& binding);
  void bind_assignment(NodeId node);
  void bind_loop(NodeId node);
  void bind_alias(NodeId as_pattern);
  void bind_imports(NodeId node);
  void bind_import_from(NodeId node);
  void declare_global(NodeId node);
  std::uint32_t add_dotted(std::string text);
  [[nodiscard]] std::string dotted_text(NodeId node) const;

  Module& module_;
  const SyntaxTree& tree_;
  const Grammar& grammar_;
  std::set<std::pair<ScopeId, std::string_view>> globals_;  // of `global` statements
};

}  // namespace untorn::languages
