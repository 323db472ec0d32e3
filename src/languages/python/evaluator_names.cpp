// SPDX-License-Identifier: Apache-2.0
//
// What is called, and which constants there are: Evaluator::dotted, callee, constants, flags.
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
        if (binding->kind != BindingKind::class_) continue;
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
      if (binding->kind != BindingKind::class_) continue;
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
  const bool is_class = binding.kind == BindingKind::class_;
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
      if (binding->kind == BindingKind::function || binding->kind == BindingKind::class_) {
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

Constants Evaluator::constants(NodeId expression) {
  return constants_of(expression, 0);
}

Constants Evaluator::constants_of(NodeId expression, int links) {
  Constants result;
  expression = bare(expression);
  if (expression == NodeId::none || links > links_limit) return result;
  const KindId kind = tree_.kind(expression);
  const auto add_all = [&](const Constants& more) {
    for (const std::string& text : more.texts) {
      if (result.texts.size() < 8) result.texts.push_back(text);
    }
    if (result.parameter < 0) result.parameter = more.parameter;
  };
  if (kind == grammar_.string) {
    const std::optional<Literal> literal = read_literal(tree_, expression);
    if (literal && literal->text.find(unknown_part) == std::string::npos) {
      result.texts.push_back(literal->text);
      result.is_complete = true;
    }
  } else if (kind == grammar_.conditional_expression) {
    const NodeId first = tree_.first_child(expression);
    const NodeId condition = first == NodeId::none ? first : tree_.next_sibling(first);
    const NodeId last = condition == NodeId::none ? condition : tree_.next_sibling(condition);
    const Constants one = constants_of(first, links + 1);
    const Constants two = constants_of(last, links + 1);
    add_all(one);
    add_all(two);
    result.is_complete = one.is_complete && two.is_complete;
  } else if (kind == grammar_.boolean_operator) {
    add_all(constants_of(tree_.child(expression, grammar_.left), links + 1));
    add_all(constants_of(tree_.child(expression, grammar_.right), links + 1));
  } else if (kind == grammar_.binary_operator) {
    const Constants one = constants_of(tree_.child(expression, grammar_.left), links + 1);
    const Constants two = constants_of(tree_.child(expression, grammar_.right), links + 1);
    for (const std::string& head : one.texts) {
      for (const std::string& tail : two.texts) {
        if (result.texts.size() < 8) result.texts.push_back(head + tail);
      }
    }
    result.is_complete = one.is_complete && two.is_complete;
  } else if (kind == grammar_.identifier || kind == grammar_.attribute) {
    add_all(constants_of_name(expression, links));
  }
  return result;
}

Constants Evaluator::constants_of_name(NodeId name, int links) {
  Constants result;
  std::vector<const Binding*> bindings;
  if (tree_.kind(name) == grammar_.identifier) {
    Module::Reaching reaching = module_.reaching(name);
    bindings = std::move(reaching.bindings);
  } else if (const ScopeId own = class_of_self(tree_.child(name, grammar_.object));
             own != ScopeId::none) {
    const auto attribute = tree_.text(tree_.child(name, grammar_.attribute_name));
    for (const Binding& binding : module_.bindings(own, attribute)) {
      if (bindings.size() < Module::reaching_limit) bindings.push_back(&binding);
    }
  }
  const std::uint32_t function = module_.function_of(name);
  for (const Binding* binding : bindings) {
    Constants more;
    if (binding->kind == BindingKind::parameter) {
      more = constants_of(binding->value, links + 1);
      if (module_.scope(binding->scope).function == function) more.parameter = binding->index;
    } else if (binding->kind == BindingKind::assignment) {
      more = constants_of(binding->value, links + 1);
    }
    for (std::string& text : more.texts) {
      if (result.texts.size() < 8) result.texts.push_back(std::move(text));
    }
    if (result.parameter < 0) result.parameter = more.parameter;
  }
  return result;
}

Flags Evaluator::flags(NodeId expression) {
  Flags result;
  std::vector<NodeId> open = {expression};
  for (int steps = 0; !open.empty(); ++steps) {
    const NodeId each = bare(open.back());
    open.pop_back();
    if (each == NodeId::none || tree_.kind(each) == grammar_.integer) continue;
    const KindId kind = tree_.kind(each);
    if (steps > 64) {
      result.is_complete = false;
      break;
    }
    if (kind == grammar_.binary_operator || kind == grammar_.conditional_expression) {
      for (const NodeId part : tree_.children(each)) {
        if (tree_.field(part) != grammar_.operator_) open.push_back(part);
      }
      continue;
    }
    if (kind == grammar_.call && called_name(tree_, each) == "getattr") {
      const CallArguments arguments = call_arguments(tree_, each);
      const CallArgument* const name = arguments.find(1, "name");
      const Constants constants = name == nullptr ? Constants{} : this->constants(name->value);
      for (const std::string& text : constants.texts) result.names.push_back(text);
      continue;
    }
    const Module::Reaching reaching =
        kind == grammar_.identifier ? module_.reaching(each) : Module::Reaching{};
    const bool is_local =
        !reaching.bindings.empty() && reaching.bindings.front()->kind != BindingKind::import;
    const std::string name = is_local ? std::string() : dotted(each);
    const std::size_t at = name.rfind("O_");
    if (at != std::string::npos && (at == 0 || name[at - 1] == '.')) {
      result.names.push_back(name.substr(at));
      continue;
    }
    std::size_t followed = 0;
    if (is_local) {
      for (const Binding* binding : reaching.bindings) {
        const bool has_value = binding->kind == BindingKind::assignment ||
                               binding->kind == BindingKind::augmented ||
                               binding->kind == BindingKind::parameter;
        if (!has_value || binding->value == NodeId::none) continue;
        open.push_back(binding->value);
        ++followed;
        if (binding->kind == BindingKind::parameter) result.is_complete = false;
      }
    }
    if (followed == 0 && kind != grammar_.comparison_operator) result.is_complete = false;
  }
  return result;
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
