// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/patch_manager.h"

namespace untorn::pipeline {
namespace {

JsonValue count(std::uint64_t value) {
  return JsonValue::integer(static_cast<std::int64_t>(value));
}

// Null for a text that is not there.
JsonValue text_or_null(const std::string& text) {
  return text.empty() ? JsonValue() : JsonValue::string(text);
}

template <class T>
JsonValue list_of(const std::vector<T>& values) {
  std::vector<JsonValue> items;
  items.reserve(values.size());
  for (const T& value : values) items.push_back(value.to_json());
  return JsonValue::array(std::move(items));
}

}  // namespace

std::string_view to_string(PatchStatus status) noexcept {
  switch (status) {
    case PatchStatus::created:
      return "created";
    case PatchStatus::applied:
      return "applied";
    case PatchStatus::reverted:
      return "reverted";
    case PatchStatus::damaged:
      return "damaged";
  }
  return "unknown";
}

std::string_view to_string(PatchChange change) noexcept {
  switch (change) {
    case PatchChange::modified:
      return "modified";
    case PatchChange::added:
      return "added";
    case PatchChange::deleted:
      return "deleted";
    case PatchChange::renamed:
      return "renamed";
    case PatchChange::copied:
      return "copied";
  }
  return "unknown";
}

JsonValue PatchedFile::to_json() const {
  JsonValue value = JsonValue::object();
  value.set("path", JsonValue::string(path));
  value.set("old_path", text_or_null(old_path));
  value.set("change", JsonValue::string(to_string(change)));
  value.set("hunks", count(hunks));
  value.set("lines_added", count(lines_added));
  value.set("lines_removed", count(lines_removed));
  return value;
}

JsonValue PatchProblem::to_json() const {
  JsonValue value = JsonValue::object();
  value.set("path", JsonValue::string(path));
  value.set("hunk", count(hunk));
  value.set("patch_line", count(patch_line));
  value.set("line", count(line));
  value.set("message", JsonValue::string(message));
  return value;
}

JsonValue PatchInfo::to_json() const {
  JsonValue value = JsonValue::object();
  value.set("number", count(number));
  value.set("name", JsonValue::string(name));
  value.set("description", JsonValue::string(description));
  value.set("status", JsonValue::string(to_string(status)));
  value.set("created", JsonValue::string(created));
  value.set("changed", text_or_null(changed));
  value.set("patch_file", JsonValue::string(patch_file));
  value.set("files", list_of(files));
  value.set("damage", text_or_null(damage));
  return value;
}

JsonValue PatchCheck::to_json() const {
  JsonValue value = JsonValue::object();
  value.set("applies", JsonValue::boolean(applies));
  value.set("is_applied", JsonValue::boolean(is_applied));
  value.set("files", list_of(files));
  value.set("problems", list_of(problems));
  return value;
}

JsonValue PatchResult::to_json() const {
  JsonValue value = JsonValue::object();
  value.set("info", info.to_json());
  value.set("already", JsonValue::boolean(already));
  value.set("operations", count(receipt.operations));
  value.set("syncs", count(receipt.syncs));
  value.set("achieved", already ? JsonValue() : JsonValue::string(to_string(receipt.achieved)));
  return value;
}

}  // namespace untorn::pipeline
