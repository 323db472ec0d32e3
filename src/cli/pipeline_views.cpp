// SPDX-License-Identifier: Apache-2.0
#include "cli/pipeline_views.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <utility>

#include "base/escape.h"
#include "base/try.h"
#include "untorn/pipeline/patch_manager.h"
#include "untorn/pipeline/pattern_store.h"
#include "untorn/pipeline/role_registry.h"
#include "untorn/pipeline/state_manager.h"
#include "untorn/pipeline/tool_registry.h"

namespace untorn::cli {
namespace {

using pipeline::PatternStore;
using pipeline::Project;
using pipeline::StateManager;

JsonValue text_or_null(const std::string& text) {
  return text.empty() ? JsonValue() : JsonValue::string(text);
}

JsonValue count(std::uint64_t number) {
  return JsonValue::integer(static_cast<std::int64_t>(number));
}

// What others wrote may hold anything; a terminal shall only be shown text.
std::string shown(const std::string& text) {
  return escape_controls(text);
}

std::string percent(double share) {
  return std::to_string(std::lround(share * 100)) + " %";
}

std::string plural(std::uint64_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text + " ";
}

template <class T>
JsonValue list_of(const std::vector<T>& items) {
  std::vector<JsonValue> values;
  for (const T& item : items) values.push_back(item.to_json());
  return JsonValue::array(std::move(values));
}

// Each with its use, null if nothing is known of it.
template <class T>
JsonValue with_statistics(const std::vector<T>& items,
                          const std::vector<pipeline::UseStatistics>& statistics) {
  JsonValue list = list_of(items);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto use = std::ranges::find(statistics, items[i].name, &pipeline::UseStatistics::name);
    list.edit_items()[i].set("statistics", use == statistics.end() ? JsonValue() : use->to_json());
  }
  return list;
}

// The project's log has told it already.
void add_recovery(PipelineView& view, const std::optional<Recovery>& recovery) {
  view.json.set("recovery", recovery ? JsonValue::string(recovery->message()) : JsonValue());
}

std::string utc_text(std::int64_t since_epoch_ns) {
  const auto seconds = static_cast<std::time_t>(since_epoch_ns / 1'000'000'000);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return "unknown";
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

JsonValue task_json(const pipeline::Task& task) {
  JsonValue json = JsonValue::object();
  json.set("task_id", JsonValue::string(task.task_id));
  json.set("description", JsonValue::string(task.description));
  json.set("target_file", JsonValue::string(task.target_file));
  json.set("status", JsonValue::string(to_string(task.status)));
  json.set("priority", JsonValue::integer(task.priority));
  json.set("attempts", JsonValue::integer(task.attempts));
  std::vector<JsonValue> dependencies;
  for (const std::string& each : task.dependencies) dependencies.push_back(JsonValue::string(each));
  json.set("dependencies", JsonValue::array(std::move(dependencies)));
  json.set("errors", count(task.errors.size()));
  json.set("updated_at", text_or_null(task.updated_at));
  return json;
}

JsonValue phase_json(const std::string& name, const pipeline::PhaseState& phase) {
  JsonValue json = JsonValue::object();
  json.set("name", JsonValue::string(name));
  json.set("runs", JsonValue::integer(phase.runs));
  json.set("successes", JsonValue::integer(phase.successes));
  json.set("failures", JsonValue::integer(phase.failures));
  json.set("success_rate", JsonValue::real(phase.success_rate()));
  json.set("consecutive_failures", count(phase.consecutive_failures()));
  json.set("last_run", phase.last_run ? JsonValue::string(*phase.last_run) : JsonValue());
  return json;
}

JsonValue generation_json(const Generation& one, std::size_t back) {
  JsonValue json = JsonValue::object();
  json.set("back", count(back));
  json.set("number", count(one.number));
  json.set("kept", JsonValue::string(utc_text(one.kept_ns)));
  json.set("origin", JsonValue::string(to_string(one.origin)));
  json.set("bytes", count(one.bytes));
  json.set("intact", JsonValue::boolean(one.intact));
  json.set("from_copy", JsonValue::boolean(one.from_copy));
  return json;
}

// Of what a summary shows nothing else of. Registries tell the project's log when they are opened.
Result<void> tell_damage(const Project& project, PipelineView& view) {
  const auto tools = pipeline::ToolRegistry::open(project);
  if (!tools) view.warnings.push_back(tools.error().message());
  const auto roles = pipeline::RoleRegistry::open(project);
  if (!roles) view.warnings.push_back(roles.error().message());
  UNTORN_TRY(auto manager,
             pipeline::PatchManager::open(project.fs(), project.root(), project.options()));
  const auto patches = manager.list();
  if (!patches) {
    view.warnings.push_back(patches.error().message());
    return {};
  }
  for (const auto& patch : *patches) {
    if (patch.damage.empty()) continue;
    view.warnings.push_back("patch " + std::to_string(patch.number) + ": " + patch.damage);
  }
  return {};
}

}  // namespace

Result<PipelineView> view_status(const Project& project) {
  UNTORN_TRY(StateManager manager, StateManager::open(project));
  UNTORN_TRY(const pipeline::PipelineState state, manager.load());
  UNTORN_TRY(const auto generations, manager.history());
  UNTORN_TRY(PatternStore patterns, PatternStore::open(project));
  UNTORN_TRY(const auto statistics, patterns.statistics());
  const bool is_saved = !generations.empty() || !state.source.is_null();
  const pipeline::StateSummary summary = state.summary();
  PipelineView view;
  add_recovery(view, manager.last_recovery());
  view.json.set("saved", JsonValue::boolean(is_saved));
  view.json.set("version", JsonValue::integer(state.version));
  view.json.set("updated", is_saved ? text_or_null(state.updated) : JsonValue());
  view.json.set("pipeline_run_id", is_saved ? text_or_null(state.pipeline_run_id) : JsonValue());
  view.json.set("generations", count(generations.size()));
  view.json.set("summary", summary.to_json());
  std::vector<JsonValue> phases;
  for (const auto& [name, phase] : state.phases) phases.push_back(phase_json(name, phase));
  view.json.set("phases", JsonValue::array(std::move(phases)));
  view.json.set("executions", count(statistics.executions));
  UNTORN_CHECK(tell_damage(project, view));
  if (!is_saved) {
    view.text = "no state was saved yet\n";
    return view;
  }
  view.text = "state     saved " + shown(state.updated) + ", " +
              plural(generations.size(), "generation") + " kept\n" + "summary   " +
              shown(summary.text()) + "\n" + "patterns  " +
              plural(statistics.executions, "execution") + ", " + percent(statistics.success_rate) +
              " succeeded\n";
  for (const auto& [name, phase] : state.phases) {
    view.text += "phase     " + shown(name) + ": " +
                 plural(static_cast<std::uint64_t>(std::max<std::int64_t>(phase.runs, 0)), "run") +
                 ", " + percent(phase.success_rate()) + " succeeded\n";
  }
  return view;
}

Result<PipelineView> view_tasks(const Project& project) {
  UNTORN_TRY(StateManager manager, StateManager::open(project));
  UNTORN_TRY(const pipeline::PipelineState state, manager.load());
  PipelineView view;
  add_recovery(view, manager.last_recovery());
  std::vector<JsonValue> tasks;
  for (const auto& [id, task] : state.tasks) {
    tasks.push_back(task_json(task));
    view.text += padded(shown(id), 12) + padded(std::string(to_string(task.status)), 13) +
                 padded(std::to_string(task.priority), 2) + shown(task.description) + " (" +
                 shown(task.target_file) + ")\n";
  }
  if (tasks.empty()) view.text = "no tasks\n";
  const pipeline::Task* const next = state.get_next_task();
  view.json.set("tasks", JsonValue::array(std::move(tasks)));
  view.json.set("next_task_id", next == nullptr ? JsonValue() : JsonValue::string(next->task_id));
  return view;
}

Result<PipelineView> view_patterns(const Project& project) {
  UNTORN_TRY(PatternStore store, PatternStore::open(project));
  UNTORN_TRY(const auto statistics, store.statistics());
  PipelineView view;
  add_recovery(view, store.last_recovery());
  UNTORN_TRY(const auto tools, store.tool_patterns());
  UNTORN_TRY(const auto failures, store.failure_patterns());
  UNTORN_TRY(const auto successes, store.success_patterns());
  UNTORN_TRY(const auto phases, store.phase_patterns());
  view.json.set("statistics", statistics.to_json());
  view.json.set("tool_patterns", list_of(tools));
  view.json.set("failure_patterns", list_of(failures));
  view.json.set("success_patterns", list_of(successes));
  view.json.set("phase_patterns", list_of(phases));
  view.text = plural(statistics.executions, "execution") + ", " + percent(statistics.success_rate) +
              " succeeded\n";
  for (const auto& each : tools) {
    view.text += "tool     " + shown(each.phase) + ": " + shown(each.tool) + ", " +
                 std::to_string(each.successes) + " of " + plural(each.uses, "use") +
                 " succeeded, confidence " + percent(each.confidence) + "\n";
  }
  for (const auto& each : failures) {
    view.text += "failure  " + shown(each.tool) + ": " + shown(each.signature) + ", " +
                 plural(each.count, "time");
    for (const auto& [tool, times] : each.helped) {
      view.text += "; " + shown(tool) + " helped " + std::to_string(times);
    }
    view.text += "\n";
  }
  for (const auto& each : phases) {
    view.text += "phase    " + shown(each.from) + " > " + shown(each.to) + ", " +
                 plural(each.count, "time") + "\n";
  }
  return view;
}

Result<PipelineView> view_tools(const Project& project) {
  UNTORN_TRY(const auto registry, pipeline::ToolRegistry::open(project));
  UNTORN_TRY(const auto tools, registry.list());
  PipelineView view;
  UNTORN_TRY(const auto statistics, registry.statistics());
  view.json.set("tools", with_statistics(tools, statistics));
  for (const auto& tool : tools) {
    view.text += padded(shown(tool.name), 20) + shown(tool.description) + "\n";
  }
  if (tools.empty()) view.text = "no tools\n";
  return view;
}

Result<PipelineView> view_roles(const Project& project) {
  UNTORN_TRY(const auto registry, pipeline::RoleRegistry::open(project));
  UNTORN_TRY(const auto roles, registry.list());
  PipelineView view;
  UNTORN_TRY(const auto statistics, registry.statistics());
  view.json.set("roles", with_statistics(roles, statistics));
  for (const auto& role : roles) {
    view.text += padded(shown(role.name), 20) + shown(role.description) + "\n";
  }
  if (roles.empty()) view.text = "no roles\n";
  return view;
}

Result<PipelineView> view_patches(const Project& project) {
  UNTORN_TRY(auto manager,
             pipeline::PatchManager::open(project.fs(), project.root(), project.options()));
  UNTORN_TRY(const auto patches, manager.list());
  PipelineView view;
  view.json.set("patches", list_of(patches));
  for (const auto& patch : patches) {
    view.text += padded(std::to_string(patch.number), 5) +
                 padded(std::string(to_string(patch.status)), 9) + shown(patch.description) + "\n";
    if (patch.damage.empty()) continue;
    view.warnings.push_back("patch " + std::to_string(patch.number) + ": " + patch.damage);
  }
  if (patches.empty()) view.text = "no patches\n";
  return view;
}

Result<PipelineView> view_history(const Project& project) {
  UNTORN_TRY(StateManager manager, StateManager::open(project));
  UNTORN_TRY(const auto generations, manager.history());
  PipelineView view;
  std::vector<JsonValue> list;
  for (const Generation& one : generations) {
    const std::size_t back = list.size();
    list.push_back(generation_json(one, back));
    view.text += padded(std::to_string(back), 3) + utc_text(one.kept_ns) + "  generation " +
                 std::to_string(one.number) + ", " + plural(one.bytes, "byte") + ", " +
                 std::string(to_string(one.origin)) + (one.from_copy ? ", of a copy" : "") +
                 (one.intact ? "" : ", damaged") + "\n";
  }
  if (list.empty()) view.text = "no generation is kept\n";
  view.json.set("generations", JsonValue::array(std::move(list)));
  return view;
}

}  // namespace untorn::cli
