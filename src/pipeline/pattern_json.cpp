// SPDX-License-Identifier: Apache-2.0
//
// Patterns as JSON values, for other languages and for reports.
#include <utility>

#include "untorn/pipeline/pattern_store.h"

namespace untorn::pipeline {
namespace {

JsonValue number(std::uint64_t value) {
  return JsonValue::integer(static_cast<std::int64_t>(value));
}

JsonValue text(const std::string& value) {
  return JsonValue::string(value);
}

JsonValue totals_json(const std::vector<PatternTotal>& totals) {
  std::vector<JsonValue> items;
  for (const PatternTotal& total : totals) {
    JsonValue& json = items.emplace_back(JsonValue::object());
    json.set("name", text(total.name));
    json.set("uses", number(total.uses));
    json.set("successes", number(total.successes));
    json.set("duration_s", JsonValue::real(total.duration_s));
  }
  return JsonValue::array(std::move(items));
}

}  // namespace

JsonValue RecordedExecution::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("already", JsonValue::boolean(already));
  json.set("executions", number(executions));
  return json;
}

JsonValue ToolPattern::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("phase", text(phase));
  json.set("tool", text(tool));
  json.set("uses", number(uses));
  json.set("successes", number(successes));
  json.set("duration_s", JsonValue::real(duration_s));
  json.set("confidence", JsonValue::real(confidence));
  json.set("last_used", text(last_used));
  return json;
}

JsonValue FailurePattern::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("tool", text(tool));
  json.set("phase", text(phase));
  json.set("signature", text(signature));
  json.set("example", text(example));
  json.set("count", number(count));
  json.set("confidence", JsonValue::real(confidence));
  std::vector<JsonValue> tools;
  for (const auto& [name, times] : helped) {
    JsonValue& entry = tools.emplace_back(JsonValue::object());
    entry.set("tool", text(name));
    entry.set("count", number(times));
  }
  json.set("helped", JsonValue::array(std::move(tools)));
  json.set("last_seen", text(last_seen));
  return json;
}

JsonValue SuccessPattern::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("phase", text(phase));
  json.set("tool", text(tool));
  json.set("count", number(count));
  json.set("confidence", JsonValue::real(confidence));
  std::vector<JsonValue> examples;
  for (const std::string& task : tasks) examples.push_back(text(task));
  json.set("tasks", JsonValue::array(std::move(examples)));
  return json;
}

JsonValue PhasePattern::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("from", text(from));
  json.set("to", text(to));
  json.set("count", number(count));
  json.set("successes", number(successes));
  json.set("confidence", JsonValue::real(confidence));
  return json;
}

std::string_view to_string(Recommendation::Kind kind) noexcept {
  switch (kind) {
    case Recommendation::Kind::use_tool:
      return "use_tool";
    case Recommendation::Kind::avoid_tool:
      return "avoid_tool";
    case Recommendation::Kind::try_tool:
      return "try_tool";
    case Recommendation::Kind::next_phase:
      return "next_phase";
  }
  return "unknown";
}

JsonValue Recommendation::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("kind", JsonValue::string(to_string(kind)));
  json.set("subject", text(subject));
  json.set("score", JsonValue::real(score));
  json.set("confidence", JsonValue::real(confidence));
  json.set("similarity", JsonValue::real(similarity));
  json.set("reason", text(reason));
  return json;
}

JsonValue PatternStatistics::to_json() const {
  JsonValue json = JsonValue::object();
  json.set("executions", number(executions));
  json.set("successes", number(successes));
  json.set("failures", number(failures));
  json.set("success_rate", JsonValue::real(success_rate));
  json.set("duration_s", JsonValue::real(duration_s));
  json.set("tools", totals_json(tools));
  json.set("phases", totals_json(phases));
  json.set("tool_patterns", number(tool_patterns));
  json.set("failure_patterns", number(failure_patterns));
  json.set("phase_patterns", number(phase_patterns));
  json.set("remembered", number(remembered));
  return json;
}

}  // namespace untorn::pipeline
