// SPDX-License-Identifier: Apache-2.0
#include "languages/python/import_list.h"

#include <utility>

#include "languages/python/grammar.h"

namespace untorn::languages {
namespace {

struct ImportKinds {
  KindId aliased, dotted, relative, prefix, wildcard, if_statement, print, exec;
  FieldId module_name;
};

const ImportKinds& import_kinds() {
  static const ImportKinds kinds = {
      .aliased = kind_id(tree_sitter_python(), "aliased_import"),
      .dotted = kind_id(tree_sitter_python(), "dotted_name"),
      .relative = kind_id(tree_sitter_python(), "relative_import"),
      .prefix = kind_id(tree_sitter_python(), "import_prefix"),
      .wildcard = kind_id(tree_sitter_python(), "wildcard_import"),
      .if_statement = kind_id(tree_sitter_python(), "if_statement"),
      .print = kind_id(tree_sitter_python(), "print_statement"),
      .exec = kind_id(tree_sitter_python(), "exec_statement"),
      .module_name = field_id(tree_sitter_python(), "module_name"),
  };
  return kinds;
}

// Of a dotted name, which may hold blanks: `a . b`.
std::string dotted(std::string_view text) {
  std::string result;
  for (const char each : text) {
    if (each != ' ' && each != '\t' && each != '\\' && each != '\n' && each != '\r') result += each;
  }
  return result;
}

void read_module(const SyntaxTree& tree, NodeId module, ImportStatement& statement) {
  if (tree.kind(module) != import_kinds().relative) {
    statement.module = dotted(tree.text(module));
    return;
  }
  for (const NodeId part : tree.children(module)) {
    if (tree.kind(part) == import_kinds().prefix) {
      for (const char each : tree.text(part)) statement.level += each == '.' ? 1U : 0U;
    } else if (tree.kind(part) == import_kinds().dotted) {
      statement.module = dotted(tree.text(part));
    }
  }
}

ImportStatement read_statement(const SyntaxTree& tree, NodeId node) {
  ImportStatement statement;
  statement.span = tree.span(node);
  statement.is_from = tree.kind(node) == Grammar::get().import_from_statement;
  statement.is_top_level = tree.parent(node) == tree.root();
  for (const NodeId child : tree.children(node)) {
    if (tree.field(child) == import_kinds().module_name) {
      read_module(tree, child, statement);
    } else if (tree.kind(child) == import_kinds().wildcard) {
      statement.is_star = true;
    } else if (tree.field(child) == Grammar::get().name) {
      ImportedName name;
      name.span = tree.span(child);
      if (tree.kind(child) == import_kinds().aliased) {
        name.name = dotted(tree.text(tree.child(child, Grammar::get().name)));
        name.alias = tree.text(tree.child(child, Grammar::get().alias));
      } else {
        name.name = dotted(tree.text(child));
      }
      statement.names.push_back(std::move(name));
    }
  }
  return statement;
}

}  // namespace

std::vector<ImportStatement> list_imports(const SyntaxTree& tree) {
  const Grammar& grammar = Grammar::get();
  std::vector<ImportStatement> result;
  for (std::uint32_t at = 0; at < tree.size(); ++at) {
    const KindId kind = tree.kind(NodeId{at});
    if (kind == grammar.import_from_statement || kind == grammar.import_statement) {
      result.push_back(read_statement(tree, NodeId{at}));
    }
  }
  return result;
}

bool may_be_run_directly(const SyntaxTree& tree) {
  if (tree.source().starts_with("#!")) return true;
  for (const NodeId node : tree.children(tree.root())) {
    if (tree.kind(node) != import_kinds().if_statement) continue;
    const std::string_view text = tree.text(node);
    const std::string_view condition = text.substr(0, text.find(':'));
    if (condition.find("__name__") != std::string_view::npos) return true;
  }
  return false;
}

bool is_python_2(const SyntaxTree& tree) {
  for (std::uint32_t at = 0; at < tree.size(); ++at) {
    const KindId kind = tree.kind(NodeId{at});
    if (kind == import_kinds().print || kind == import_kinds().exec) return true;
  }
  return false;
}

bool uses_name(const SyntaxTree& tree, std::string_view name, Span except) {
  for (std::uint32_t at = 0; at < tree.size(); ++at) {
    const NodeId node{at};
    if (tree.kind(node) == Grammar::get().identifier && tree.text(node) == name &&
        !except.contains(tree.span(node))) {
      return true;
    }
  }
  return false;
}

SyntaxTree parse_python(std::string_view source) {
  return SyntaxTree::parse(tree_sitter_python(), source);
}

}  // namespace untorn::languages
