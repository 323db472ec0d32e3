// SPDX-License-Identifier: Apache-2.0
//
// Loads and saves the state of a pipeline, `PROJECT/.pipeline/state.json`.
//
//   auto manager = untorn::pipeline::StateManager::open("project");
//   auto done = manager->update([](untorn::pipeline::PipelineState& state) {
//     const auto& task = state.add_task("write the parser", "parser.py", 2);
//     state.update_task_status(task.task_id, untorn::pipeline::TaskStatus::in_progress);
//     return untorn::Result<void>();
//   });
//   if (auto recovery = manager->last_recovery()) warn_operator(recovery->message());
//
// The file is that of Untorn's Python package and of the programs it replaces: same place, same
// names. It is read and written by untorn/document.h, whose promises hold here: damage is answered
// by the newest good generation and reported, never by a new state. What the state holds, and what
// of a file stays as it was (S1 to S3), stands in pipeline_state.h.
//
//  S4  update() loses nothing, whatever other managers in other processes do. save() fails with
//      Code::conflict when another manager, or this one, has saved since the state was loaded, and
//      then nothing is changed: load(), decide anew, save(). A state that was not loaded but made
//      is held against what this manager saw last.
//
// The sink of the project gets "Saved state to FILE" (debug), "Failed to save state: WHY" (error),
// and what was recovered (warning).
//
// Cost: each save is one replacement of a document (four syncs at `durable`).
//
// Threads: a state and a manager belong to one thread at a time. Any number of managers, in any
// number of processes, may share a project.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "untorn/document.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/json.h"
#include "untorn/pipeline/pipeline_state.h"
#include "untorn/pipeline/project.h"

namespace untorn::pipeline {

class StateManager {
 public:
  // Makes `PROJECT/.pipeline` if it is not there; errors of Project::open.
  [[nodiscard]] static Result<StateManager> open(FileSystem& fs,
                                                 const std::filesystem::path& project,
                                                 const ProjectOptions& options = {});
  [[nodiscard]] static Result<StateManager> open(const std::filesystem::path& project,
                                                 const ProjectOptions& options = {});
  [[nodiscard]] static Result<StateManager> open(const Project& project);

  // The saved state; a new one only if none was ever saved. Errors of Document::load, S2, S3.
  [[nodiscard]] Result<PipelineState> load();
  // Sets state.updated. Errors of Document::replace; S2 for the file that would be replaced; S4.
  [[nodiscard]] Result<ReplacedDocument> save(PipelineState& state);
  // load(), `change` and save() in one, with nobody between. Nothing is saved if `change` fails.
  [[nodiscard]] Result<PipelineState> update(
      const std::function<Result<void>(PipelineState&)>& change);

  // A copy of the saved state, `.pipeline/backups/state_<time>.json`; its path. Code::not_found if
  // nothing was saved yet.
  [[nodiscard]] Result<std::filesystem::path> backup_state();
  // Newest first: the present state, the one before it, …
  [[nodiscard]] Result<std::vector<Generation>> history();
  // Saves history()[back] anew; 1 is the state before the present one. Code::not_found if so many
  // are not kept; S2 for the file that would be replaced.
  [[nodiscard]] Result<PipelineState> rollback(std::size_t back);

  // The state that one phase keeps for itself, `.pipeline/phases/NAME.json`: any JSON value, a
  // document of its own with its own generations, so that a phase that saves often does not
  // contend for the state. A name is 1 to 100 letters, digits, '_', '-' and '.', not beginning with
  // '.' or '-' (else Code::invalid_argument).
  [[nodiscard]] Result<ReplacedDocument> save_phase_state(std::string_view phase,
                                                          const JsonValue& state);
  // Nothing if none was ever saved.
  [[nodiscard]] Result<std::optional<JsonValue>> load_phase_state(std::string_view phase);
  // The phases that have one, sorted.
  [[nodiscard]] Result<std::vector<std::string>> phases_with_state();

  [[nodiscard]] Result<StateSummary> summary();

  // Each is update() with the function of PipelineState of that name. A value that is refused
  // there is Code::invalid_argument here.
  [[nodiscard]] Result<std::int64_t> increment_no_update_count(std::string_view phase);
  [[nodiscard]] Result<void> reset_no_update_count(std::string_view phase);
  [[nodiscard]] Result<std::int64_t> get_no_update_count(std::string_view phase);
  [[nodiscard]] Result<void> add_performance_metric(std::string_view name, double value,
                                                    const JsonValue& context = {});
  [[nodiscard]] Result<void> learn_pattern(std::string_view name, const JsonValue& pattern);
  [[nodiscard]] Result<void> add_fix(const JsonValue& fix);
  [[nodiscard]] Result<FixEffectiveness> get_fix_effectiveness();
  [[nodiscard]] Result<void> add_correlation(const JsonValue& correlation);
  [[nodiscard]] Result<void> add_troubleshooting_result(const JsonValue& result);

  // What the last load(), save() or update() had to do about damage.
  [[nodiscard]] const std::optional<Recovery>& last_recovery() const noexcept { return recovery_; }
  [[nodiscard]] const std::filesystem::path& state_file() const noexcept { return file_; }
  [[nodiscard]] const Project& project() const noexcept { return project_; }

 private:
  StateManager(Project project, std::filesystem::path file, Document document)
      : project_(std::move(project)), file_(std::move(file)), document_(std::move(document)) {}
  void note(const Recovery& recovery);
  void report(const Result<ReplacedDocument>& replaced, const std::string& what,
              const std::string& path);
  [[nodiscard]] Result<void> check_present();
  [[nodiscard]] Result<ReplacedDocument> replace(PipelineState& state);
  [[nodiscard]] Result<void> record(const std::function<bool(PipelineState&)>& change);
  [[nodiscard]] Result<Document> phase_document(std::string_view phase) const;

  Project project_;
  std::filesystem::path file_;
  Document document_;
  JsonStyle style_ = JsonStyle::indented(2);  // of the file
  std::optional<std::uint64_t> generation_;   // that this manager knows
  std::optional<Recovery> recovery_;
};

}  // namespace untorn::pipeline
