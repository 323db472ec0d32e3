// SPDX-License-Identifier: Apache-2.0
//
// From JSON to typed members and back, each struct described once by its list of fields.
//
// A struct S has an overload  template <class S, class Visit> void for_each_field(Task*, S&, Visit)
// that calls visit("name", member) for each, found through its first argument, a null pointer.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/state_fields.h"
#include "untorn/json.h"
#include "untorn/pipeline/pipeline_state.h"

namespace untorn::pipeline {

// Reads into members; the first wrong one is the problem, and ends it.
class FieldReader {
 public:
  // Empty as long as everything fits; else "tasks.1f0c.priority: an integer was expected, …".
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  template <class Struct>
    requires requires(Struct& value) { value.source; }
  void read(const JsonValue& json, Struct& value) {
    if (!expect(json, JsonKind::object, "an object")) return;
    value.source = json;
    for_each_field(static_cast<Struct*>(nullptr), value,
                   [this, &json](std::string_view name, auto& member) {
                     if (const JsonValue* found = json.find(name)) read_below(name, *found, member);
                   });
  }

  void read(const JsonValue& json, std::string& value);
  void read(const JsonValue& json, std::int64_t& value);
  void read(const JsonValue& json, double& value);
  void read(const JsonValue& json, bool& value);
  void read(const JsonValue& json, TaskStatus& value);
  void read(const JsonValue& json, FileStatus& value);
  void read(const JsonValue& json, QueueEntry& value);
  // Any value that is an object.
  void read(const JsonValue& json, JsonValue& value);

  template <class T>
  void read(const JsonValue& json, std::optional<T>& value) {
    value.reset();
    if (!json.is_null()) read(json, value.emplace());
  }

  template <class T>
  void read(const JsonValue& json, std::vector<T>& value) {
    if (!expect(json, JsonKind::array, "a list")) return;
    const std::vector<JsonValue>& items = json.items();
    value.assign(items.size(), T());
    for (std::size_t i = 0; i < items.size(); ++i)
      read_below(std::to_string(i), items[i], value[i]);
  }
  void read(const JsonValue& json, std::vector<JsonValue>& value);

  template <class T>
  void read(const JsonValue& json, Table<T>& value) {
    if (!expect(json, JsonKind::object, "an object")) return;
    value = {};
    for (const JsonMember& member : json.members()) {
      const std::string name = member.name();
      read_below(name, member.value, value[name]);
    }
  }

 private:
  template <class T>
  void read_below(std::string_view name, const JsonValue& json, T& value) {
    if (!problem_.empty()) return;
    const std::size_t length = path_.size();
    if (!path_.empty()) path_ += '.';
    path_ += name;
    read(json, value);
    path_.resize(length);
  }

  bool expect(const JsonValue& json, JsonKind kind, std::string_view expected);
  void fail(const JsonValue& json, std::string_view expected);

  std::string path_;
  std::string problem_;
};

// The other direction. `old` is what stood there (null if nothing did): if it means the same, it
// stays, with its source text.
[[nodiscard]] JsonValue write(const std::string& value, const JsonValue* old);
[[nodiscard]] JsonValue write(std::int64_t value, const JsonValue* old);
[[nodiscard]] JsonValue write(double value, const JsonValue* old);
[[nodiscard]] JsonValue write(bool value, const JsonValue* old);
[[nodiscard]] JsonValue write(TaskStatus value, const JsonValue* old);
[[nodiscard]] JsonValue write(FileStatus value, const JsonValue* old);
[[nodiscard]] JsonValue write(const JsonValue& value, const JsonValue* old);
[[nodiscard]] JsonValue write(const QueueEntry& value, const JsonValue* old);

template <class T>
[[nodiscard]] JsonValue write(const std::optional<T>& value, const JsonValue* old) {
  return value ? write(*value, old) : JsonValue();
}

template <class T>
[[nodiscard]] JsonValue write(const std::vector<T>& value, const JsonValue* old) {
  JsonValue result = old != nullptr ? *old : JsonValue::array();
  std::vector<JsonValue>& items = result.edit_items();
  const std::size_t known = items.size();
  items.resize(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    items[i] = write(value[i], i < known ? &items[i] : nullptr);
  }
  return result;
}

template <class T>
[[nodiscard]] JsonValue write(const Table<T>& value, const JsonValue* old) {
  JsonValue result = old != nullptr ? *old : JsonValue::object();
  std::vector<JsonMember>& members = result.edit_members();
  std::erase_if(
      members, [&value](const JsonMember& member) { return value.find(member.name()) == nullptr; });
  // Mostly both have the same names in the same order; only otherwise they are looked for.
  std::size_t place = 0;
  for (const auto& [name, entry] : value) {
    if (place < members.size() && members[place].is_named(name)) {
      members[place].value = write(entry, &members[place].value);
    } else {
      JsonValue& member = result.edit(name);
      member = write(entry, member.is_null() ? nullptr : &member);
    }
    ++place;
  }
  return result;
}

// Members that the source did not have appear only with a value of their own, so that an older
// program's file does not grow by being loaded and saved.
template <class Struct>
  requires requires(Struct& value) { value.source; }
[[nodiscard]] JsonValue write_struct(const Struct& value) {
  const Struct plain{};
  const bool is_new = value.source.kind() != JsonKind::object;
  JsonValue result = is_new ? JsonValue::object() : value.source;
  std::vector<std::pair<std::string_view, JsonValue>> plain_values;
  if (!is_new) {
    for_each_field(static_cast<Struct*>(nullptr), plain,
                   [&plain_values](std::string_view name, const auto& member) {
                     plain_values.emplace_back(name, write(member, nullptr));
                   });
  }
  std::size_t field = 0;
  for_each_field(
      static_cast<Struct*>(nullptr), value, [&](std::string_view name, const auto& member) {
        const JsonValue* old = result.find(name);
        JsonValue written = write(member, old);
        const bool is_needed = is_new || old != nullptr || !(written == plain_values[field].second);
        ++field;
        if (is_needed) result.set(name, std::move(written));
      });
  return result;
}

template <class Struct>
  requires requires(Struct& value) { value.source; }
[[nodiscard]] JsonValue write(const Struct& value, const JsonValue*) {
  return write_struct(value);
}

}  // namespace untorn::pipeline
