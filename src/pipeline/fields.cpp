// SPDX-License-Identifier: Apache-2.0
#include "pipeline/fields.h"

#include <algorithm>
#include <array>

namespace untorn::pipeline {
namespace {

constexpr std::array task_statuses = {
    TaskStatus::fresh,     TaskStatus::in_progress,   TaskStatus::completed,
    TaskStatus::failed,    TaskStatus::skipped,       TaskStatus::qa_pending,
    TaskStatus::qa_failed, TaskStatus::debug_pending, TaskStatus::needs_fixes};
constexpr std::array file_statuses = {FileStatus::unknown, FileStatus::pending,
                                      FileStatus::approved, FileStatus::rejected};

std::string in_capitals(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

template <class List>
auto named(const List& list, const JsonValue& json) {
  const std::string name = in_capitals(json.as_string().value_or(""));
  return std::ranges::find_if(list, [&name](auto status) { return to_string(status) == name; });
}

template <class List>
std::string names_of(const List& list) {
  std::string text;
  for (const auto status : list) {
    text += (text.empty() ? "one of " : ", ") + std::string(to_string(status));
  }
  return text;
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

// What was found, with its text if that is short.
std::string found_text(const JsonValue& json) {
  constexpr std::size_t shown_bytes_max = 40;
  std::string text = "found " + std::string(kind_text(json.kind()));
  const bool is_scalar = json.kind() == JsonKind::number || json.kind() == JsonKind::string;
  const std::string value = is_scalar ? JsonDocument(json).text() : "";
  if (!value.empty() && value.size() <= shown_bytes_max) text += " " + value;
  return text;
}

template <class T>
bool means(const JsonValue* old, const T& value) {
  if (old == nullptr) return false;
  FieldReader reader;
  T present{};
  reader.read(*old, present);
  return reader.problem().empty() && present == value;
}

}  // namespace

std::string_view to_string(TaskStatus status) noexcept {
  switch (status) {
    case TaskStatus::fresh:
      return "NEW";
    case TaskStatus::in_progress:
      return "IN_PROGRESS";
    case TaskStatus::completed:
      return "COMPLETED";
    case TaskStatus::failed:
      return "FAILED";
    case TaskStatus::skipped:
      return "SKIPPED";
    case TaskStatus::qa_pending:
      return "QA_PENDING";
    case TaskStatus::qa_failed:
      return "QA_FAILED";
    case TaskStatus::debug_pending:
      return "DEBUG_PENDING";
    case TaskStatus::needs_fixes:
      return "NEEDS_FIXES";
  }
  return "UNKNOWN";
}

std::string_view to_string(FileStatus status) noexcept {
  switch (status) {
    case FileStatus::unknown:
      return "UNKNOWN";
    case FileStatus::pending:
      return "PENDING";
    case FileStatus::approved:
      return "APPROVED";
    case FileStatus::rejected:
      return "REJECTED";
  }
  return "UNKNOWN";
}

void FieldReader::fail(const JsonValue& json, std::string_view expected) {
  if (!problem_.empty()) return;
  problem_ = (path_.empty() ? "the document" : path_) + ": " + std::string(expected) +
             " was expected, " + found_text(json);
}

bool FieldReader::expect(const JsonValue& json, JsonKind kind, std::string_view expected) {
  if (json.kind() == kind) return true;
  fail(json, expected);
  return false;
}

void FieldReader::read(const JsonValue& json, std::string& value) {
  if (expect(json, JsonKind::string, "a string")) value = *json.as_string();
}

void FieldReader::read(const JsonValue& json, std::int64_t& value) {
  if (const auto integer = json.as_integer()) {
    value = *integer;
  } else {
    fail(json, "an integer");
  }
}

void FieldReader::read(const JsonValue& json, double& value) {
  if (expect(json, JsonKind::number, "a number")) value = *json.as_real();
}

void FieldReader::read(const JsonValue& json, bool& value) {
  if (expect(json, JsonKind::boolean, "true or false")) value = *json.as_boolean();
}

void FieldReader::read(const JsonValue& json, TaskStatus& value) {
  const auto found = named(task_statuses, json);
  if (found == task_statuses.end()) return fail(json, names_of(task_statuses));
  value = *found;
}

void FieldReader::read(const JsonValue& json, FileStatus& value) {
  const auto found = named(file_statuses, json);
  if (found == file_statuses.end()) return fail(json, names_of(file_statuses));
  value = *found;
}

// Some programs keep ids alone in their queue.
void FieldReader::read(const JsonValue& json, QueueEntry& value) {
  value.source = json;
  if (json.kind() == JsonKind::string) {
    value.task_id = *json.as_string();
    return;
  }
  if (!expect(json, JsonKind::object, "an object or a task's id")) return;
  for_each_field(static_cast<QueueEntry*>(nullptr), value,
                 [this, &json](std::string_view name, auto& member) {
                   if (const JsonValue* found = json.find(name)) read_below(name, *found, member);
                 });
}

void FieldReader::read(const JsonValue& json, JsonValue& value) {
  if (expect(json, JsonKind::object, "an object")) value = json;
}

void FieldReader::read(const JsonValue& json, std::vector<JsonValue>& value) {
  if (expect(json, JsonKind::array, "a list")) value = json.items();
}

JsonValue write(const std::string& value, const JsonValue* old) {
  return means(old, value) ? *old : JsonValue::string(value);
}

JsonValue write(std::int64_t value, const JsonValue* old) {
  return means(old, value) ? *old : JsonValue::integer(value);
}

JsonValue write(double value, const JsonValue* old) {
  return means(old, value) ? *old : JsonValue::real(value);
}

JsonValue write(bool value, const JsonValue* old) {
  return means(old, value) ? *old : JsonValue::boolean(value);
}

JsonValue write(TaskStatus value, const JsonValue* old) {
  return means(old, value) ? *old : JsonValue::string(to_string(value));
}

JsonValue write(FileStatus value, const JsonValue* old) {
  return means(old, value) ? *old : JsonValue::string(to_string(value));
}

JsonValue write(const JsonValue& value, const JsonValue*) {
  return value;
}

JsonValue write(const QueueEntry& value, const JsonValue*) {
  if (value.source.kind() == JsonKind::string) return write(value.task_id, &value.source);
  return write_struct(value);
}

}  // namespace untorn::pipeline
