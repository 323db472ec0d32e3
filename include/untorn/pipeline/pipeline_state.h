// SPDX-License-Identifier: Apache-2.0
//
// The state of a pipeline as a value: its tasks, files, phases, queue and what it has learnt. Read
// from and written to JSON; kept in a file by state_manager.h.
//
//   untorn::pipeline::PipelineState state = untorn::pipeline::PipelineState::make();
//   const auto& task = state.add_task("write the parser", "parser.py", 2);
//   if (const auto* next = state.get_next_task()) work_on(*next);
//
//  S1  What this version does not know stays where it is: unknown members at every level, and the
//      source text of everything that did not change.
//  S2  A file with a version above `state_version` is refused with Code::unsupported.
//  S3  A member of the wrong type is refused with Code::invalid_argument; the message names it
//      ("tasks.1f0c.priority: an integer was expected, found a string"). The file stays as it is.
//
// Lists that would grow with every run keep their last entries: 1000 fixes, correlations and
// troubleshooting results, 100 values of each metric and pattern.
//
// Threads: a state is a value, and belongs to one thread at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "untorn/error.h"
#include "untorn/json.h"

namespace untorn::pipeline {

inline constexpr std::int64_t state_version = 2;

enum class TaskStatus : std::uint8_t {
  fresh,  // "NEW"
  in_progress,
  completed,
  failed,
  skipped,
  qa_pending,
  qa_failed,
  debug_pending,
  needs_fixes,
};
// "NEW", "IN_PROGRESS", …; reading takes small letters, too.
[[nodiscard]] std::string_view to_string(TaskStatus) noexcept;

enum class FileStatus : std::uint8_t { unknown, pending, approved, rejected };
[[nodiscard]] std::string_view to_string(FileStatus) noexcept;

// Values by name, in the order in which they were added.
template <class T>
class Table {
 public:
  using Entry = std::pair<std::string, T>;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] auto begin() const noexcept { return entries_.begin(); }
  [[nodiscard]] auto end() const noexcept { return entries_.end(); }
  [[nodiscard]] auto begin() noexcept { return entries_.begin(); }
  [[nodiscard]] auto end() noexcept { return entries_.end(); }

  [[nodiscard]] const T* find(std::string_view name) const {
    const auto found = places_.find(name);
    return found == places_.end() ? nullptr : &entries_[found->second].second;
  }
  [[nodiscard]] T* find(std::string_view name) {
    return const_cast<T*>(std::as_const(*this).find(name));
  }
  // The value of that name, made if there is none.
  T& operator[](std::string_view name) {
    if (T* value = find(name)) return *value;
    places_.emplace(name, entries_.size());
    return entries_.emplace_back(std::string(name), T()).second;
  }
  bool erase(std::string_view name) {
    const auto found = places_.find(name);
    if (found == places_.end()) return false;
    const std::size_t place = found->second;
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(place));
    places_.erase(found);
    for (auto& [other, later] : places_) later -= later > place ? 1U : 0U;
    return true;
  }

 private:
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

// In each of these, `source` is the object that it was read from (null if it was made here): it
// keeps unknown members and source text (S1). Times are local, as ISO 8601 without a zone.

struct TaskError {
  std::int64_t attempt = 0;
  std::string error_type;
  std::string message;
  std::string timestamp;
  std::optional<std::int64_t> line_number;
  std::optional<std::string> code_snippet;
  std::string phase = "coding";
  JsonValue source;
};

struct Task {
  std::string task_id;
  std::string description;
  std::string target_file;
  std::int64_t priority = 5;  // 1 goes before 5
  TaskStatus status = TaskStatus::fresh;
  std::int64_t attempts = 0;
  std::string created;
  std::optional<std::string> completed;
  std::vector<std::string> dependencies;  // ids, or target files, of other tasks
  std::vector<TaskError> errors;
  std::vector<JsonValue> issues;
  std::string created_at;
  std::string updated_at;
  JsonValue source;
};

struct FileState {
  std::string filepath;
  std::string hash;
  std::string created;
  std::string last_modified;
  std::optional<std::string> last_qa;
  FileStatus qa_status = FileStatus::unknown;
  std::int64_t size = 0;
  std::vector<JsonValue> issues;
  JsonValue source;
};

struct PhaseRun {
  std::string timestamp;
  bool success = false;
  std::optional<std::string> task_id;
  JsonValue source;
};

struct PhaseState {
  std::optional<std::string> last_run;
  std::int64_t runs = 0;
  std::int64_t successes = 0;
  std::int64_t failures = 0;
  std::vector<PhaseRun> run_history;  // the last `run_history_max`, oldest first
  JsonValue source;

  static constexpr std::size_t run_history_max = 100;

  // Of all runs; 0 without any.
  [[nodiscard]] double success_rate() const noexcept;
  // Of the last `count` in the history.
  [[nodiscard]] double recent_success_rate(std::size_t count = 5) const noexcept;
  [[nodiscard]] std::size_t consecutive_failures() const noexcept;
  // The last 5 runs succeed more (less) often than the 5 before them, by more than a fifth.
  [[nodiscard]] bool is_improving() const noexcept;
  [[nodiscard]] bool is_degrading() const noexcept;
  // Of the last 6 runs at least 4 ended otherwise than the one before.
  [[nodiscard]] bool is_oscillating() const noexcept;
};

struct QueueEntry {
  std::string task_id;
  std::int64_t priority = 5;
  JsonValue source;
};

struct StateSummary {
  std::size_t tasks = 0;
  std::vector<std::pair<TaskStatus, std::size_t>> by_status;  // those that occur
  double completed_share = 0;                                 // of the tasks, 0 to 1
  std::size_t files = 0;
  std::size_t files_needing_qa = 0;
  std::int64_t runs = 0;
  double success_rate = 0;
  std::string next_task_id;  // empty if none can be done

  // "3 tasks: 1 COMPLETED, 2 NEW; 4 files, 1 needs QA; 7 runs, 71 % succeeded; next: 1f0c…"
  [[nodiscard]] std::string text() const;
  [[nodiscard]] JsonValue to_json() const;
};

// How often fixes of one type worked.
struct FixCount {
  std::string type;
  std::size_t total = 0;
  std::size_t successful = 0;
  [[nodiscard]] double success_rate() const noexcept;  // 0 without any
};
struct FixEffectiveness {
  std::size_t total = 0;  // fixes whose result is known
  std::size_t successful = 0;
  std::size_t unknown = 0;        // fixes without a result
  std::vector<FixCount> by_type;  // most frequent first
  [[nodiscard]] double success_rate() const noexcept;
  [[nodiscard]] JsonValue to_json() const;
};

struct PipelineState {
  std::int64_t version = state_version;
  std::string updated;
  std::string pipeline_run_id;
  Table<Task> tasks;
  Table<FileState> files;
  Table<PhaseState> phases;
  std::vector<QueueEntry> queue;  // what can be worked on, most urgent first
  std::int64_t expansion_count = 0;
  std::int64_t last_doc_update_count = 0;
  std::string project_maturity = "initial";
  std::int64_t last_planning_iteration = 0;
  JsonValue performance_metrics = JsonValue::object();
  JsonValue learned_patterns = JsonValue::object();
  std::vector<JsonValue> fix_history;
  std::vector<JsonValue> troubleshooting_results;
  std::vector<JsonValue> correlations;
  Table<std::int64_t> no_update_counts;
  std::vector<std::string> phase_history;  // names of the last `phase_history_max` runs
  JsonValue source;
  // The generation that it was loaded from or saved as (0: there was none), by which save() sees
  // that it is no longer the present one. Not in the file, and of no matter to ==.
  std::optional<std::uint64_t> generation = std::nullopt;

  static constexpr std::size_t phase_history_max = 1000;
  static constexpr std::size_t learned_max = 1000;  // fixes, correlations, results
  static constexpr std::size_t values_max = 100;    // of each metric and pattern

  // With a run id and a time.
  [[nodiscard]] static PipelineState make();
  // S1, S2, S3; Error::path() is `path`.
  [[nodiscard]] static Result<PipelineState> from_json(const JsonValue& value,
                                                       const std::string& path = {});
  [[nodiscard]] JsonValue to_json() const;
  // S2 alone.
  [[nodiscard]] static Result<void> check_version(const JsonValue& value,
                                                  const std::string& path = {});
  // By value, unknown members included.
  friend bool operator==(const PipelineState& left, const PipelineState& right);

  // A new task with an id that no other has. The reference holds until the next one is added.
  Task& add_task(std::string description, std::string target_file, std::int64_t priority = 5,
                 std::vector<std::string> dependencies = {});
  // Sets the times, too, and orders the queue anew. False if there is no such task.
  bool update_task_status(std::string_view task_id, TaskStatus status);
  // Counts an attempt that failed. False if there is no such task.
  bool add_task_error(std::string_view task_id, std::string error_type, std::string message,
                      std::string phase = "coding");
  // What to do next: the first of the queue whose dependencies are all completed or skipped (one
  // that is no task here does not matter). Null if there is none.
  [[nodiscard]] const Task* get_next_task() const;
  // Open tasks by priority, then by age. What failed QA counts as 2, what waits for debugging as 3,
  // what was begun as 4, if that is more urgent than its own.
  void rebuild_queue();

  void update_file(std::string_view filepath, std::string hash, std::int64_t size);
  bool mark_file_reviewed(std::string_view filepath, bool approved,
                          std::vector<JsonValue> issues = {});
  [[nodiscard]] std::vector<std::string> files_needing_qa() const;

  PhaseState& record_run(std::string_view phase, bool success,
                         std::optional<std::string> task_id = std::nullopt);
  // How often in a row the phase found nothing to do.
  std::int64_t increment_no_update_count(std::string_view phase);
  void reset_no_update_count(std::string_view phase);
  [[nodiscard]] std::int64_t get_no_update_count(std::string_view phase) const;

  // What was learnt. Each entry gets "timestamp", unless it has one.
  // performance_metrics[name] gets {"value", "context"} (no context if it is null). A value that
  // an older program kept there and that is no list becomes the first entry of the list.
  void add_performance_metric(std::string_view name, double value, const JsonValue& context = {});
  // learned_patterns[name] gets `pattern`: an object itself, anything else as {"pattern": …}.
  void learn_pattern(std::string_view name, const JsonValue& pattern);
  // Objects with members of the caller's choice; false, and nothing changed, for anything else.
  // Of a fix "type" (a string) and "success" (true or false) are understood.
  bool add_fix(const JsonValue& fix);
  bool add_correlation(const JsonValue& correlation);
  bool add_troubleshooting_result(const JsonValue& result);
  [[nodiscard]] FixEffectiveness get_fix_effectiveness() const;

  [[nodiscard]] StateSummary summary() const;
};

}  // namespace untorn::pipeline
