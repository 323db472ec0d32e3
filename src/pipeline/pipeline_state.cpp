// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/hash.h"
#include "base/refusal.h"
#include "base/try.h"
#include "pipeline/clock.h"
#include "pipeline/fields.h"
#include "untorn/pipeline/pipeline_state.h"

namespace untorn::pipeline {
namespace {

// What get_next_task() may give.
bool is_open(const Task& task) {
  switch (task.status) {
    case TaskStatus::fresh:
    case TaskStatus::in_progress:
    case TaskStatus::qa_failed:
    case TaskStatus::needs_fixes:
    case TaskStatus::debug_pending:
      return true;
    default:
      return false;
  }
}

bool is_settled(const Task& task) {
  return task.status == TaskStatus::completed || task.status == TaskStatus::skipped;
}

std::int64_t urgency(const Task& task) {
  constexpr std::int64_t after_qa = 2;
  constexpr std::int64_t after_debugging = 3;
  constexpr std::int64_t begun = 4;
  switch (task.status) {
    case TaskStatus::qa_failed:
    case TaskStatus::needs_fixes:
      return std::min(task.priority, after_qa);
    case TaskStatus::debug_pending:
      return std::min(task.priority, after_debugging);
    case TaskStatus::in_progress:
      return std::min(task.priority, begun);
    default:
      return task.priority;
  }
}

bool needs_qa(const FileState& file) {
  return file.qa_status == FileStatus::unknown || file.qa_status == FileStatus::pending;
}

std::string new_task_id(const Table<Task>& tasks, const std::string& text) {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr unsigned id_digits = 12;
  Hash128 hash = hash128(text + now_text());
  for (;;) {
    std::string id;
    for (unsigned i = 0; i < id_digits; ++i) id += digits[(hash.first >> (4 * i)) & 0xFU];
    if (tasks.find(id) == nullptr) return id;
    hash = combine(hash, tasks.size());
  }
}

template <class T>
void keep_last(std::vector<T>& list, std::size_t count) {
  if (list.size() <= count) return;
  list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(count));
}

void set_time(Task& task) {
  task.updated_at = now_text();
}

}  // namespace

PipelineState PipelineState::make() {
  PipelineState state;
  state.updated = now_text();
  state.pipeline_run_id = "run_" + now_name();
  return state;
}

Result<void> PipelineState::check_version(const JsonValue& value, const std::string& path) {
  const JsonValue* version = value.find("version");
  const auto number = version != nullptr ? version->as_integer() : std::nullopt;
  if (!number || *number <= state_version) return {};
  return refused(Code::unsupported, path,
                 "its version is " + std::to_string(*number) + ", and this program reads up to " +
                     std::to_string(state_version));
}

Result<PipelineState> PipelineState::from_json(const JsonValue& value, const std::string& path) {
  // The version decides whether the rest can be understood at all.
  UNTORN_CHECK(check_version(value, path));
  PipelineState state;
  FieldReader reader;
  reader.read(value, state);
  if (!reader.problem().empty()) return refused(Code::invalid_argument, path, reader.problem());
  return state;
}

JsonValue PipelineState::to_json() const {
  return write_struct(*this);
}

bool operator==(const PipelineState& left, const PipelineState& right) {
  return left.to_json() == right.to_json();
}

Task& PipelineState::add_task(std::string description, std::string target_file,
                              std::int64_t priority, std::vector<std::string> dependencies) {
  Task task;
  task.task_id = new_task_id(tasks, description + "\n" + target_file);
  task.description = std::move(description);
  task.target_file = std::move(target_file);
  task.priority = priority;
  task.dependencies = std::move(dependencies);
  task.created = now_text();
  task.created_at = task.created;
  task.updated_at = task.created;
  updated = task.created;
  const std::string id = task.task_id;
  Task& added = tasks[id];
  added = std::move(task);
  rebuild_queue();
  return added;
}

bool PipelineState::update_task_status(std::string_view task_id, TaskStatus status) {
  Task* task = tasks.find(task_id);
  if (task == nullptr) return false;
  task->status = status;
  set_time(*task);
  if (status == TaskStatus::completed) task->completed = task->updated_at;
  updated = task->updated_at;
  rebuild_queue();
  return true;
}

bool PipelineState::add_task_error(std::string_view task_id, std::string error_type,
                                   std::string message, std::string phase) {
  Task* task = tasks.find(task_id);
  if (task == nullptr) return false;
  ++task->attempts;
  set_time(*task);
  TaskError error;
  error.attempt = task->attempts;
  error.error_type = std::move(error_type);
  error.message = std::move(message);
  error.timestamp = task->updated_at;
  error.phase = std::move(phase);
  task->errors.push_back(std::move(error));
  updated = task->updated_at;
  return true;
}

const Task* PipelineState::get_next_task() const {
  const auto is_free = [this](const Task& task) {
    return std::ranges::all_of(task.dependencies, [this, &task](const std::string& name) {
      const Task* by_id = tasks.find(name);
      if (by_id != nullptr) return is_settled(*by_id);
      return std::ranges::all_of(tasks, [&](const auto& entry) {
        const Task& other = entry.second;
        return other.target_file != name || &other == &task || is_settled(other);
      });
    });
  };
  for (const QueueEntry& entry : queue) {
    const Task* task = tasks.find(entry.task_id);
    if (task != nullptr && is_open(*task) && is_free(*task)) return task;
  }
  // A queue that another program wrote may lack tasks.
  const Task* best = nullptr;
  for (const auto& [id, task] : tasks) {
    if (!is_open(task) || !is_free(task)) continue;
    if (best == nullptr || urgency(task) < urgency(*best)) best = &task;
  }
  return best;
}

void PipelineState::rebuild_queue() {
  const bool ids_alone = !queue.empty() && queue.front().source.kind() == JsonKind::string;
  Table<QueueEntry> old;
  for (QueueEntry& entry : queue) old[entry.task_id] = std::move(entry);
  queue.clear();
  for (const auto& [id, task] : tasks) {
    if (!is_open(task)) continue;
    QueueEntry entry;
    if (QueueEntry* known = old.find(id)) entry = std::move(*known);
    if (ids_alone && entry.source.is_null()) entry.source = JsonValue::string(id);
    entry.task_id = id;
    entry.priority = urgency(task);
    queue.push_back(std::move(entry));
  }
  std::ranges::stable_sort(queue, {}, &QueueEntry::priority);
}

void PipelineState::update_file(std::string_view filepath, std::string hash, std::int64_t size) {
  updated = now_text();
  const bool is_new = files.find(filepath) == nullptr;
  FileState& file = files[filepath];
  if (is_new) {
    file.filepath = filepath;
    file.created = updated;
  }
  if (is_new || file.hash != hash) file.qa_status = FileStatus::pending;
  file.hash = std::move(hash);
  file.size = size;
  file.last_modified = updated;
}

bool PipelineState::mark_file_reviewed(std::string_view filepath, bool approved,
                                       std::vector<JsonValue> issues) {
  FileState* file = files.find(filepath);
  if (file == nullptr) return false;
  updated = now_text();
  file->last_qa = updated;
  file->qa_status = approved ? FileStatus::approved : FileStatus::rejected;
  file->issues = std::move(issues);
  return true;
}

std::vector<std::string> PipelineState::files_needing_qa() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : files) {
    if (needs_qa(file)) names.push_back(name);
  }
  return names;
}

PhaseState& PipelineState::record_run(std::string_view phase, bool success,
                                      std::optional<std::string> task_id) {
  updated = now_text();
  PhaseState& state = phases[phase];
  state.last_run = updated;
  ++state.runs;
  ++(success ? state.successes : state.failures);
  PhaseRun run;
  run.timestamp = updated;
  run.success = success;
  run.task_id = std::move(task_id);
  state.run_history.push_back(std::move(run));
  keep_last(state.run_history, PhaseState::run_history_max);
  phase_history.emplace_back(phase);
  keep_last(phase_history, phase_history_max);
  return state;
}

StateSummary PipelineState::summary() const {
  StateSummary summary;
  summary.tasks = tasks.size();
  std::array<std::size_t, static_cast<std::size_t>(TaskStatus::needs_fixes) + 1> counts{};
  for (const auto& [id, task] : tasks) ++counts[static_cast<std::size_t>(task.status)];
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) summary.by_status.emplace_back(static_cast<TaskStatus>(i), counts[i]);
  }
  if (!tasks.empty()) {
    const auto completed = counts[static_cast<std::size_t>(TaskStatus::completed)];
    summary.completed_share = static_cast<double>(completed) / static_cast<double>(tasks.size());
  }
  summary.files = files.size();
  summary.files_needing_qa = files_needing_qa().size();
  std::int64_t successes = 0;
  for (const auto& [name, phase] : phases) {
    summary.runs += phase.runs;
    successes += phase.successes;
  }
  if (summary.runs > 0) {
    summary.success_rate = static_cast<double>(successes) / static_cast<double>(summary.runs);
  }
  if (const Task* next = get_next_task()) summary.next_task_id = next->task_id;
  return summary;
}

std::string StateSummary::text() const {
  const auto counted = [](std::size_t count, const char* what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
  };
  std::string text = counted(tasks, "task");
  const char* separator = ": ";
  for (const auto& [status, count] : by_status) {
    text += separator + std::to_string(count) + " " + std::string(to_string(status));
    separator = ", ";
  }
  text += "; " + counted(files, "file") + ", " + std::to_string(files_needing_qa) +
          (files_needing_qa == 1 ? " needs QA; " : " need QA; ");
  text += counted(static_cast<std::size_t>(std::max<std::int64_t>(runs, 0)), "run");
  if (runs > 0) text += ", " + std::to_string(std::lround(success_rate * 100)) + " % succeeded";
  if (!next_task_id.empty()) text += "; next: " + next_task_id;
  return text;
}

}  // namespace untorn::pipeline
