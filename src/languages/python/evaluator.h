// SPDX-License-Identifier: Apache-2.0
//
// Follows names, attributes and calls of one file to what an expression means.
//
//   Evaluator evaluator(module);
//   evaluator.dotted(callee);        // "os.path.join": what is called, through every alias
//   evaluator.value(argument);       // what is known of a path
//   evaluator.constants(mode);       // the texts that a mode may be
//
// Limits: expressions nested more than 24 deep, names bound in more than six places and functions
// with more than 4,000 nodes are not followed; what is not followed is unknown, never guessed.
// Each node is evaluated once.
//
// Threads: not to be shared.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "languages/python/call_arguments.h"
#include "languages/python/grammar.h"
#include "languages/python/module.h"
#include "languages/python/value.h"

namespace untorn::languages {

// The constant texts that an expression may be.
struct Constants {
  std::vector<std::string> texts;
  std::int32_t parameter = -1;  // it is that parameter of the enclosing function
  bool is_complete = false;     // it is nothing else
};

// The flags of os.open: "O_WRONLY". All that may be set, whatever a condition decides.
struct Flags {
  std::vector<std::string> names;
  bool is_complete = true;  // nothing else is set
  [[nodiscard]] bool has(std::string_view name) const noexcept {
    return std::find(names.begin(), names.end(), name) != names.end();
  }
};

// What a call calls.
struct Callee {
  enum class Kind : std::uint8_t {
    unknown,
    api,      // of the standard library, or a builtin
    local,    // a function or class of this file
    foreign,  // imported from elsewhere
  } kind = Kind::unknown;
  std::string name;                  // as Call::callee
  NodeId definition = NodeId::none;  // of a local one
  bool is_class = false;
};

class Evaluator {
 public:
  explicit Evaluator(const Module& module)
      : module_(module), tree_(module.tree()), grammar_(Grammar::get()) {}

  [[nodiscard]] const Module& module() const noexcept { return module_; }
  // The dotted name of an imported thing or a builtin: "os.replace", "open"; ".files:save" of a
  // relative import. Empty: something else.
  [[nodiscard]] std::string dotted(NodeId expression);
  [[nodiscard]] const Value& value(NodeId expression);
  [[nodiscard]] PathFacts facts(NodeId expression);
  [[nodiscard]] Constants constants(NodeId expression);
  [[nodiscard]] Callee callee(NodeId called);
  // Of a method of an object that is not known: the only method of that name in this file, if its
  // name is not one that many things have.
  [[nodiscard]] Callee only_method(NodeId called);
  // What an expression combines by '|': os.O_WRONLY | os.O_CREAT.
  [[nodiscard]] Flags flags(NodeId expression);
  // The class that the code at `node` belongs to, and that `object` there denotes by self.
  [[nodiscard]] ScopeId class_of_self(NodeId object) const;
  // The values that a function of this file returns, None left out; nullopt: too long to tell.
  [[nodiscard]] std::optional<std::vector<NodeId>> returned(NodeId definition) const;
  // Parentheses, `await` and the like around it taken away.
  [[nodiscard]] NodeId bare(NodeId expression) const;

 private:
  static constexpr int depth_limit = 24;
  class Deeper {
   public:
    explicit Deeper(int& depth) : depth_(depth) { ++depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    ~Deeper() { --depth_; }

   private:
    int& depth_;
  };

  Value evaluate(NodeId expression);
  Value literal_value(NodeId string);
  Value name_value(NodeId identifier);
  Value binding_value(const Binding& binding);
  Value parameter_value(const Binding& binding);
  Value element_value(const Binding& binding);
  Value loop_value(const Binding& binding);
  Value item_of(const Value& items) const;
  Value context_value(const Binding& binding);
  Value yielded_value(NodeId definition);
  Value import_value(const Binding& binding);
  Value attribute_value(NodeId attribute);
  Value path_property(const Value& object, std::string_view name) const;
  void take_local(NodeId attribute, ScopeId owner, Value& known);
  std::optional<Value> class_attribute(ScopeId owner, std::string_view name);
  std::vector<ScopeId> lineage(ScopeId owner);
  Value binary_value(NodeId operation);
  Value conditional_value(NodeId conditional);
  Value subscript_value(NodeId subscript);
  Value items_value(NodeId list);
  Value format_value(const Value& pattern, NodeId arguments);
  Value returned_value(NodeId definition);
  void annotate(NodeId annotation, Value& result);
  void annotate_class(NodeId name, Value& result);
  bool knows_other_paths();
  [[nodiscard]] static std::string_view last_word_of(std::string_view dotted);
  bool is_used_as_path(const Binding& binding);
  std::string scoped_key(const Binding& binding, bool numbered) const;
  std::string absolute(const std::string& dotted) const;

  // value_calls.cpp
  Value call_value(NodeId call);
  std::optional<Value> api_value(NodeId call, std::string_view api, const CallArguments& arguments);
  std::optional<Value> path_api_value(std::string_view api, const CallArguments& arguments);
  std::optional<Value> temporary_value(NodeId call, std::string_view api,
                                       const CallArguments& arguments);
  std::optional<Value> method_value(NodeId call, const CallArguments& arguments);
  std::optional<Value> text_method_value(NodeId object, std::string_view name,
                                         const CallArguments& arguments);
  std::optional<Value> path_method_value(const Value& path, std::string_view name,
                                         const CallArguments& arguments);
  Value local_call_value(const Callee& called, const CallArguments& arguments);
  Value unknown_call_value(NodeId call, const CallArguments& arguments);
  Value join_all(const CallArguments& arguments, Type type, bool is_certain);
  Value argument_value(const CallArguments& arguments, std::size_t position, std::string_view name);

  std::string dotted_name(NodeId expression, int links);
  std::string dotted_binding(const Binding& binding, int links);
  Constants constants_of(NodeId expression, int links);
  Constants constants_of_name(NodeId name, int links);
  Constants constants_of_replace(NodeId call, int links);
  [[nodiscard]] Callee definition_of(const Binding& binding) const;
  Callee callee_of_method(NodeId attribute);
  Callee method_of_class(ScopeId owner, std::string_view name);

  const Module& module_;
  const SyntaxTree& tree_;
  const Grammar& grammar_;
  int depth_ = 0;
  std::optional<bool> knows_other_paths_;
  std::unordered_map<std::uint32_t, std::unique_ptr<Value>> values_;
  std::unordered_map<std::uint32_t, std::string> dotted_;
  std::unordered_map<std::string_view, Callee> only_methods_;
};

}  // namespace untorn::languages
