// SPDX-License-Identifier: Apache-2.0
//
// The numbers of the Python grammar's names that grading and editing compare.
#pragma once
#include "languages/syntax.h"

namespace untorn::languages {

struct RewriteGrammar {
  KindId argument_list, as_pattern, as_pattern_target, assignment, attribute, augmented_assignment;
  KindId await, block, call, class_definition, comment, decorated_definition;
  KindId dictionary_comprehension, dictionary_splat, expression_statement, for_in_clause;
  KindId for_statement, function_definition, future_import, generator, identifier, import_from;
  KindId import_plain, interpolation, keyword_argument, lambda, list, list_comprehension;
  KindId list_splat, module, named_expression, parenthesized, raise_statement, set_comprehension;
  KindId string, string_content, string_start, tuple, while_statement, with_clause, with_item;
  KindId with_statement, yield;
  FieldId alias, arguments, attribute_name, body, function, left, name, object, right, value;
};

// Looked up once per process.
[[nodiscard]] const RewriteGrammar& rewrite_grammar();

}  // namespace untorn::languages
