// SPDX-License-Identifier: Apache-2.0
#include "languages/python/call_arguments.h"

#include <algorithm>

#include "languages/python/grammar.h"

namespace untorn::languages {

bool CallArguments::any_starred() const noexcept {
  return std::any_of(all.begin(), all.end(), [](const CallArgument& each) { return each.starred; });
}

std::size_t CallArguments::positional_count() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(),
                    [](const CallArgument& each) { return each.name.empty() && !each.starred; }));
}

const CallArgument* CallArguments::find(std::size_t position,
                                        std::string_view name) const noexcept {
  std::size_t passed = 0;
  for (const CallArgument& each : all) {
    if (each.starred) continue;
    if (!each.name.empty()) {
      if (each.name == name) return &each;
    } else if (passed++ == position) {
      return &each;
    }
  }
  return nullptr;
}

CallArguments call_arguments(const SyntaxTree& tree, NodeId call) {
  const Grammar& grammar = Grammar::get();
  CallArguments result;
  const NodeId list = tree.child(call, grammar.arguments);
  if (list == NodeId::none || tree.kind(list) != grammar.argument_list) return result;
  result.is_list = true;
  for (const NodeId node : tree.children(list)) {
    const KindId kind = tree.kind(node);
    if (kind == grammar.comment) continue;
    CallArgument argument;
    argument.node = node;
    argument.value = node;
    if (kind == grammar.keyword_argument) {
      argument.name_node = tree.child(node, grammar.name);
      argument.name = tree.text(argument.name_node);
      argument.value = tree.child(node, grammar.value);
    }
    argument.starred = kind == grammar.list_splat || kind == grammar.dictionary_splat;
    result.all.push_back(argument);
  }
  return result;
}

std::optional<std::string> plain_string(const SyntaxTree& tree, NodeId node) {
  const Grammar& grammar = Grammar::get();
  if (node == NodeId::none || tree.kind(node) != grammar.string) return std::nullopt;
  std::string value;
  for (const NodeId part : tree.children(node)) {
    if (tree.kind(part) == grammar.interpolation) return std::nullopt;
    if (tree.kind(part) == grammar.string_start) {
      const std::string_view start = tree.text(part);
      if (start.front() != '"' && start.front() != '\'') return std::nullopt;
    }
    if (tree.kind(part) == grammar.string_content) value += tree.text(part);
  }
  if (value.find('\\') != std::string::npos) return std::nullopt;
  return value;
}

std::string_view called_name(const SyntaxTree& tree, NodeId call) {
  const Grammar& grammar = Grammar::get();
  const NodeId function = tree.child(call, grammar.function);
  if (function == NodeId::none) return {};
  if (tree.kind(function) == grammar.identifier) return tree.text(function);
  if (tree.kind(function) != grammar.attribute) return {};
  return tree.text(tree.child(function, grammar.attribute_name));
}

}  // namespace untorn::languages
