// SPDX-License-Identifier: Apache-2.0
//
// What a state learns: counts of idle phases, metrics, patterns, fixes, correlations, results.
#include <algorithm>
#include <cstddef>
#include <utility>

#include "pipeline/clock.h"
#include "untorn/pipeline/pipeline_state.h"

namespace untorn::pipeline {
namespace {

constexpr std::string_view time_name = "timestamp";

JsonValue with_time(JsonValue entry) {
  if (entry.find(time_name) == nullptr) entry.set(time_name, JsonValue::string(now_text()));
  return entry;
}

template <class T>
void append(std::vector<T>& list, T value, std::size_t count_max) {
  list.push_back(std::move(value));
  if (list.size() <= count_max) return;
  list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(count_max));
}

// The list of that name in `table`. What is there and no list becomes its first entry.
std::vector<JsonValue>& list_in(JsonValue& table, std::string_view name) {
  JsonValue& place = table.edit(name);
  if (place.kind() != JsonKind::array) {
    std::vector<JsonValue> entries;
    if (!place.is_null()) entries.push_back(std::move(place));
    place = JsonValue::array(std::move(entries));
  }
  return place.edit_items();
}

bool add_object(std::vector<JsonValue>& list, const JsonValue& entry) {
  if (entry.kind() != JsonKind::object) return false;
  append(list, with_time(entry), PipelineState::learned_max);
  return true;
}

std::string text_of(const JsonValue& object, std::string_view name) {
  const JsonValue* member = object.find(name);
  return member == nullptr ? std::string() : member->as_string().value_or("");
}

double share(std::size_t part, std::size_t whole) noexcept {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

JsonValue count(std::size_t number) {
  return JsonValue::integer(static_cast<std::int64_t>(number));
}

}  // namespace

std::int64_t PipelineState::increment_no_update_count(std::string_view phase) {
  return ++no_update_counts[phase];
}

void PipelineState::reset_no_update_count(std::string_view phase) {
  if (std::int64_t* found = no_update_counts.find(phase)) *found = 0;
}

std::int64_t PipelineState::get_no_update_count(std::string_view phase) const {
  const std::int64_t* found = no_update_counts.find(phase);
  return found == nullptr ? 0 : *found;
}

void PipelineState::add_performance_metric(std::string_view name, double value,
                                           const JsonValue& context) {
  JsonValue entry = JsonValue::object();
  entry.set(time_name, JsonValue::string(now_text()));
  entry.set("value", JsonValue::real(value));
  if (!context.is_null()) entry.set("context", context);
  append(list_in(performance_metrics, name), std::move(entry), values_max);
}

void PipelineState::learn_pattern(std::string_view name, const JsonValue& pattern) {
  JsonValue entry = pattern;
  if (entry.kind() != JsonKind::object) {
    entry = JsonValue::object();
    entry.set("pattern", pattern);
  }
  append(list_in(learned_patterns, name), with_time(std::move(entry)), values_max);
}

bool PipelineState::add_fix(const JsonValue& fix) {
  return add_object(fix_history, fix);
}

bool PipelineState::add_correlation(const JsonValue& correlation) {
  return add_object(correlations, correlation);
}

bool PipelineState::add_troubleshooting_result(const JsonValue& result) {
  return add_object(troubleshooting_results, result);
}

FixEffectiveness PipelineState::get_fix_effectiveness() const {
  FixEffectiveness result;
  Table<FixCount> types;
  for (const JsonValue& fix : fix_history) {
    const JsonValue* member = fix.find("success");
    const auto success = member == nullptr ? std::nullopt : member->as_boolean();
    if (!success) {
      ++result.unknown;
      continue;
    }
    FixCount& type = types[text_of(fix, "type")];
    for (std::size_t* total : {&result.total, &type.total}) ++*total;
    if (!*success) continue;
    for (std::size_t* successful : {&result.successful, &type.successful}) ++*successful;
  }
  for (auto& [name, type] : types) {
    type.type = name;
    result.by_type.push_back(std::move(type));
  }
  std::ranges::stable_sort(result.by_type, std::ranges::greater(), &FixCount::total);
  return result;
}

double FixCount::success_rate() const noexcept {
  return share(successful, total);
}

double FixEffectiveness::success_rate() const noexcept {
  return share(successful, total);
}

JsonValue FixEffectiveness::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("total", count(total));
  json.set("successful", count(successful));
  json.set("unknown", count(unknown));
  json.set("success_rate", JsonValue::real(success_rate()));
  std::vector<JsonValue> types;
  for (const FixCount& type : by_type) {
    JsonValue& entry = types.emplace_back(JsonValue::object());
    entry.set("type", JsonValue::string(type.type));
    entry.set("total", count(type.total));
    entry.set("successful", count(type.successful));
    entry.set("success_rate", JsonValue::real(type.success_rate()));
  }
  json.set("by_type", JsonValue::array(std::move(types)));
  return json;
}

JsonValue StateSummary::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("tasks", count(tasks));
  JsonValue statuses = JsonValue::object();
  for (const auto& [status, number] : by_status) statuses.set(to_string(status), count(number));
  json.set("by_status", std::move(statuses));
  json.set("completed_share", JsonValue::real(completed_share));
  json.set("files", count(files));
  json.set("files_needing_qa", count(files_needing_qa));
  json.set("runs", JsonValue::integer(runs));
  json.set("success_rate", JsonValue::real(success_rate));
  json.set("next_task_id", next_task_id.empty() ? JsonValue() : JsonValue::string(next_task_id));
  return json;
}

}  // namespace untorn::pipeline
