// SPDX-License-Identifier: Apache-2.0
//
// What is called: Evaluator::dotted, callee, returned.
#include <algorithm>
#include <array>

#include "languages/python/apis.h"
#include "languages/python/evaluator.h"
#include "languages/python/standard_library.h"
#include "languages/python/text.h"

namespace untorn::languages {
namespace {

constexpr int links_limit = 8;
constexpr std::size_t attributes_limit = 12;
constexpr std::size_t lineage_limit = 6;

// Other names of what is meant by one name.
std::string canonical(std::string dotted) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> prefixes = {{
      {"builtins.", ""},
      {"__builtin__.", ""},
      {"posixpath.", "os.path."},
      {"ntpath.", "os.path."},
      {"pathlib2.", "pathlib."},
      {"simplejson.", "json."},
      {"cPickle.", "pickle."},
      {"backports.tempfile.", "tempfile."},
  }};
  for (const auto& [from, to] : prefixes) {
    if (dotted.starts_with(from)) return std::string(to) + dotted.substr(from.size());
  }
  if (dotted == "pathlib.PosixPath" || dotted == "pathlib.WindowsPath") return "pathlib.Path";
  return dotted;
}

}  // namespace

NodeId Evaluator::bare(NodeId expression) const {
  while (expression != NodeId::none) {
    const KindId kind = tree_.kind(expression);
    if (kind != grammar_.parenthesized_expression && kind != grammar_.await) break;
    NodeId inner = tree_.first_child(expression);
    while (inner != NodeId::none && tree_.kind(inner) == grammar_.comment) {
      inner = tree_.next_sibling(inner);
    }
    if (inner == NodeId::none) break;
    expression = inner;
  }
  return expression;
}

std::string Evaluator::dotted(NodeId expression) {
  const auto [found, is_new] = dotted_.try_emplace(static_cast<std::uint32_t>(expression));
  if (is_new) {
    std::string name = canonical(dotted_name(expression, 0));
    // dotted_name may have grown the table.
    dotted_[static_cast<std::uint32_t>(expression)] = name;
    return name;
  }
  return found->second;
}

std::string Evaluator::dotted_name(NodeId expression, int links) {
  std::array<std::string_view, attributes_limit> attributes;
  std::size_t count = 0;
  NodeId root = bare(expression);
  while (root != NodeId::none && tree_.kind(root) == grammar_.attribute &&
         count < attributes_limit) {
    attributes[count++] = tree_.text(tree_.child(root, grammar_.attribute_name));
    root = bare(tree_.child(root, grammar_.object));
  }
  if (root == NodeId::none || tree_.kind(root) != grammar_.identifier) return {};
  const Module::Reaching reaching = module_.reaching(root);
  std::string name;
  if (reaching.bindings.empty()) {
    // A builtin, or a name from a star import; an unknown object has members that say nothing.
    if (reaching.scope != ScopeId::none || count > 0) return {};
    name = tree_.text(root);
  } else {
    // Of several, such as the arms of `try: import … except ImportError:`, the first of the text.
    for (const Binding* binding : reaching.bindings) {
      std::string each = dotted_binding(*binding, links + 1);
      if (!each.empty()) name = std::move(each);
    }
  }
  if (name.empty()) return {};
  bool is_relative = name.starts_with('.');
  while (count > 0) {
    const std::string_view attribute = attributes[--count];
    // `from . import files` and then files.save: ".:files" becomes ".files:save".
    const std::size_t colon = is_relative ? name.find(':') : std::string::npos;
    const bool is_module = colon != std::string::npos && name.find_first_not_of('.') == colon;
    if (is_module) name.erase(colon, 1);
    name += is_module ? ':' : '.';
    name += attribute;
    is_relative = is_relative && !is_module;
  }
  return name;
}

std::string Evaluator::dotted_binding(const Binding& binding, int links) {
  if (binding.kind == BindingKind::import) return module_.dotted(binding);
  if (binding.kind != BindingKind::assignment || links > links_limit) return {};
  const NodeId value = bare(binding.value);
  if (value == NodeId::none) return {};
  const KindId kind = tree_.kind(value);
  if (kind == grammar_.attribute || kind == grammar_.identifier) return dotted_name(value, links);
  if (kind != grammar_.call) return {};
  // replace = with_retries(os.replace): the same, called by something else.
  const CallArguments arguments = call_arguments(tree_, value);
  if (arguments.all.size() != 1 || arguments.any_starred() || !arguments.all[0].name.empty()) {
    return {};
  }
  std::string wrapped = dotted_name(arguments.all[0].value, links);
  return wrapped.find('.') != std::string::npos && find_api(wrapped) != nullptr ? wrapped
                                                                                : std::string();
}

ScopeId Evaluator::class_of_self(NodeId object) const {
  if (object == NodeId::none) return ScopeId::none;
  const Scope& scope = module_.scope(module_.scope_of(object));
  if (scope.owner == ScopeId::none) return ScopeId::none;
  if (tree_.kind(object) == grammar_.identifier) {
    return !scope.self.empty() && tree_.text(object) == scope.self ? scope.owner : ScopeId::none;
  }
  return ScopeId::none;
}

// The class and the bases that this file defines, nearest first.
std::vector<ScopeId> Evaluator::lineage(ScopeId owner) {
  std::vector<ScopeId> classes = {owner};
  for (std::size_t at = 0; at < classes.size() && classes.size() < lineage_limit; ++at) {
    const NodeId bases = tree_.child(module_.scope(classes[at]).node, grammar_.superclasses);
    if (bases == NodeId::none) continue;
    for (const NodeId base : tree_.children(bases)) {
      if (tree_.kind(base) != grammar_.identifier || classes.size() >= lineage_limit) continue;
      for (const Binding* binding : module_.reaching(base).bindings) {
        if (binding->kind != BindingKind::class_definition) continue;
        const ScopeId scope = module_.scope_opened_by(binding->value);
        if (std::find(classes.begin(), classes.end(), scope) == classes.end()) {
          classes.push_back(scope);
        }
      }
    }
  }
  return classes;
}

Callee Evaluator::method_of_class(ScopeId owner, std::string_view name) {
  for (const ScopeId each : lineage(owner)) {
    for (const Binding& binding : module_.bindings(each, name)) {
      if (binding.kind == BindingKind::function) return definition_of(binding);
    }
  }
  return {};
}

Callee Evaluator::callee_of_method(NodeId attribute) {
  const NodeId object = bare(tree_.child(attribute, grammar_.object));
  const std::string_view name = tree_.text(tree_.child(attribute, grammar_.attribute_name));
  if (const ScopeId own = class_of_self(object); own != ScopeId::none) {
    return method_of_class(own, name);
  }
  if (tree_.kind(object) == grammar_.call &&
      tree_.text(tree_.child(object, grammar_.function)) == "super") {
    const ScopeId own = module_.scope(module_.scope_of(object)).owner;
    if (own == ScopeId::none) return {};
    for (const ScopeId each : lineage(own)) {
      if (each == own) continue;
      if (Callee found = method_of_class(each, name); found.kind != Callee::Kind::unknown) {
        return found;
      }
    }
    return {};
  }
  if (tree_.kind(object) == grammar_.identifier) {
    for (const Binding* binding : module_.reaching(object).bindings) {
      if (binding->kind != BindingKind::class_definition) continue;
      return method_of_class(module_.scope_opened_by(binding->value), name);
    }
  }
  const Value& instance = value(object);
  if (instance.type != Type::instance) return {};
  if (instance.class_scope != ScopeId::none) return method_of_class(instance.class_scope, name);
  const bool is_api = is_standard_library(instance.class_name);
  return {.kind = is_api ? Callee::Kind::api : Callee::Kind::foreign,
          .name = instance.class_name + "." + std::string(name)};
}

// Of a function or a class of this file.
Callee Evaluator::definition_of(const Binding& binding) const {
  const Scope& opened = module_.scope(module_.scope_opened_by(binding.value));
  const bool is_class = binding.kind == BindingKind::class_definition;
  return {.kind = Callee::Kind::local,
          .name = is_class ? opened.qualified_name : module_.functions()[opened.function].name,
          .definition = binding.value,
          .is_class = is_class};
}

Callee Evaluator::callee(NodeId called) {
  for (int links = 0; links < links_limit; ++links) {
    called = bare(called);
    if (called == NodeId::none || tree_.kind(called) != grammar_.identifier) break;
    NodeId next = NodeId::none;
    for (const Binding* binding : module_.reaching(called).bindings) {
      if (binding->kind == BindingKind::function ||
          binding->kind == BindingKind::class_definition) {
        return definition_of(*binding);
      }
      if (binding->kind == BindingKind::assignment) next = binding->value;
    }
    if (next == NodeId::none) break;
    called = next;  // store = save
  }
  if (called == NodeId::none) return {};
  const KindId kind = tree_.kind(called);
  if (kind != grammar_.identifier && kind != grammar_.attribute) return {};
  std::string name = dotted(called);
  if (!name.empty()) {
    const bool is_builtin = name.find('.') == std::string::npos;
    const bool is_api = is_builtin || is_standard_library(name);
    return {.kind = is_api ? Callee::Kind::api : Callee::Kind::foreign, .name = std::move(name)};
  }
  return kind == grammar_.attribute ? callee_of_method(called) : Callee{};
}

std::optional<std::vector<NodeId>> Evaluator::returned(NodeId definition) const {
  constexpr std::uint32_t nodes_limit = 4000;
  const ScopeId scope = module_.scope_opened_by(definition);
  const auto begin = static_cast<std::uint32_t>(definition);
  const auto end = static_cast<std::uint32_t>(tree_.end_of(definition));
  if (scope == ScopeId::none || end - begin > nodes_limit) return std::nullopt;
  std::vector<NodeId> values;
  for (std::uint32_t index = begin; index < end; ++index) {
    const NodeId node{index};
    if (tree_.kind(node) != grammar_.return_statement || module_.scope_of(node) != scope) continue;
    const NodeId result = tree_.first_child(node);
    if (result != NodeId::none && tree_.kind(result) != grammar_.none) values.push_back(result);
  }
  return values;
}

Callee Evaluator::only_method(NodeId called) {
  static constexpr std::array<std::string_view, 16> common = {
      "write", "read", "open",   "close", "get",  "add",  "append", "update",
      "join",  "copy", "remove", "pop",   "call", "send", "run",    "set"};
  called = bare(called);
  if (called == NodeId::none || tree_.kind(called) != grammar_.attribute) return {};
  if (value(tree_.child(called, grammar_.object)).type != Type::unknown) return {};
  const std::string_view name = tree_.text(tree_.child(called, grammar_.attribute_name));
  if (std::find(common.begin(), common.end(), name) != common.end()) return {};
  const auto [found, is_new] = only_methods_.try_emplace(name);
  if (!is_new) return found->second;
  Callee only;
  for (const NodeId identifier : module_.identifiers(name)) {
    const NodeId definition = tree_.parent(identifier);
    if (tree_.field(identifier) != grammar_.name ||
        tree_.kind(definition) != grammar_.function_definition ||
        module_.scope(module_.scope_of(definition)).kind != ScopeKind::class_body) {
      continue;
    }
    if (only.kind != Callee::Kind::unknown) return {};  // the table holds: unknown
    const ScopeId opened = module_.scope_opened_by(definition);
    only = {.kind = Callee::Kind::local,
            .name = module_.functions()[module_.scope(opened).function].name,
            .definition = definition};
  }
  found->second = only;
  return only;
}

}  // namespace untorn::languages
