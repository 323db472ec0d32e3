// SPDX-License-Identifier: Apache-2.0
//
// The names of one Python file: scopes, what binds each name, blocks, functions and classes.
//
//   const Module module(tree, "shop.orders.store");
//   for (const Binding* binding : module.reaching(identifier)) …
//
// Made in one pass over the tree. Which bindings reach a use is decided by the order of the text
// and by blocks: the nearest binding before the use whose block encloses it hides all before that;
// those in other branches are kept beside it. A loop's next turn is not followed.
//
// Threads: immutable once made. Borrows the tree.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "languages/facts.h"
#include "languages/syntax.h"

namespace untorn::languages {

enum class ScopeId : std::uint32_t { module = 0, none = 0xFFFFFFFF };
enum class BlockId : std::uint32_t { module = 0, none = 0xFFFFFFFF };

enum class ScopeKind : std::uint8_t { module, class_body, function, lambda, comprehension };
struct Scope {
  ScopeKind kind = ScopeKind::module;
  ScopeId parent = ScopeId::none;
  NodeId node = NodeId::none;
  std::uint32_t function = 0;      // in FileFacts::functions
  ScopeId owner = ScopeId::none;   // the class whose method this is, or lies in
  std::string_view self;           // what the method calls its instance or class
  BlockId body = BlockId::module;  // the outermost block
  std::string qualified_name;      // of a class: "Outer.Inner"
};

struct Block {
  NodeId node = NodeId::none;
  BlockId parent = BlockId::none;
  ScopeId scope = ScopeId::module;
  bool in_loop = false;  // runs several times in one call of its function
};

enum class BindingKind : std::uint8_t {
  assignment,        // the name is `value`
  element,           // the name is the element `index` of `value`
  loop,              // the name is each item of `value`; index >= 0: that element of each item
  context,           // the name is what `with value` gives
  augmented,         // the name is what it was, changed by `value`
  parameter,         // index: in Function::parameters, -1 for self, *args and a lambda's
  import,            // dotted: what it stands for
  function,          // value: the definition
  class_definition,  // value: the definition
  other,
};
struct Binding {
  std::string_view name;
  ScopeId scope = ScopeId::module;
  BindingKind kind = BindingKind::other;
  bool is_attribute = false;  // self.name; the scope is the class
  std::int32_t index = -1;
  NodeId node = NodeId::none;        // the bound name
  NodeId value = NodeId::none;       // none where there is none: `x: int`
  NodeId annotation = NodeId::none;  // the node `type`
  NodeId effective = NodeId::none;   // nodes from this one on see the binding
  BlockId block = BlockId::module;   // none: a parameter, which every block of its function sees
  std::uint32_t dotted = 0;          // of an import, in Module::dotted()
};

class Module {
 public:
  Module(const SyntaxTree& tree, std::string_view name);

  [[nodiscard]] const SyntaxTree& tree() const noexcept { return *tree_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  [[nodiscard]] ScopeId scope_of(NodeId node) const noexcept { return place(node).scope; }
  [[nodiscard]] BlockId block_of(NodeId node) const noexcept { return place(node).block; }
  [[nodiscard]] const Scope& scope(ScopeId id) const noexcept {
    return scopes_[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] const Block& block(BlockId id) const noexcept {
    return blocks_[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] std::uint32_t function_of(NodeId node) const noexcept {
    return scope(scope_of(node)).function;
  }
  [[nodiscard]] bool in_loop(NodeId node) const noexcept;

  // The functions as facts, the module's own level first. Their `is_test` is left to the caller.
  [[nodiscard]] const std::vector<Function>& functions() const noexcept { return functions_; }
  // The scope of the function `index`.
  [[nodiscard]] ScopeId function_scope(std::uint32_t index) const noexcept {
    return function_scopes_[index];
  }
  [[nodiscard]] const std::vector<ScopeId>& classes() const noexcept { return classes_; }
  // The scope that a function or class definition opens; none for other nodes.
  [[nodiscard]] ScopeId scope_opened_by(NodeId definition) const noexcept;

  // All bindings of a name in one scope, in the order of the text; of a class also those through
  // self.
  [[nodiscard]] std::span<const Binding> bindings(ScopeId scope,
                                                  std::string_view name) const noexcept;
  [[nodiscard]] std::span<const Binding> bindings() const noexcept { return bindings_; }
  // What an import stands for: "os.path.join", ".files:save_json".
  [[nodiscard]] const std::string& dotted(const Binding& binding) const noexcept {
    return dotted_[binding.dotted];
  }

  // The bindings that an identifier may refer to, nearest first, at most `reaching_limit`. Empty: a
  // builtin, or a name from a star import.
  static constexpr std::size_t reaching_limit = 6;
  struct Reaching {
    std::vector<const Binding*> bindings;
    ScopeId scope = ScopeId::none;  // where the name lives; none: nowhere in the file
    bool is_complete = true;
  };
  [[nodiscard]] Reaching reaching(NodeId identifier) const;
  // Where the name, used at `from`, lives.
  [[nodiscard]] ScopeId home_of(std::string_view name, ScopeId from) const noexcept;

  // All identifiers of that text, in the order of the text.
  [[nodiscard]] std::span<const NodeId> identifiers(std::string_view name) const noexcept;

 private:
  friend class ModuleBuilder;
  struct Place {
    ScopeId scope = ScopeId::module;
    BlockId block = BlockId::module;
  };
  [[nodiscard]] const Place& place(NodeId node) const noexcept {
    return places_[static_cast<std::size_t>(node)];
  }

  const SyntaxTree* tree_;
  std::string name_;
  std::vector<Place> places_;
  std::vector<Scope> scopes_;
  std::vector<Block> blocks_;
  std::vector<Function> functions_;
  std::vector<ScopeId> function_scopes_;
  std::vector<ScopeId> classes_;
  std::unordered_map<std::uint32_t, ScopeId> opened_;
  std::vector<Binding> bindings_;  // by scope, name, place
  std::vector<std::string> dotted_;
  std::unordered_map<std::string_view, std::vector<NodeId>> identifiers_;
};

}  // namespace untorn::languages
