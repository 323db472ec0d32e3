// SPDX-License-Identifier: Apache-2.0
#include "languages/python/tests.h"

#include <algorithm>
#include <array>

#include "languages/python/text.h"

namespace untorn::languages {

bool is_test_path(std::string_view path) {
  static constexpr std::array<std::string_view, 6> folders = {"tests",     "test",   "testing",
                                                              "__tests__", "_tests", "_testing"};
  std::size_t begin = 0;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', begin)) {
    const std::string_view folder = path.substr(begin, slash - begin);
    if (std::find(folders.begin(), folders.end(), folder) != folders.end()) return true;
    begin = slash + 1;
  }
  const std::string_view name = path.substr(begin);
  return name.starts_with("test_") || name == "conftest.py" || name == "tests.py" ||
         name == "test.py" || name.ends_with("_test.py") || name.ends_with("_tests.py");
}

namespace {

bool imports_test_framework(const Module& module) {
  return std::any_of(module.bindings().begin(), module.bindings().end(), [&](const Binding& each) {
    if (each.kind != BindingKind::import) return false;
    const std::string_view dotted = module.dotted(each);
    const std::string_view root = dotted.substr(0, dotted.find('.'));
    return root == "pytest" || root == "unittest" || root == "unittest2" || root == "nose";
  });
}

bool is_test_class(const Module& module, ScopeId id) {
  const Scope& scope = module.scope(id);
  const SyntaxTree& tree = module.tree();
  const Grammar& grammar = Grammar::get();
  if (const NodeId bases = tree.child(scope.node, grammar.superclasses); bases != NodeId::none) {
    for (const NodeId base : tree.children(bases)) {
      const std::string_view name = tree.text(base);
      if (name.ends_with("TestCase") || name.ends_with("TestBase")) return true;
    }
  }
  return scope.qualified_name.starts_with("Test");
}

bool has_fixture(const SyntaxTree& tree, NodeId definition) {
  const Grammar& grammar = Grammar::get();
  const NodeId outer = tree.parent(definition);
  if (outer == NodeId::none || tree.kind(outer) != grammar.decorated_definition) return false;
  for (const NodeId each : tree.children(outer)) {
    if (tree.kind(each) == grammar.decorator &&
        tree.text(each).find("fixture") != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

void mark_tests(Evaluator& evaluator, std::string_view path, FileFacts& facts) {
  const Module& module = evaluator.module();
  const bool has_framework = imports_test_framework(module);
  bool has_cases = false;
  for (std::uint32_t index = 1; index < facts.functions.size(); ++index) {
    const Scope& scope = module.scope(module.function_scope(index));
    Function& function = facts.functions[index];
    const std::string_view full = function.name;
    const std::string_view name = full.substr(full.find_last_of('.') + 1);
    const bool in_test_class =
        has_framework && scope.owner != ScopeId::none && is_test_class(module, scope.owner);
    const bool is_case = name.starts_with("test_") || name == "test";
    function.is_test = (is_case && (has_framework || is_test_path(path))) || in_test_class ||
                       (has_framework && has_fixture(module.tree(), scope.node));
    // What is defined in a test is part of it.
    const Scope& around = module.scope(scope.parent);
    function.is_test = function.is_test || facts.functions[around.function].is_test;
    has_cases = has_cases || (function.is_test && (is_case || in_test_class));
  }
  facts.is_test = is_test_path(path) || (has_framework && has_cases);
}

void mark_sync(Evaluator& evaluator, NodeId call, std::vector<Function>& functions) {
  const std::string_view name = called_name(evaluator.module().tree(), call);
  if (name != "fsync" && name != "fdatasync") return;
  const std::string api =
      evaluator.dotted(evaluator.module().tree().child(call, Grammar::get().function));
  if (api == "os.fsync" || api == "os.fdatasync") {
    functions[evaluator.module().function_of(call)].syncs = true;
  }
}

}  // namespace untorn::languages
