// SPDX-License-Identifier: Apache-2.0
#include "languages/python/recovery.h"

#include <algorithm>
#include <array>

#include "languages/python/text.h"

namespace untorn::languages {
namespace {

constexpr std::uint32_t nodes_limit = 4000;

bool is_any_of_words(std::string_view name, std::span<const std::string_view> wanted) {
  std::vector<std::string> words;
  add_words(name, words);
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::find(wanted.begin(), wanted.end(), word) != wanted.end();
  });
}

// A function of that name saves what is there, or makes an end.
bool says_rescue(std::string_view name) {
  static constexpr std::array<std::string_view, 14> words = {
      "rename", "move", "backup",   "quarantine", "recover", "restore", "aside",
      "copy2",  "exit", "copyfile", "rescue",     "abort",   "corrupt", "corrupted"};
  return name == "fail" || name == "die" || name == "with_suffix" || is_any_of_words(name, words);
}

bool says_new(std::string_view name) {
  static constexpr std::array<std::string_view, 9> words = {
      "default", "defaults", "empty", "new", "initial", "fresh", "blank", "create", "init"};
  return is_any_of_words(name, words);
}

bool names_outcome(std::string_view name) {
  static constexpr std::array<std::string_view, 9> words = {"error",    "exception", "result",
                                                            "response", "failure",   "invalid",
                                                            "issue",    "warning",   "report"};
  return is_any_of_words(name, words);
}

}  // namespace

NodeId RecoveryReader::block_of_clause(NodeId clause) const {
  for (const NodeId each : tree_.children(clause)) {
    if (tree_.kind(each) == grammar_.block) return each;
  }
  return NodeId::none;
}

std::string_view RecoveryReader::alias_of(NodeId clause) const {
  for (const NodeId each : tree_.children(clause)) {
    if (tree_.kind(each) != grammar_.as_pattern) continue;
    const NodeId alias = tree_.child(each, grammar_.alias);
    return alias == NodeId::none ? std::string_view() : tree_.text(alias);
  }
  return {};
}

bool RecoveryReader::is_damage(NodeId exception) {
  static constexpr std::array<std::string_view, 8> names = {
      "Exception", "BaseException", "ValueError",    "UnicodeDecodeError",
      "EOFError",  "UnicodeError",  "StandardError", "SyntaxError"};
  static constexpr std::array<std::string_view, 8> endings = {
      "DecodeError",  "YAMLError",  "UnpicklingError", "PickleError",
      "ParsingError", "ParseError", "ScannerError",    "configparser.Error"};
  std::string name = evaluator_.dotted(exception);
  if (name.empty()) name = tree_.text(exception);
  return std::find(names.begin(), names.end(), name) != names.end() ||
         std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

bool RecoveryReader::catches_damage(NodeId clause) {
  NodeId caught = tree_.child(clause, grammar_.value);
  if (caught == NodeId::none) return true;  // a bare except
  if (tree_.kind(caught) == grammar_.as_pattern) caught = tree_.first_child(caught);
  std::vector<NodeId> open = {caught};
  for (int steps = 0; !open.empty() && steps < 32; ++steps) {
    const NodeId each = evaluator_.bare(open.back());
    open.pop_back();
    if (each == NodeId::none) continue;
    const KindId kind = tree_.kind(each);
    if (kind == grammar_.tuple || kind == grammar_.binary_operator) {
      for (const NodeId part : tree_.children(each)) open.push_back(part);
    } else if (kind == grammar_.identifier || kind == grammar_.attribute) {
      if (is_damage(each)) return true;
      if (kind != grammar_.identifier) continue;
      for (const Binding* binding : module_.reaching(each).bindings) {  // ERRORS = (ValueError, …)
        if (binding->kind == BindingKind::assignment && binding->value != NodeId::none) {
          open.push_back(binding->value);
        }
      }
    }
  }
  return false;
}

// Raises, leaves the program, or keeps the damaged file under another name.
bool RecoveryReader::gives_up_or_saves(NodeId clause) {
  const auto begin = static_cast<std::uint32_t>(clause);
  const auto end = static_cast<std::uint32_t>(tree_.end_of(clause));
  if (end - begin > nodes_limit) return true;
  for (std::uint32_t index = begin; index < end; ++index) {
    const NodeId each{index};
    const KindId kind = tree_.kind(each);
    if (kind == grammar_.raise_statement) return true;
    if (kind != grammar_.call) continue;
    const NodeId called = evaluator_.bare(tree_.child(each, grammar_.function));
    const std::string api = evaluator_.dotted(called);
    const std::string_view name = called_name(tree_, each);
    if (api == "os.replace" || api.starts_with("shutil.") || says_rescue(name)) return true;
    const bool is_move = name == "replace" && api.empty();  // path.replace(aside)
    if (is_move && call_arguments(tree_, each).all.size() == 1) return true;
  }
  return false;
}

bool RecoveryReader::mentions(NodeId node, std::string_view name) const {
  if (name.empty()) return false;
  const auto end = static_cast<std::uint32_t>(tree_.end_of(node));
  for (auto index = static_cast<std::uint32_t>(node); index < end; ++index) {
    const NodeId each{index};
    if (tree_.kind(each) == grammar_.identifier && tree_.text(each) == name) return true;
  }
  return false;
}

bool RecoveryReader::is_new_call(NodeId call) {
  const NodeId called = evaluator_.bare(tree_.child(call, grammar_.function));
  if (called == NodeId::none) return false;
  const std::string_view name = called_name(tree_, call);
  static constexpr std::array<std::string_view, 7> containers = {
      "dict", "list", "set", "OrderedDict", "defaultdict", "Counter", "deque"};
  if (std::find(containers.begin(), containers.end(), name) != containers.end()) return true;
  if (names_outcome(name)) return false;
  if (name == "copy" || name == "deepcopy") return says_new(tree_.text(call).substr(0, 100));
  if (says_new(name)) return true;
  // A value that is made by another call may be the content, read in another way.
  for (const CallArgument& argument : call_arguments(tree_, call).all) {
    const NodeId value = evaluator_.bare(argument.value);
    if (value != NodeId::none && tree_.kind(value) == grammar_.call) return false;
  }
  const Scope& scope = module_.scope(module_.scope_of(call));
  if (tree_.kind(called) == grammar_.identifier && tree_.text(called) == scope.self) {
    return true;  // cls()
  }
  return name.size() > 1 && name[0] >= 'A' && name[0] <= 'Z';
}

bool RecoveryReader::is_new_value(NodeId expression, std::string_view exception_name) {
  expression = evaluator_.bare(expression);
  if (expression == NodeId::none || mentions(expression, exception_name)) return false;
  const KindId kind = tree_.kind(expression);
  if (kind == grammar_.dictionary || kind == grammar_.list || kind == grammar_.tuple) {
    return !is_any_of_words(tree_.text(expression).substr(0, 200),
                            std::to_array<std::string_view>({"error", "success"}));
  }
  if (kind == grammar_.call) return is_new_call(expression);
  if (kind == grammar_.identifier || kind == grammar_.attribute) {
    return says_new(tree_.text(expression));
  }
  return false;
}

std::vector<std::string_view> RecoveryReader::bound_below(NodeId node) const {
  std::vector<std::string_view> names;
  const auto begin = static_cast<std::uint32_t>(node);
  const auto end = std::min(static_cast<std::uint32_t>(tree_.end_of(node)), begin + nodes_limit);
  for (std::uint32_t index = begin; index < end; ++index) {
    const NodeId each{index};
    if (tree_.kind(each) != grammar_.assignment) continue;
    const NodeId left = tree_.child(each, grammar_.left);
    if (left != NodeId::none) names.push_back(tree_.text(left));
  }
  return names;
}

// What the clause goes on with: a return, or an assignment to what the body would have bound.
std::optional<NodeId> RecoveryReader::answer(NodeId try_statement, NodeId clause) {
  const NodeId block = block_of_clause(clause);
  if (block == NodeId::none) return std::nullopt;
  const std::string_view exception_name = alias_of(clause);
  const std::vector<std::string_view> names =
      bound_below(tree_.child(try_statement, grammar_.body));
  const auto is_bound = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  bool leaves = false;
  const auto end = static_cast<std::uint32_t>(tree_.end_of(block));
  for (auto index = static_cast<std::uint32_t>(block); index < end; ++index) {
    const NodeId each{index};
    const KindId kind = tree_.kind(each);
    const std::string_view text = tree_.text(each);
    if (kind == grammar_.return_statement) {
      leaves = true;
      const NodeId value = tree_.first_child(each);
      if (value != NodeId::none && is_new_value(value, exception_name)) return value;
    } else if (kind == grammar_.assignment) {
      const NodeId left = tree_.child(each, grammar_.left);
      const NodeId value = tree_.child(each, grammar_.right);
      if (left == NodeId::none || !is_bound(tree_.text(left))) continue;
      leaves = true;
      if (is_new_value(value, exception_name)) return value;
    } else if (text.starts_with("continue") || text.starts_with("break") ||
               text.starts_with("yield")) {
      leaves = true;
    }
  }
  if (leaves) return std::nullopt;
  const NodeId behind = returned_behind(try_statement);
  if (behind != NodeId::none && is_new_value(behind, {})) return behind;
  const NodeId before = bound_before(try_statement, names);
  return before == NodeId::none ? std::nullopt : std::optional(before);
}

bool RecoveryReader::leaves_object_new(NodeId try_statement, NodeId clause, NodeId load) {
  const std::string_view self = module_.scope(module_.scope_of(load)).self;
  const NodeId block = block_of_clause(clause);
  // In a loop one item of many is left out.
  if (self.empty() || block == NodeId::none || module_.in_loop(try_statement)) return false;
  for (auto index = static_cast<std::uint32_t>(block);
       index < static_cast<std::uint32_t>(tree_.end_of(block)); ++index) {
    const NodeId each{index};
    const KindId kind = tree_.kind(each);
    if (kind == grammar_.assignment || kind == grammar_.yield) return false;
    if (kind == grammar_.return_statement && tree_.first_child(each) != NodeId::none) return false;
    if (tree_.text(each) == "continue" || tree_.text(each) == "break") return false;
  }
  // The names of what was loaded, and then where they go.
  std::vector<std::string_view> names;
  const auto is_loaded = [&](NodeId node) {
    return tree_.within(load, node) ||
           std::any_of(names.begin(), names.end(),
                       [&](std::string_view name) { return mentions(node, name); });
  };
  const auto begin = static_cast<std::uint32_t>(tree_.child(try_statement, grammar_.body));
  const NodeId around = tree_.parent(try_statement);
  const auto end =
      std::min(static_cast<std::uint32_t>(tree_.end_of(around)), begin + nodes_limit / 4);
  for (std::uint32_t index = begin; index < end; ++index) {
    const NodeId each{index};
    if (tree_.kind(each) == grammar_.assignment) {
      const NodeId left = tree_.child(each, grammar_.left);
      const NodeId right = tree_.child(each, grammar_.right);
      if (left == NodeId::none || right == NodeId::none || !is_loaded(right)) continue;
      if (tree_.kind(left) == grammar_.identifier) {
        names.push_back(tree_.text(left));
      } else if (tree_.kind(left) == grammar_.attribute) {
        if (mentions(left, self)) return true;
      } else {
        for (const NodeId part : tree_.children(left)) names.push_back(tree_.text(part));
      }
    } else if (tree_.kind(each) == grammar_.call) {
      const NodeId called = tree_.child(each, grammar_.function);
      const NodeId list = tree_.child(each, grammar_.arguments);
      const bool is_own = called != NodeId::none && tree_.kind(called) == grammar_.attribute &&
                          mentions(tree_.child(called, grammar_.object), self);
      if (is_own && list != NodeId::none && is_loaded(list)) return true;
    }
  }
  return false;
}

// The value of the `return` that follows the `try` in the same block with nothing but comments and
// calls between.
NodeId RecoveryReader::returned_behind(NodeId statement) {
  for (NodeId next = tree_.next_sibling(statement); next != NodeId::none;
       next = tree_.next_sibling(next)) {
    const KindId kind = tree_.kind(next);
    if (kind == grammar_.return_statement) return tree_.first_child(next);
    if (kind == grammar_.comment) continue;
    const NodeId inner = tree_.first_child(next);
    const bool is_call = kind == grammar_.expression_statement && inner != NodeId::none &&
                         tree_.kind(inner) == grammar_.call;
    if (!is_call) return NodeId::none;
  }
  return NodeId::none;
}

// The new value that a name of the body had before the `try`, in the same function.
NodeId RecoveryReader::bound_before(NodeId try_statement,
                                    const std::vector<std::string_view>& names) {
  for (NodeId each = tree_.first_child(tree_.parent(try_statement));
       each != NodeId::none && each != try_statement; each = tree_.next_sibling(each)) {
    const NodeId inner = tree_.first_child(each);
    if (tree_.kind(each) != grammar_.expression_statement || inner == NodeId::none ||
        tree_.kind(inner) != grammar_.assignment) {
      continue;
    }
    const NodeId left = tree_.child(inner, grammar_.left);
    const NodeId value = tree_.child(inner, grammar_.right);
    if (left == NodeId::none || value == NodeId::none) continue;
    if (std::find(names.begin(), names.end(), tree_.text(left)) == names.end()) continue;
    if (is_new_value(value, {})) return value;
  }
  return NodeId::none;
}

void RecoveryReader::read(NodeId try_statement, std::vector<RecoveryFlaw>& flaws) {
  const NodeId body = tree_.child(try_statement, grammar_.body);
  if (body == NodeId::none) return;
  std::optional<std::optional<Load>> load;  // sought when the first clause asks for it
  for (const NodeId clause : tree_.children(try_statement)) {
    if (tree_.kind(clause) != grammar_.except_clause || !catches_damage(clause)) continue;
    if (!load) load = loads_.find(body);
    if (!*load) return;
    if (gives_up_or_saves(clause)) return;
    const std::optional<NodeId> value = answer(try_statement, clause);
    if (!value && !leaves_object_new(try_statement, clause, (*load)->call)) continue;
    NodeId caught = tree_.child(clause, grammar_.value);
    Span head = tree_.span(clause);
    head.end = caught == NodeId::none ? head.begin + 6 : tree_.span(caught).end;
    if (caught != NodeId::none && tree_.kind(caught) == grammar_.as_pattern) {
      caught = tree_.first_child(caught);
    }
    RecoveryFlaw flaw;
    flaw.range = {head, tree_.position(head.begin), tree_.position(head.end)};
    flaw.function = module_.function_of(clause);
    flaw.target = (*load)->path;
    if (caught != NodeId::none) flaw.exceptions = on_one_line(tree_.text(caught));
    flaw.answer = value ? on_one_line(tree_.text(*value)) : "pass";
    flaws.push_back(std::move(flaw));
  }
}

}  // namespace untorn::languages
