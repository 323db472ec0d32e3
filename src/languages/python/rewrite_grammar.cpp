// SPDX-License-Identifier: Apache-2.0
#include "languages/python/rewrite_grammar.h"

#include <string_view>

extern "C" const TSLanguage* tree_sitter_python(void);

namespace untorn::languages {
namespace {

RewriteGrammar look_up() {
  const TSLanguage* language = tree_sitter_python();
  const auto kind = [language](std::string_view name) { return kind_id(language, name); };
  const auto field = [language](std::string_view name) { return field_id(language, name); };
  return {
      .argument_list = kind("argument_list"),
      .as_pattern = kind("as_pattern"),
      .as_pattern_target = kind("as_pattern_target"),
      .assignment = kind("assignment"),
      .attribute = kind("attribute"),
      .augmented_assignment = kind("augmented_assignment"),
      .await = kind("await"),
      .block = kind("block"),
      .call = kind("call"),
      .class_definition = kind("class_definition"),
      .comment = kind("comment"),
      .decorated_definition = kind("decorated_definition"),
      .dictionary_comprehension = kind("dictionary_comprehension"),
      .dictionary_splat = kind("dictionary_splat"),
      .expression_statement = kind("expression_statement"),
      .for_in_clause = kind("for_in_clause"),
      .for_statement = kind("for_statement"),
      .function_definition = kind("function_definition"),
      .future_import = kind("future_import_statement"),
      .generator = kind("generator_expression"),
      .identifier = kind("identifier"),
      .import_from = kind("import_from_statement"),
      .import_plain = kind("import_statement"),
      .interpolation = kind("interpolation"),
      .keyword_argument = kind("keyword_argument"),
      .lambda = kind("lambda"),
      .list = kind("list"),
      .list_comprehension = kind("list_comprehension"),
      .list_splat = kind("list_splat"),
      .module = kind("module"),
      .named_expression = kind("named_expression"),
      .parenthesized = kind("parenthesized_expression"),
      .raise_statement = kind("raise_statement"),
      .set_comprehension = kind("set_comprehension"),
      .string = kind("string"),
      .string_content = kind("string_content"),
      .string_start = kind("string_start"),
      .tuple = kind("tuple"),
      .while_statement = kind("while_statement"),
      .with_clause = kind("with_clause"),
      .with_item = kind("with_item"),
      .with_statement = kind("with_statement"),
      .yield = kind("yield"),
      .alias = field("alias"),
      .arguments = field("arguments"),
      .attribute_name = field("attribute"),
      .body = field("body"),
      .function = field("function"),
      .left = field("left"),
      .name = field("name"),
      .object = field("object"),
      .right = field("right"),
      .value = field("value"),
  };
}

}  // namespace

const RewriteGrammar& rewrite_grammar() {
  static const RewriteGrammar grammar = look_up();
  return grammar;
}

}  // namespace untorn::languages
