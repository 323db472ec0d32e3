// SPDX-License-Identifier: Apache-2.0
#include "languages/python/grammar.h"

namespace untorn::languages {

KindId Grammar::kind(std::string_view name) {
  return kind_id(tree_sitter_python(), name);
}

FieldId Grammar::field(std::string_view name) {
  return field_id(tree_sitter_python(), name);
}

const Grammar& Grammar::get() {
  static const Grammar grammar;
  return grammar;
}

}  // namespace untorn::languages
