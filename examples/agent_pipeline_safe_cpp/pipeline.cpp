// SPDX-License-Identifier: Apache-2.0
#include "pipeline.h"

#include <algorithm>
#include <array>
#include <expected>
#include <string_view>
#include <utility>

namespace example {
namespace {

using untorn::Result;
using untorn::pipeline::CodeFiles;
using untorn::pipeline::LineFixer;
using untorn::pipeline::PatchInfo;
using untorn::pipeline::PatchManager;
using untorn::pipeline::PatternStore;
using untorn::pipeline::PipelineState;
using untorn::pipeline::StateManager;
using untorn::pipeline::Task;
using untorn::pipeline::TaskStatus;

// The phases of one round. Each task waits for the one before.
constexpr std::array<std::string_view, 4> phases = {"coding", "patching", "line_fixing",
                                                    "documentation"};
constexpr std::string_view changelog = "CHANGELOG.md";

// The phase is the first word of a task's description: "coding: module 3".
std::string phase_of(const Task& task) {
  return task.description.substr(0, task.description.find(':'));
}

std::string module_source(const Task& task) {
  return "\"\"\"" + task.target_file + "\"\"\"\n\n\ndef reorder(count):   \n" +
         "    missing = 20 - count\n    return max(0, missing)\n";
}

// Each round that is planned leaves one entry.
std::int64_t rounds_planned(const PipelineState& state) {
  const auto* entries = state.performance_metrics.find("rounds");
  return entries == nullptr ? 0 : static_cast<std::int64_t>(entries->items().size());
}

void plan_round(PipelineState& state) {
  const std::int64_t round = rounds_planned(state) + 1;
  const std::string module = "shop/module_" + std::to_string(round) + ".py";
  std::vector<std::string> before;
  for (const std::string_view phase : phases) {
    const Task& task = state.add_task(std::string(phase) + ": module " + std::to_string(round),
                                      module, round, before);
    before = {task.task_id};
  }
  state.add_performance_metric("rounds", static_cast<double>(round));
}

template <class T>
Result<void> without_value(const Result<T>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

}  // namespace

Result<Pipeline> Pipeline::open(const std::string& project) {
  auto states = StateManager::open(project);
  if (!states) return std::unexpected(states.error());
  auto files = CodeFiles::open(project);
  if (!files) return std::unexpected(files.error());
  auto patches = PatchManager::open(project);
  if (!patches) return std::unexpected(patches.error());
  auto fixer = LineFixer::open(project);
  if (!fixer) return std::unexpected(fixer.error());
  auto patterns = PatternStore::open(project);
  if (!patterns) return std::unexpected(patterns.error());
  return Pipeline(*std::move(states), *std::move(files), *std::move(patches), *std::move(fixer),
                  *std::move(patterns));
}

Result<void> Pipeline::run(std::int64_t rounds) {
  while (true) {
    const auto worked = step(rounds);
    if (!worked) return std::unexpected(worked.error());
    if (!*worked) return {};
  }
}

Result<bool> Pipeline::step(std::int64_t rounds) {
  auto task = next_task(rounds);
  if (!task) return std::unexpected(task.error());
  if (task->task_id.empty()) return false;
  const std::string phase = phase_of(*task);
  if (auto done = work_on(*task, phase); !done) return std::unexpected(done.error());
  if (auto done = close(*task, phase); !done) return std::unexpected(done.error());
  return true;
}

// Planning and taking are one update: no other process takes the same plan, and a crash leaves the
// round whole or not planned. A task without an id: there is nothing left to do.
Result<Task> Pipeline::next_task(std::int64_t rounds) {
  Task taken;
  const auto state = states_.update([&](PipelineState& now) {
    if (now.get_next_task() == nullptr && rounds_planned(now) < rounds) plan_round(now);
    if (const Task* next = now.get_next_task()) {
      taken = *next;
      now.update_task_status(taken.task_id, TaskStatus::in_progress);
    }
    return Result<void>();
  });
  if (!state) return std::unexpected(state.error());
  return taken;
}

Result<void> Pipeline::work_on(const Task& task, const std::string& phase) {
  if (phase == "coding") return code(task);
  if (phase == "patching") return patch(task);
  if (phase == "line_fixing") return without_value(fixer_.fix(task.target_file));
  return document(task);
}

// Two files and the task's mark appear together.
Result<void> Pipeline::code(const Task& task) {
  auto change = files_.change(task.task_id);
  if (!change) return std::unexpected(change.error());
  if (auto made = change->create(task.target_file, module_source(task)); !made) return made;
  if (auto made = change->create(task.target_file + ".owner", task.task_id + "\n"); !made) {
    return made;
  }
  return without_value(std::move(*change).commit());
}

// The description carries the task's id: a run that was killed after create() finds its patch
// again.
Result<void> Pipeline::patch(const Task& task) {
  auto known = patches_.list();
  if (!known) return std::unexpected(known.error());
  const auto mine = std::find_if(known->begin(), known->end(), [&](const PatchInfo& info) {
    return info.description == task.task_id;
  });
  std::uint64_t number = 0;
  if (mine != known->end()) {
    number = mine->number;
  } else {
    const auto made = patches_.create(
        task.task_id, {{.path = task.target_file,
                        .replacements = {{.before = "return max(0, missing)",
                                          .after = "return missing if missing > 0 else 0"}}}});
    if (!made) return std::unexpected(made.error());
    number = made->number;
  }
  return without_value(patches_.apply(number));
}

Result<void> Pipeline::document(const Task& task) {
  auto change = files_.change(task.task_id);
  if (!change) return std::unexpected(change.error());
  const auto present = change->read(changelog);
  if (!present) return std::unexpected(present.error());
  const std::string text = present->value_or("# Changes\n\n") + "- " + task.target_file + "\n";
  if (auto made = change->write(changelog, text); !made) return made;
  return without_value(std::move(*change).commit());
}

Result<void> Pipeline::close(const Task& task, const std::string& phase) {
  const auto recorded = patterns_.record_execution(
      task.task_id,
      {.phase = phase, .tool = phase, .success = true, .task = task.description, .error = {}});
  if (!recorded) return std::unexpected(recorded.error());
  return without_value(states_.update([&](PipelineState& state) {
    state.update_task_status(task.task_id, TaskStatus::completed);
    state.record_run(phase, true, task.task_id);
    return Result<void>();
  }));
}

}  // namespace example
