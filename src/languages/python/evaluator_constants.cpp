// SPDX-License-Identifier: Apache-2.0
//
// Which constants an expression may be: Evaluator::constants, flags.
#include <algorithm>

#include "languages/python/evaluator.h"
#include "languages/python/text.h"

namespace untorn::languages {
namespace {

constexpr int links_limit = 8;
constexpr std::size_t texts_limit = 8;
constexpr std::size_t replaced_limit_bytes = 64;

}  // namespace

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
      if (result.texts.size() < texts_limit) result.texts.push_back(text);
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
        if (result.texts.size() < texts_limit) result.texts.push_back(head + tail);
      }
    }
    result.is_complete = one.is_complete && two.is_complete;
  } else if (kind == grammar_.identifier || kind == grammar_.attribute) {
    add_all(constants_of_name(expression, links));
  } else if (kind == grammar_.call) {
    add_all(constants_of_replace(expression, links));
  }
  return result;
}

// mode.replace("r", "w"), of a mode that is known.
Constants Evaluator::constants_of_replace(NodeId call, int links) {
  const NodeId called = tree_.child(call, grammar_.function);
  if (called_name(tree_, call) != "replace" || tree_.kind(called) != grammar_.attribute) return {};
  const CallArguments arguments = call_arguments(tree_, call);
  if (arguments.all.size() != 2 || arguments.any_starred()) return {};
  const Constants from = constants_of(arguments.all[0].value, links + 1);
  const Constants to = constants_of(arguments.all[1].value, links + 1);
  if (from.texts.size() != 1 || to.texts.size() != 1 || from.texts.front().empty()) return {};
  const std::string& old = from.texts.front();
  const std::string& fresh = to.texts.front();
  Constants result = constants_of(tree_.child(called, grammar_.object), links + 1);
  result.parameter = -1;  // what a caller passes is not what is meant here
  const auto is_long = [](const std::string& text) { return text.size() > replaced_limit_bytes; };
  if (is_long(fresh) || std::any_of(result.texts.begin(), result.texts.end(), is_long)) return {};
  for (std::string& text : result.texts) {
    for (std::size_t at = 0; (at = text.find(old, at)) != std::string::npos;) {
      text.replace(at, old.size(), fresh);
      at += fresh.size();
    }
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
      if (result.texts.size() < texts_limit) result.texts.push_back(std::move(text));
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
        if (tree_.field(part) != grammar_.operator_token) open.push_back(part);
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

}  // namespace untorn::languages
