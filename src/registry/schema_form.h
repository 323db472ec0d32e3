// SPDX-License-Identifier: Apache-2.0
//
// A JSON Schema (draft-07) checked and brought into a plain form, before the library that evaluates
// schemas sees it.
//
// In the plain form
//  F1  there are only keywords that draft-07 defines and that say something about validity;
//  F2  each keyword has a value of the kind that draft-07 asks for;
//  F3  each reference is `#/definitions/<number>`, its target is there, and is no reference itself;
//  F4  no schema refers to itself without going down into the instance, and what applies to one
//      value is at most `applications_max` schemas;
//  F5  keywords about one value alone (type, enum, pattern, …) are taken out: they are evaluated by
//      our own code, and `leaves_keyword` lists their numbers.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/json.h"
#include "untorn/registry.h"

namespace untorn::registry {

inline constexpr std::string_view leaves_keyword = "untorn:leaves";
inline constexpr std::size_t schema_depth_max = 64;
inline constexpr std::size_t schema_bytes_max = std::size_t{1} << 20U;
inline constexpr std::size_t applications_max = 10'000;

struct SchemaLeaf {
  std::string keyword;
  JsonValue value;
};

struct SchemaForm {
  JsonValue plain;
  std::vector<SchemaLeaf> leaves;        // by number
  std::vector<SpecProblem> problems;     // the schema is wrong
  std::vector<SpecProblem> unsupported;  // it may be right, but is not read
  bool has_name_patterns = false;        // patternProperties
};

[[nodiscard]] SchemaForm plain_form(const JsonValue& schema);

// "/a~1b/0" of the parts "a/b" and "0".
[[nodiscard]] std::string pointer_below(std::string_view pointer, std::string_view part);
// What the JSON pointer leads to; null if nothing is there.
[[nodiscard]] const JsonValue* value_at(const JsonValue& root, std::string_view pointer);
// The deepest nesting of arrays and objects, as far as it is at most `limit` + 1.
[[nodiscard]] std::size_t depth_of(const JsonValue& value, std::size_t limit);
// Any value in a few words: "a number: 42".
[[nodiscard]] std::string described(const JsonValue& value);

}  // namespace untorn::registry
