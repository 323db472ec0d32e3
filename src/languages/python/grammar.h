// SPDX-License-Identifier: Apache-2.0
//
// The numbers of the Python grammar's names, for the reader.
//
//   const Grammar& grammar = Grammar::get();
//   if (tree.kind(node) == grammar.call) …
//
// Looked up once per process. Threads: immutable.
#pragma once
#include <string_view>

#include "languages/syntax.h"

extern "C" const TSLanguage* tree_sitter_python();

namespace untorn::languages {

struct Grammar {
  [[nodiscard]] static const Grammar& get();

  // Kinds of named nodes.
  KindId aliased_import = kind("aliased_import");
  KindId argument_list = kind("argument_list");
  KindId as_pattern = kind("as_pattern");
  KindId as_pattern_target = kind("as_pattern_target");
  KindId assignment = kind("assignment");
  KindId attribute = kind("attribute");
  KindId augmented_assignment = kind("augmented_assignment");
  KindId await = kind("await");
  KindId binary_operator = kind("binary_operator");
  KindId block = kind("block");
  KindId boolean_operator = kind("boolean_operator");
  KindId call = kind("call");
  KindId chevron = kind("chevron");
  KindId class_definition = kind("class_definition");
  KindId comment = kind("comment");
  KindId comparison_operator = kind("comparison_operator");
  KindId concatenated_string = kind("concatenated_string");
  KindId conditional_expression = kind("conditional_expression");
  KindId decorated_definition = kind("decorated_definition");
  KindId decorator = kind("decorator");
  KindId default_parameter = kind("default_parameter");
  KindId delete_statement = kind("delete_statement");
  KindId dictionary = kind("dictionary");
  KindId dictionary_comprehension = kind("dictionary_comprehension");
  KindId dictionary_splat = kind("dictionary_splat");
  KindId dictionary_splat_pattern = kind("dictionary_splat_pattern");
  KindId dotted_name = kind("dotted_name");
  KindId elif_clause = kind("elif_clause");
  KindId else_clause = kind("else_clause");
  KindId except_clause = kind("except_clause");
  KindId expression_list = kind("expression_list");
  KindId expression_statement = kind("expression_statement");
  KindId false_literal = kind("false");
  KindId finally_clause = kind("finally_clause");
  KindId for_in_clause = kind("for_in_clause");
  KindId for_statement = kind("for_statement");
  KindId function_definition = kind("function_definition");
  KindId future_import_statement = kind("future_import_statement");
  KindId generator_expression = kind("generator_expression");
  KindId global_statement = kind("global_statement");
  KindId identifier = kind("identifier");
  KindId if_statement = kind("if_statement");
  KindId import_from_statement = kind("import_from_statement");
  KindId import_statement = kind("import_statement");
  KindId integer = kind("integer");
  KindId interpolation = kind("interpolation");
  KindId keyword_argument = kind("keyword_argument");
  KindId keyword_separator = kind("keyword_separator");
  KindId lambda = kind("lambda");
  KindId lambda_parameters = kind("lambda_parameters");
  KindId list = kind("list");
  KindId list_comprehension = kind("list_comprehension");
  KindId list_pattern = kind("list_pattern");
  KindId list_splat = kind("list_splat");
  KindId list_splat_pattern = kind("list_splat_pattern");
  KindId module = kind("module");
  KindId named_expression = kind("named_expression");
  KindId none = kind("none");
  KindId nonlocal_statement = kind("nonlocal_statement");
  KindId not_operator = kind("not_operator");
  KindId parameters = kind("parameters");
  KindId parenthesized_expression = kind("parenthesized_expression");
  KindId pass_statement = kind("pass_statement");
  KindId pattern_list = kind("pattern_list");
  KindId positional_separator = kind("positional_separator");
  KindId print_statement = kind("print_statement");
  KindId raise_statement = kind("raise_statement");
  KindId relative_import = kind("relative_import");
  KindId return_statement = kind("return_statement");
  KindId set_comprehension = kind("set_comprehension");
  KindId string = kind("string");
  KindId string_content = kind("string_content");
  KindId string_end = kind("string_end");
  KindId string_start = kind("string_start");
  KindId subscript = kind("subscript");
  KindId true_literal = kind("true");
  KindId try_statement = kind("try_statement");
  KindId tuple = kind("tuple");
  KindId tuple_pattern = kind("tuple_pattern");
  KindId type = kind("type");
  KindId typed_default_parameter = kind("typed_default_parameter");
  KindId typed_parameter = kind("typed_parameter");
  KindId wildcard_import = kind("wildcard_import");
  KindId while_statement = kind("while_statement");
  KindId with_clause = kind("with_clause");
  KindId with_item = kind("with_item");
  KindId with_statement = kind("with_statement");
  KindId yield = kind("yield");

  // Fields. One that is called like a kind says what it holds.
  FieldId alias = field("alias");
  FieldId alternative = field("alternative");
  FieldId argument = field("argument");
  FieldId arguments = field("arguments");
  FieldId attribute_name = field("attribute");
  FieldId body = field("body");
  FieldId condition = field("condition");
  FieldId consequence = field("consequence");
  FieldId definition = field("definition");
  FieldId expression = field("expression");
  FieldId function = field("function");
  FieldId left = field("left");
  FieldId module_name = field("module_name");
  FieldId name = field("name");
  FieldId object = field("object");
  FieldId operator_token = field("operator");
  FieldId parameter_list = field("parameters");
  FieldId return_type = field("return_type");
  FieldId right = field("right");
  FieldId subscript_index = field("subscript");
  FieldId superclasses = field("superclasses");
  FieldId type_annotation = field("type");
  FieldId value = field("value");

 private:
  static KindId kind(std::string_view name);
  static FieldId field(std::string_view name);
};

}  // namespace untorn::languages
