// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "document/json_container.h"
#include "document/json_reader.h"
#include "document/json_text.h"
#include "untorn/json.h"

namespace untorn {
namespace {

bool is_text(const std::string& stored, bool is_source, std::string_view text) {
  if (!is_source || stored.find('\\') == std::string::npos) return stored == text;
  return document::unescape(stored) == text;
}

std::string text_of(const std::string& stored, bool is_source) {
  return is_source ? document::unescape(stored) : stored;
}

bool same_number(const JsonValue& left, const JsonValue& right) {
  const auto left_integer = left.as_integer();
  const auto right_integer = right.as_integer();
  if (left_integer && right_integer) return *left_integer == *right_integer;
  const double left_real = left.as_real().value_or(0);
  const double right_real = right.as_real().value_or(0);
  if (std::isnan(left_real) && std::isnan(right_real)) return true;
  // Beyond 64 bits two different numbers may have one nearest double: only equal texts are equal,
  // which the caller has looked at.
  constexpr double exact_below = 9007199254740992.0;
  return std::abs(left_real) < exact_below && left_real == right_real;
}

using Pairs = std::vector<std::pair<const JsonValue*, const JsonValue*>>;

// Adds the pairs of values that must be equal for the objects to be. False if names differ.
bool pair_members(const std::vector<JsonMember>& left, const std::vector<JsonMember>& right,
                  Pairs& pairs) {
  if (left.size() != right.size()) return false;
  // Objects with the same names in the same order are the rule, and need no map.
  const auto in_order = [](const JsonMember& a, const JsonMember& b) {
    return a.is_named(b.name());
  };
  if (std::ranges::equal(left, right, in_order)) {
    for (std::size_t i = 0; i < left.size(); ++i) {
      pairs.emplace_back(&left[i].value, &right[i].value);
    }
    return true;
  }
  std::unordered_map<std::string, std::vector<const JsonValue*>> by_name;
  for (const JsonMember& member : left) by_name[member.name()].push_back(&member.value);
  for (const JsonMember& member : std::views::reverse(right)) {
    const auto found = by_name.find(member.name());
    if (found == by_name.end() || found->second.empty()) return false;
    pairs.emplace_back(found->second.back(), &member.value);
    found->second.pop_back();
  }
  return true;
}

bool same_scalar(const JsonValue& left, const JsonValue& right) {
  switch (left.kind()) {
    case JsonKind::boolean:
      return left.as_boolean() == right.as_boolean();
    case JsonKind::number:
      return same_number(left, right);
    case JsonKind::string:
      return left.as_string() == right.as_string();
    default:
      return true;
  }
}

}  // namespace

std::string_view to_string(JsonKind kind) noexcept {
  switch (kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return "boolean";
    case JsonKind::number:
      return "number";
    case JsonKind::string:
      return "string";
    case JsonKind::array:
      return "array";
    case JsonKind::object:
      return "object";
  }
  return "unknown";
}

// A value of 10,000 levels would recurse as often: what dies with this container is moved to a
// list.
JsonValue::Container::~Container() {
  std::vector<std::shared_ptr<Container>> dying;
  const auto gather = [&dying](Container& container) {
    for (JsonValue& item : container.items) {
      if (item.container_.use_count() == 1) dying.push_back(std::move(item.container_));
    }
    for (JsonMember& member : container.members) {
      if (member.value.container_.use_count() == 1) {
        dying.push_back(std::move(member.value.container_));
      }
    }
  };
  gather(*this);
  while (!dying.empty()) {
    const std::shared_ptr<Container> container = std::move(dying.back());
    dying.pop_back();
    gather(*container);
  }
}

JsonValue JsonValue::boolean(bool value) {
  return {JsonKind::boolean, value ? "true" : "false", true};
}

JsonValue JsonValue::integer(std::int64_t value) {
  return {JsonKind::number, std::to_string(value), true};
}

JsonValue JsonValue::real(double value) {
  return {JsonKind::number, document::real_text(value), true};
}

std::optional<JsonValue> JsonValue::number(std::string_view text) {
  if (!JsonReader::is_number(text)) return std::nullopt;
  return JsonValue(JsonKind::number, std::string(text), true);
}

JsonValue JsonValue::string(std::string_view text) {
  return {JsonKind::string, std::string(text), false};
}

JsonValue JsonValue::array(std::vector<JsonValue> items) {
  JsonValue value;
  value.edit_items() = std::move(items);
  return value;
}

JsonValue JsonValue::object() {
  JsonValue value;
  (void)value.edit_members();
  return value;
}

std::optional<bool> JsonValue::as_boolean() const noexcept {
  if (kind_ != JsonKind::boolean) return std::nullopt;
  return text_ == "true";
}

std::optional<std::int64_t> JsonValue::as_integer() const noexcept {
  if (kind_ != JsonKind::number) return std::nullopt;
  std::int64_t value = 0;
  const char* const end = text_.data() + text_.size();
  const auto result = std::from_chars(text_.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

std::optional<double> JsonValue::as_real() const noexcept {
  if (kind_ != JsonKind::number) return std::nullopt;
  return document::real_of(text_);
}

std::optional<std::string> JsonValue::as_string() const {
  if (kind_ != JsonKind::string) return std::nullopt;
  return text_of(text_, is_source_);
}

const std::vector<JsonValue>& JsonValue::items() const noexcept {
  static const std::vector<JsonValue> none;
  return kind_ == JsonKind::array ? container_->items : none;
}

const std::vector<JsonMember>& JsonValue::members() const noexcept {
  static const std::vector<JsonMember> none;
  return kind_ == JsonKind::object ? container_->members : none;
}

const JsonValue* JsonValue::find(std::string_view name) const noexcept {
  for (const JsonMember& member : std::views::reverse(members())) {
    if (member.is_named(name)) return &member.value;
  }
  return nullptr;
}

// The container that this value alone holds, as an array or object.
JsonValue::Container& JsonValue::own_container(JsonKind kind) {
  if (kind_ != kind) {
    *this = JsonValue(kind, {}, false);
    container_ = std::make_shared<Container>();
  } else if (container_.use_count() != 1) {
    container_ = std::make_shared<Container>(*container_);
  } else {
    // Another thread's copy may have let go just now; what it read must have been read.
    std::atomic_thread_fence(std::memory_order_acquire);
  }
  return *container_;
}

std::vector<JsonValue>& JsonValue::edit_items() {
  return own_container(JsonKind::array).items;
}

std::vector<JsonMember>& JsonValue::edit_members() {
  return own_container(JsonKind::object).members;
}

JsonValue& JsonValue::edit(std::string_view name) {
  std::vector<JsonMember>& members = edit_members();
  for (JsonMember& member : std::views::reverse(members)) {
    if (member.is_named(name)) return member.value;
  }
  return members.emplace_back(name, JsonValue()).value;
}

void JsonValue::set(std::string_view name, JsonValue value) {
  edit(name) = std::move(value);
}

bool JsonValue::erase(std::string_view name) {
  if (find(name) == nullptr) return false;
  std::erase_if(edit_members(), [name](const JsonMember& member) { return member.is_named(name); });
  return true;
}

bool operator==(const JsonValue& left, const JsonValue& right) {
  Pairs pairs = {{&left, &right}};
  while (!pairs.empty()) {
    const auto [a, b] = pairs.back();
    pairs.pop_back();
    if (a->kind_ != b->kind_) return false;
    if (a->container_ == b->container_ && a->text_ == b->text_ && a->is_source_ == b->is_source_) {
      continue;
    }
    if (a->kind_ == JsonKind::object) {
      if (!pair_members(a->members(), b->members(), pairs)) return false;
    } else if (a->kind_ == JsonKind::array) {
      if (a->items().size() != b->items().size()) return false;
      for (std::size_t i = 0; i < a->items().size(); ++i) {
        pairs.emplace_back(&a->items()[i], &b->items()[i]);
      }
    } else if (!same_scalar(*a, *b)) {
      return false;
    }
  }
  return true;
}

std::string JsonMember::name() const {
  return text_of(name_, is_source_);
}

bool JsonMember::is_named(std::string_view name) const noexcept {
  return is_text(name_, is_source_, name);
}

}  // namespace untorn
