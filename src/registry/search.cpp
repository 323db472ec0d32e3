// SPDX-License-Identifier: Apache-2.0
#include "registry/search.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "registry/names.h"
#include "registry/schema_form.h"

namespace untorn::registry {
namespace {

std::vector<std::string> words_in(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::vector<std::string> words;
  for (std::size_t begin = text.find_first_not_of(blanks); begin != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(blanks, begin), text.size());
    words.push_back(folded(text.substr(begin, end - begin)));
    begin = text.find_first_not_of(blanks, end);
  }
  return words;
}

// The text of a string, number or boolean.
std::optional<std::string> text_of(const JsonValue& value) {
  switch (value.kind()) {
    case JsonKind::string:
      return value.as_string();
    case JsonKind::number:
    case JsonKind::boolean:
      return JsonDocument(value).text();
    default:
      return std::nullopt;
  }
}

bool occurs_in(const JsonValue& value, const std::string& word) {
  if (const auto text = text_of(value)) return folded(*text).contains(word);
  const auto occurs = [&word](const JsonValue& part) { return occurs_in(part, word); };
  return std::ranges::any_of(value.items(), occurs) ||
         std::ranges::any_of(value.members(), occurs, &JsonMember::value);
}

bool has_field(const JsonValue& spec, const RegistryQuery::Field& field) {
  const std::string pointer =
      field.pointer.starts_with('/') ? field.pointer : pointer_below("", field.pointer);
  const JsonValue* const value = value_at(spec, pointer);
  if (value == nullptr) return false;
  const auto is_equal = [&field](const JsonValue& each) { return text_of(each) == field.value; };
  return is_equal(*value) || std::ranges::any_of(value->items(), is_equal);
}

}  // namespace

bool answers(const RegistryQuery& query, std::string_view name, const JsonValue& spec) {
  const bool has_words = std::ranges::all_of(words_in(query.text), [&](const std::string& word) {
    return folded(name).contains(word) || occurs_in(spec, word);
  });
  return has_words && std::ranges::all_of(query.fields, [&spec](const RegistryQuery::Field& field) {
           return has_field(spec, field);
         });
}

}  // namespace untorn::registry
