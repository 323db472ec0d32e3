// SPDX-License-Identifier: Apache-2.0
//
// The keywords of draft-07, and what the value of each must be.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "untorn/json.h"

namespace untorn::registry {

// What a keyword's value must be.
enum class Kind : std::uint8_t {
  schema,  // evaluated by the library
  schema_list,
  schema_map,
  items,         // a schema or a list of schemas
  dependencies,  // by name: a schema or a list of names
  definitions,   // only targets of references
  count,         // not negative, whole
  names,         // strings, all different
  boolean,
  leaf_number,  // evaluated by us
  leaf_divisor,
  leaf_count,
  leaf_type,
  leaf_pattern,
  leaf_list,
  leaf_any,
  text,  // says nothing about validity
  list,
  flag,
  anything,
};

struct Keyword {
  std::string_view name;
  Kind kind;
};

inline constexpr std::array keywords = {
    Keyword{"$comment", Kind::text},
    Keyword{"$schema", Kind::text},
    Keyword{"additionalItems", Kind::schema},
    Keyword{"additionalProperties", Kind::schema},
    Keyword{"allOf", Kind::schema_list},
    Keyword{"anyOf", Kind::schema_list},
    Keyword{"const", Kind::leaf_any},
    Keyword{"contains", Kind::schema},
    Keyword{"contentEncoding", Kind::text},
    Keyword{"contentMediaType", Kind::text},
    Keyword{"default", Kind::anything},
    Keyword{"definitions", Kind::definitions},
    Keyword{"dependencies", Kind::dependencies},
    Keyword{"description", Kind::text},
    Keyword{"else", Kind::schema},
    Keyword{"enum", Kind::leaf_list},
    Keyword{"examples", Kind::list},
    Keyword{"exclusiveMaximum", Kind::leaf_number},
    Keyword{"exclusiveMinimum", Kind::leaf_number},
    Keyword{"format", Kind::text},
    Keyword{"if", Kind::schema},
    Keyword{"items", Kind::items},
    Keyword{"maxItems", Kind::count},
    Keyword{"maxLength", Kind::leaf_count},
    Keyword{"maxProperties", Kind::count},
    Keyword{"maximum", Kind::leaf_number},
    Keyword{"minItems", Kind::count},
    Keyword{"minLength", Kind::leaf_count},
    Keyword{"minProperties", Kind::count},
    Keyword{"minimum", Kind::leaf_number},
    Keyword{"multipleOf", Kind::leaf_divisor},
    Keyword{"not", Kind::schema},
    Keyword{"oneOf", Kind::schema_list},
    Keyword{"pattern", Kind::leaf_pattern},
    Keyword{"patternProperties", Kind::schema_map},
    Keyword{"properties", Kind::schema_map},
    Keyword{"propertyNames", Kind::schema},
    Keyword{"readOnly", Kind::flag},
    Keyword{"required", Kind::names},
    Keyword{"then", Kind::schema},
    Keyword{"title", Kind::text},
    Keyword{"type", Kind::leaf_type},
    Keyword{"uniqueItems", Kind::boolean},
};

// What is wrong with the value of a keyword that holds no schema; nothing if it is right.
[[nodiscard]] std::optional<std::string> value_problem(Kind kind, const JsonValue& value);
// Of a list of names (`required`, and the lists in `dependencies`).
[[nodiscard]] std::optional<std::string> names_problem(const JsonValue& value);

}  // namespace untorn::registry
