// SPDX-License-Identifier: Apache-2.0
#include "languages/python/calls.h"

#include <algorithm>
#include <array>
#include <utility>

#include "languages/python/text.h"

namespace untorn::languages {
namespace {

constexpr std::size_t arguments_limit = 12;

bool is_mode(std::string_view text) {
  return !text.empty() && text.size() <= 4 &&
         text.find_first_not_of("rwaxbt+") == std::string_view::npos;
}

// Looks at the expression alone: a number or a lambda names no file, whatever it means.
bool may_name_file(const Grammar& grammar, KindId kind) {
  return kind == grammar.identifier || kind == grammar.attribute || kind == grammar.string ||
         kind == grammar.call || kind == grammar.binary_operator ||
         kind == grammar.concatenated_string || kind == grammar.subscript ||
         kind == grammar.conditional_expression || kind == grammar.boolean_operator ||
         kind == grammar.named_expression;
}

bool names_file(const Value& value) {
  if (value.type == Type::path) return true;
  if (value.type != Type::unknown && value.type != Type::text) return false;
  if (value.shape.find(' ') != std::string::npos) return false;  // a message
  if (value.is_whole_parameter || value.is_temporary || value.never_leaves) return true;
  const std::string_view last = last_component(value.shape);
  if (!known_extension(last).empty()) return true;
  if (last.size() != value.shape.size()) return true;
  static constexpr std::array<std::string_view, 16> words = {
      "path", "file",   "filename", "filepath", "fname", "dir",    "directory", "folder",
      "dest", "target", "output",   "out",      "dst",   "config", "cache",     "log"};
  return std::any_of(value.words.begin(), value.words.end(), [&](const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  });
}

}  // namespace

std::optional<Call> read_call(Evaluator& evaluator, NodeId node) {
  const Module& module = evaluator.module();
  const SyntaxTree& tree = module.tree();
  const Grammar& grammar = Grammar::get();
  const NodeId list = tree.child(node, grammar.arguments);
  if (list == NodeId::none || tree.first_child(list) == NodeId::none) return std::nullopt;
  const NodeId called = tree.child(node, grammar.function);
  Callee callee = evaluator.callee(called);
  if (callee.kind == Callee::Kind::unknown) callee = evaluator.only_method(called);
  if (callee.kind != Callee::Kind::local && callee.kind != Callee::Kind::foreign) {
    return std::nullopt;
  }
  Call call;
  bool matters = false;
  for (const CallArgument& argument : call_arguments(tree, node).all) {
    if (argument.starred || call.arguments.size() == arguments_limit) break;
    Argument fact;
    fact.name = argument.name;
    const NodeId value_node = evaluator.bare(argument.value);
    if (value_node != NodeId::none && may_name_file(grammar, tree.kind(value_node))) {
      const Constants constants = evaluator.constants(value_node);
      if (constants.texts.size() == 1 && constants.parameter < 0) {
        fact.constant = constants.texts.front();
      }
      const Value& value = evaluator.value(value_node);
      if (names_file(value)) {
        fact.path = to_facts(value, tree.text(value_node));
        matters = true;
      } else if (!is_mode(fact.constant)) {
        fact.constant.clear();
      }
      matters = matters || is_mode(fact.constant);
    }
    call.arguments.push_back(std::move(fact));
  }
  if (!matters) return std::nullopt;
  const Span span = tree.span(node);
  call.range = {span, tree.position(span.begin), tree.position(span.end)};
  call.function = module.function_of(node);
  call.callee = std::move(callee.name);
  return call;
}

}  // namespace untorn::languages
