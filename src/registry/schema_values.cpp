// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

#include "base/escape.h"
#include "registry/schema_form.h"

namespace untorn::registry {
namespace {

std::string unescaped(std::string_view part) {
  std::string result;
  for (std::size_t at = 0; at < part.size(); ++at) {
    const bool is_escape = part[at] == '~' && at + 1 < part.size();
    if (is_escape && (part[at + 1] == '0' || part[at + 1] == '1')) {
      result += part[at + 1] == '0' ? '~' : '/';
      ++at;
    } else {
      result += part[at];
    }
  }
  return result;
}

const JsonValue* item_at(const JsonValue& list, std::string_view part) {
  std::uint64_t index = 0;
  const char* const end = part.data() + part.size();
  const auto result = std::from_chars(part.data(), end, index);
  const bool is_index = !part.empty() && result.ec == std::errc() && result.ptr == end &&
                        (part.size() == 1 || part.front() != '0');
  return is_index && index < list.items().size() ? &list.items()[index] : nullptr;
}

std::string_view kind_text(JsonKind kind) {
  switch (kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return "a boolean";
    case JsonKind::number:
      return "a number";
    case JsonKind::string:
      return "a string";
    case JsonKind::array:
      return "a list";
    case JsonKind::object:
      return "an object";
  }
  return "something else";
}

}  // namespace

std::string pointer_below(std::string_view pointer, std::string_view part) {
  std::string result = std::string(pointer) + "/";
  for (const char c : part) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

const JsonValue* value_at(const JsonValue& root, std::string_view pointer) {
  const JsonValue* value = &root;
  while (value != nullptr && !pointer.empty()) {
    if (!pointer.starts_with('/')) return nullptr;
    pointer.remove_prefix(1);
    const std::size_t length = std::min(pointer.find('/'), pointer.size());
    const std::string part = unescaped(pointer.substr(0, length));
    pointer.remove_prefix(length);
    value = value->kind() == JsonKind::array ? item_at(*value, part) : value->find(part);
  }
  return value;
}

std::size_t depth_of(const JsonValue& value, std::size_t limit) {
  if (limit == 0 || (value.items().empty() && value.members().empty())) return 1;
  std::size_t deepest = 0;
  for (const JsonValue& item : value.items()) {
    deepest = std::max(deepest, depth_of(item, limit - 1));
  }
  for (const JsonMember& member : value.members()) {
    deepest = std::max(deepest, depth_of(member.value, limit - 1));
  }
  return deepest + 1;
}

std::string described(const JsonValue& value) {
  constexpr std::size_t shown_bytes_max = 60;
  std::string text(kind_text(value.kind()));
  const bool has_value = value.kind() == JsonKind::boolean || value.kind() == JsonKind::number ||
                         value.kind() == JsonKind::string;
  if (!has_value) return text;
  const std::string shown = escape_controls(JsonDocument(value).text());
  return shown.size() <= shown_bytes_max ? text + ": " + shown : text;
}

}  // namespace untorn::registry
