// SPDX-License-Identifier: Apache-2.0
#include "cli/json_value.h"

#include <limits>

namespace untorn::cli {
namespace {

void write_number(report::JsonWriter& json, const JsonValue& value) {
  if (const auto integer = value.as_integer()) {
    json.signed_number(*integer);
  } else {
    constexpr int digits = std::numeric_limits<double>::max_digits10;
    json.real(value.as_real().value_or(0), digits);
  }
}

}  // namespace

void write_members(report::JsonWriter& json, const JsonValue& object) {
  for (const JsonMember& member : object.members()) {
    write_value(json.key(member.name()), member.value);
  }
}

void write_value(report::JsonWriter& json, const JsonValue& value) {
  switch (value.kind()) {
    case JsonKind::null:
      json.null();
      break;
    case JsonKind::boolean:
      json.boolean(value.as_boolean().value_or(false));
      break;
    case JsonKind::number:
      write_number(json, value);
      break;
    case JsonKind::string:
      json.string(value.as_string().value_or(""));
      break;
    case JsonKind::array:
      json.begin_array();
      for (const JsonValue& item : value.items()) write_value(json, item);
      json.end_array();
      break;
    case JsonKind::object:
      json.begin_object();
      write_members(json, value);
      json.end_object();
      break;
  }
}

}  // namespace untorn::cli
