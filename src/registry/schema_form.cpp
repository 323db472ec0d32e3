// SPDX-License-Identifier: Apache-2.0
#include "registry/schema_form.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "registry/pattern.h"
#include "registry/schema_graph.h"
#include "registry/schema_keywords.h"

namespace untorn::registry {
namespace {

// A fragment's "%41" is "A".
std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned value = 0;
    const bool has_digits = text[at] == '%' && at + 2 < text.size();
    const char* const end = text.data() + std::min(at + 3, text.size());
    if (has_digits && std::from_chars(text.data() + at + 1, end, value, 16).ptr == end) {
      result += static_cast<char>(static_cast<unsigned char>(value));
      at += 2;
    } else {
      result += text[at];
    }
  }
  return result;
}

class Former {
 public:
  explicit Former(const JsonValue& root) : root_(root) {}

  SchemaForm run() && {
    check_version();
    const JsonValue top = schema(root_, "");
    // References found while their targets are formed ask for more targets.
    for (std::size_t next = 0; next < targets_.size(); ++next) {
      const std::string pointer = targets_[next];
      definitions_.push_back(schema(*value_at(root_, pointer), pointer));
    }
    if (auto problem = graph_problem(top, definitions_)) not_read("", std::move(*problem));
    form_.plain = JsonValue::object();
    form_.plain.set("allOf", JsonValue::array({top}));
    JsonValue all = JsonValue::object();
    for (std::size_t i = 0; i < definitions_.size(); ++i) {
      all.set(std::to_string(i), std::move(definitions_[i]));
    }
    form_.plain.set("definitions", std::move(all));
    return std::move(form_);
  }

 private:
  void wrong(std::string pointer, std::string message) {
    form_.problems.push_back({std::move(pointer), std::move(message)});
  }
  void not_read(std::string pointer, std::string message) {
    form_.unsupported.push_back({std::move(pointer), std::move(message)});
  }

  void check_version() {
    const JsonValue* const version = root_.find("$schema");
    if (version == nullptr || version->kind() != JsonKind::string) return;
    std::string name = *version->as_string();
    if (name.ends_with('#')) name.pop_back();
    constexpr std::string_view draft = "://json-schema.org/draft-07/schema";
    if (name == "http" + std::string(draft) || name == "https" + std::string(draft)) return;
    not_read("/$schema",
             "only draft-07 of JSON Schema is read, this is \"" + *version->as_string() + "\"");
  }

  JsonValue schema(const JsonValue& source, const std::string& pointer) {
    if (source.kind() == JsonKind::boolean) return source;
    if (source.kind() != JsonKind::object) {
      wrong(pointer, "a schema is an object, true or false; found " + described(source));
      return JsonValue::boolean(true);
    }
    if (const JsonValue* const reference = source.find("$ref")) {
      return referring(*reference, pointer_below(pointer, "$ref"));
    }
    check_id(source, pointer);
    JsonValue result = JsonValue::object();
    for (const Keyword& keyword : keywords) {
      if (const JsonValue* const value = source.find(keyword.name)) {
        take(keyword, *value, pointer_below(pointer, keyword.name), result);
      }
    }
    return result;
  }

  void check_id(const JsonValue& source, const std::string& pointer) {
    const JsonValue* const id = source.find("$id");
    if (id == nullptr) return;
    const std::string place = pointer_below(pointer, "$id");
    if (id->kind() != JsonKind::string) return wrong(place, "a string was expected");
    if (!pointer.empty()) not_read(place, "a '$id' below the root is not read");
  }

  JsonValue referring(const JsonValue& reference, const std::string& place) {
    const std::optional<std::string> target = target_of(reference, place);
    if (!target) return JsonValue::boolean(true);
    const auto known = std::ranges::find(targets_, *target);
    const auto index = static_cast<std::size_t>(known - targets_.begin());
    if (known == targets_.end()) targets_.push_back(*target);
    JsonValue result = JsonValue::object();
    result.set("$ref", JsonValue::string("#/definitions/" + std::to_string(index)));
    return result;
  }

  // Through chains of references, to the pointer of a schema that is none.
  std::optional<std::string> target_of(const JsonValue& reference, const std::string& place) {
    const JsonValue* next = &reference;
    std::set<std::string> passed;
    for (;;) {
      if (next->kind() != JsonKind::string) {
        wrong(place, "a string was expected, found " + described(*next));
        return std::nullopt;
      }
      std::string text = *next->as_string();
      if (const JsonValue* const id = root_.find("$id"); id && id->kind() == JsonKind::string) {
        const std::string base = *id->as_string();
        if (!base.empty() && text.starts_with(base)) text.erase(0, base.size());
      }
      const bool is_fragment = text.empty() || text == "#" || text.starts_with("#/");
      if (!is_fragment) {
        not_read(place, "'$ref' leads out of the schema, and nothing is fetched: \"" +
                            *next->as_string() + "\"");
        return std::nullopt;
      }
      std::string pointer = percent_decoded(std::string_view(text).substr(text.empty() ? 0 : 1));
      const JsonValue* const target = value_at(root_, pointer);
      if (target == nullptr) {
        wrong(place, "'$ref' leads to nothing: \"" + *next->as_string() + "\"");
        return std::nullopt;
      }
      if (!passed.insert(pointer).second) {
        wrong(place, "'$ref' leads to itself");
        return std::nullopt;
      }
      next = target->find("$ref");
      if (next == nullptr) return pointer;
    }
  }

  void take(const Keyword& keyword, const JsonValue& value, const std::string& place,
            JsonValue& result) {
    if (auto problem = value_problem(keyword.kind, value)) {
      return wrong(place, std::move(*problem));
    }
    switch (keyword.kind) {
      case Kind::schema:
        return result.set(keyword.name, schema(value, place));
      case Kind::schema_list:
        return result.set(keyword.name, schema_list(value, place));
      case Kind::schema_map:
        return result.set(keyword.name, schema_map(keyword.name, value, place));
      case Kind::items:
        return result.set(keyword.name, value.kind() == JsonKind::array ? list_of(value, place)
                                                                        : schema(value, place));
      case Kind::dependencies:
        return result.set(keyword.name, dependencies(value, place));
      case Kind::definitions:
        (void)schema_map(keyword.name, value, place);
        return;
      case Kind::count:
        // 2.0 is a whole number, too.
        return result.set(keyword.name,
                          JsonValue::integer(static_cast<std::int64_t>(*value.as_real())));
      case Kind::names:
      case Kind::boolean:
        return result.set(keyword.name, value);
      case Kind::leaf_pattern:
        if (!expect_pattern(*value.as_string(), place)) return;
        break;
      case Kind::text:
      case Kind::list:
      case Kind::flag:
      case Kind::anything:
        return;
      case Kind::leaf_number:
      case Kind::leaf_divisor:
      case Kind::leaf_count:
      case Kind::leaf_type:
      case Kind::leaf_list:
      case Kind::leaf_any:
        break;
    }
    const auto number = static_cast<std::int64_t>(form_.leaves.size());
    form_.leaves.push_back({std::string(keyword.name), value});
    result.edit(leaves_keyword).edit_items().push_back(JsonValue::integer(number));
  }

  bool expect_pattern(const std::string& text, const std::string& place) {
    const auto pattern = Pattern::compile(text);
    if (pattern) return true;
    const Pattern::Refusal& refusal = pattern.error();
    if (refusal.is_unsupported) {
      not_read(place, "the pattern is not read: " + refusal.why);
    } else {
      wrong(place, "it is no regular expression: " + refusal.why);
    }
    return false;
  }

  // The library matches names with a matcher that goes back; without repeated groups that is no
  // danger.
  void expect_name_pattern(const std::string& text, const std::string& place) {
    if (!expect_pattern(text, place)) return;
    for (std::size_t at = text.find(')'); at != std::string::npos; at = text.find(')', at + 1)) {
      if (at + 1 < text.size() && std::string_view("*+{").contains(text[at + 1])) {
        return not_read(place, "a pattern for names with a repeated group is not read");
      }
    }
    form_.has_name_patterns = true;
  }

  JsonValue list_of(const JsonValue& value, const std::string& place) {
    std::vector<JsonValue> result;
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      result.push_back(schema(value.items()[i], pointer_below(place, std::to_string(i))));
    }
    return JsonValue::array(std::move(result));
  }

  JsonValue schema_list(const JsonValue& value, const std::string& place) {
    if (value.items().empty()) wrong(place, "a list with at least one schema was expected");
    return list_of(value, place);
  }

  JsonValue schema_map(std::string_view keyword, const JsonValue& value, const std::string& place) {
    JsonValue result = JsonValue::object();
    for (const JsonMember& member : value.members()) {
      const std::string name = member.name();
      const std::string below = pointer_below(place, name);
      check_name(name, below);
      if (keyword == "patternProperties") expect_name_pattern(name, below);
      result.set(name, schema(*value.find(name), below));
    }
    return result;
  }

  JsonValue dependencies(const JsonValue& value, const std::string& place) {
    JsonValue result = JsonValue::object();
    for (const JsonMember& member : value.members()) {
      const std::string name = member.name();
      const std::string below = pointer_below(place, name);
      check_name(name, below);
      if (member.value.kind() != JsonKind::array) {
        result.set(name, schema(member.value, below));
      } else if (auto problem = names_problem(member.value)) {
        wrong(below, std::move(*problem));
      } else {
        result.set(name, member.value);
      }
    }
    return result;
  }

  void check_name(const std::string& name, const std::string& place) {
    if (name.contains('\0')) not_read(place, "a name with NUL is not read");
  }

  const JsonValue& root_;
  SchemaForm form_;
  std::vector<std::string> targets_;  // pointers, by the number of the definition
  std::vector<JsonValue> definitions_;
};

}  // namespace

SchemaForm plain_form(const JsonValue& schema) {
  return Former(schema).run();
}

}  // namespace untorn::registry
