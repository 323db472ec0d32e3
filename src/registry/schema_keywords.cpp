// SPDX-License-Identifier: Apache-2.0
#include "registry/schema_keywords.h"

#include <algorithm>
#include <set>

#include "registry/schema_form.h"

namespace untorn::registry {
namespace {

constexpr std::array<std::string_view, 7> type_names = {"array",  "boolean", "integer", "null",
                                                        "number", "object",  "string"};

bool are_different_strings(const JsonValue& list) {
  std::set<std::string> seen;
  return std::ranges::all_of(list.items(), [&seen](const JsonValue& item) {
    return item.kind() == JsonKind::string && seen.insert(*item.as_string()).second;
  });
}

bool is_type_name(const JsonValue& value) {
  return value.kind() == JsonKind::string &&
         std::ranges::find(type_names, *value.as_string()) != type_names.end();
}

bool is_finite_number(const JsonValue& value) {
  const std::optional<double> number = value.as_real();
  return number && *number - *number == 0.0;
}

bool is_count(const JsonValue& value) {
  constexpr double count_max = 9e15;
  const std::optional<double> number = value.as_real();
  return number && *number >= 0 && *number <= count_max &&
         *number == static_cast<double>(static_cast<std::uint64_t>(*number));
}

std::optional<std::string> unless(bool is_right, std::string_view expected,
                                  const JsonValue& found) {
  if (is_right) return std::nullopt;
  return std::string(expected) + " was expected, found " + described(found);
}

bool is_type(const JsonValue& value) {
  if (is_type_name(value)) return true;
  return value.kind() == JsonKind::array && !value.items().empty() &&
         are_different_strings(value) && std::ranges::all_of(value.items(), is_type_name);
}

}  // namespace

std::optional<std::string> names_problem(const JsonValue& value) {
  return unless(value.kind() == JsonKind::array && are_different_strings(value),
                "a list of different strings", value);
}

std::optional<std::string> value_problem(Kind kind, const JsonValue& value) {
  switch (kind) {
    case Kind::count:
    case Kind::leaf_count:
      return unless(is_count(value), "a whole number that is not negative", value);
    case Kind::names:
      return names_problem(value);
    case Kind::boolean:
    case Kind::flag:
      return unless(value.kind() == JsonKind::boolean, "true or false", value);
    case Kind::leaf_number:
      return unless(is_finite_number(value), "a number", value);
    case Kind::leaf_divisor:
      return unless(is_finite_number(value) && *value.as_real() > 0, "a number above 0", value);
    case Kind::leaf_type:
      return unless(is_type(value),
                    "one or several of array, boolean, integer, null, number, object, string",
                    value);
    case Kind::leaf_pattern:
    case Kind::text:
      return unless(value.kind() == JsonKind::string, "a string", value);
    case Kind::leaf_list:
    case Kind::list:
    case Kind::schema_list:
      return unless(value.kind() == JsonKind::array, "a list", value);
    case Kind::schema_map:
    case Kind::dependencies:
    case Kind::definitions:
      return unless(value.kind() == JsonKind::object, "an object", value);
    case Kind::schema:
    case Kind::items:
    case Kind::leaf_any:
    case Kind::anything:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace untorn::registry
