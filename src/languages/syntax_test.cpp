// SPDX-License-Identifier: Apache-2.0
#include "languages/syntax.h"

#include <gtest/gtest.h>

#include <string>

extern "C" const TSLanguage* tree_sitter_python();

namespace untorn::languages {
namespace {

TEST(syntax_tree, holds_named_nodes_and_operators_in_document_order) {
  const std::string source = "a = b / 'c'\n";
  const SyntaxTree tree = SyntaxTree::parse(tree_sitter_python(), source);
  const NodeId sum = tree.find({.begin = 4, .end = 11});
  ASSERT_NE(sum, NodeId::none);
  EXPECT_EQ(tree.kind(sum), kind_id(tree_sitter_python(), "binary_operator"));
  const NodeId operation = tree.child(sum, field_id(tree_sitter_python(), "operator"));
  EXPECT_EQ(tree.text(operation), "/");
  EXPECT_EQ(tree.text(tree.child(sum, field_id(tree_sitter_python(), "right"))), "'c'");
  EXPECT_TRUE(tree.within(operation, sum));
  EXPECT_FALSE(tree.within(sum, operation));
  EXPECT_FALSE(tree.first_error());
}

TEST(syntax_tree, a_preorder_walk_is_a_loop_over_numbers) {
  const std::string source = "def f(x):\n  return [x, (1, 2)]\n";
  const SyntaxTree tree = SyntaxTree::parse(tree_sitter_python(), source);
  EXPECT_EQ(static_cast<std::size_t>(tree.end_of(tree.root())), tree.size());
  for (std::uint32_t at = 1; at < tree.size(); ++at) {
    const NodeId node{at};
    EXPECT_LT(tree.parent(node), node);
    EXPECT_TRUE(tree.within(node, tree.parent(node)));
  }
}

TEST(syntax_tree, columns_count_code_points) {
  const std::string source = "x = 1\nä = 'ö' + y\n";
  const SyntaxTree tree = SyntaxTree::parse(tree_sitter_python(), source);
  const auto offset = static_cast<std::uint32_t>(source.find('y'));
  EXPECT_EQ(tree.position(offset), (Position{.line = 2, .column = 11}));
}

TEST(syntax_tree, says_where_the_text_stops_fitting) {
  const SyntaxTree tree = SyntaxTree::parse(tree_sitter_python(), "x = 1\ny = = 2\n");
  ASSERT_TRUE(tree.first_error());
  EXPECT_EQ(tree.position(*tree.first_error()).line, 2U);
}

TEST(syntax_tree, twenty_thousand_parentheses_need_no_stack) {
  constexpr std::size_t depth = 20000;
  const std::string source =
      "x = " + std::string(depth, '(') + "1" + std::string(depth, ')') + "\n";
  const SyntaxTree tree = SyntaxTree::parse(tree_sitter_python(), source);
  EXPECT_FALSE(tree.first_error());
  EXPECT_GT(tree.size(), depth);
}

TEST(syntax_tree, an_empty_text_has_a_root) {
  const SyntaxTree tree = SyntaxTree::parse(tree_sitter_python(), "");
  EXPECT_EQ(tree.size(), 1U);
  EXPECT_EQ(tree.parent(tree.root()), NodeId::none);
}

}  // namespace
}  // namespace untorn::languages
