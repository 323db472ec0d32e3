// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/state_manager.h"

#include <span>
#include <utility>

#include "base/try.h"
#include "pipeline/clock.h"
#include "pipeline/folders.h"
#include "untorn/replace.h"

namespace untorn::pipeline {
namespace {

constexpr const char* backups_name = "backups";
constexpr const char* file_name = ".pipeline/state.json";

Error read_only(const std::filesystem::path& file) {
  return {Code::permission_denied,           Step::resolve, Outcome::not_applied, 0, file.native(),
          "the project was opened read-only"};
}

Error invalid(const std::filesystem::path& file, std::string why) {
  return {Code::invalid_argument, Step::check,   Outcome::not_applied, 0,
          file.native(),          std::move(why)};
}

constexpr const char* object_wanted = "what is recorded must be a JSON object";

}  // namespace

Result<StateManager> StateManager::open(const Project& project) {
  UNTORN_TRY(Document document, project.document(file_name));
  std::filesystem::path file = project.file(file_name);
  return StateManager(project, std::move(file), std::move(document));
}

Result<StateManager> StateManager::open(FileSystem& fs, const std::filesystem::path& project,
                                        const ProjectOptions& options) {
  UNTORN_TRY(const Project opened, Project::open(fs, project, options));
  UNTORN_TRY(StateManager manager, open(opened));
  manager.file_ = project / file_name;
  return manager;
}

Result<StateManager> StateManager::open(const std::filesystem::path& project,
                                        const ProjectOptions& options) {
  return open(posix_file_system(), project, options);
}

void StateManager::note(const Recovery& recovery) {
  recovery_.reset();
  if (!recovery.happened) return;
  recovery_ = recovery;
  project_.log(LogLevel::warning, "Recovered state: " + recovery.message());
}

void StateManager::report(const Result<ReplacedDocument>& replaced, const std::string& what,
                          const std::string& path) {
  if (!replaced) {
    project_.log(LogLevel::error, "Failed to save " + what + ": " + replaced.error().message());
    return;
  }
  if (replaced->recovery.happened) note(replaced->recovery);
  project_.log(LogLevel::debug, "Saved " + what + " to " + path);
}

Result<PipelineState> StateManager::load() {
  recovery_.reset();
  UNTORN_TRY(LoadedDocument loaded, document_.load());
  note(loaded.recovery);
  if (!loaded.document) {
    generation_ = 0;
    PipelineState state = PipelineState::make();
    state.generation = 0;
    return state;
  }
  UNTORN_TRY(PipelineState state, PipelineState::from_json(loaded.document->root, file_.native()));
  style_ = std::move(loaded.document->style);
  generation_ = loaded.generation;
  state.generation = loaded.generation;
  return state;
}

// S2 holds for what is about to be replaced, too.
Result<void> StateManager::check_present() {
  auto loaded = document_.load();
  if (!loaded) {
    // Damage without a generation: replace() sets it aside.
    if (loaded.error().code() == Code::corrupt) return {};
    return std::unexpected(loaded.error());
  }
  note(loaded->recovery);
  if (!loaded->document) return {};
  UNTORN_CHECK(PipelineState::check_version(loaded->document->root, file_.native()));
  if (!generation_) style_ = std::move(loaded->document->style);
  return {};
}

Result<ReplacedDocument> StateManager::replace(PipelineState& state) {
  UNTORN_CHECK(check_present());
  state.updated = now_text();
  const std::optional<std::uint64_t> known = state.generation ? state.generation : generation_;
  UNTORN_TRY(ReplacedDocument replaced,
             document_.replace(JsonDocument(state.to_json(), style_), known));
  generation_ = replaced.generation;
  state.generation = replaced.generation;
  return replaced;
}

Result<ReplacedDocument> StateManager::save(PipelineState& state) {
  recovery_.reset();
  Result<ReplacedDocument> replaced = replace(state);
  report(replaced, "state", file_.native());
  return replaced;
}

Result<PipelineState> StateManager::update(
    const std::function<Result<void>(PipelineState&)>& change) {
  recovery_.reset();
  PipelineState state;
  bool is_refused = false;
  const auto change_document = [&](std::optional<JsonDocument>& document) -> Result<void> {
    if (document) {
      UNTORN_TRY(state, PipelineState::from_json(document->root, file_.native()));
    } else {
      state = PipelineState::make();
      document.emplace(JsonValue::object(), style_);
    }
    auto changed = change(state);
    is_refused = !changed;
    UNTORN_CHECK(std::move(changed));
    state.updated = now_text();
    document->root = state.to_json();
    style_ = document->style;
    return {};
  };
  const Result<ReplacedDocument> replaced = document_.update(change_document);
  // That the caller's own function gave up is no failure to save.
  if (!is_refused) report(replaced, "state", file_.native());
  if (!replaced) return std::unexpected(replaced.error());
  generation_ = replaced->generation;
  state.generation = replaced->generation;
  return state;
}

Result<std::filesystem::path> StateManager::backup_state() {
  if (project_.options().read_only) return std::unexpected(read_only(file_));
  UNTORN_TRY(const LoadedDocument loaded, document_.load());
  note(loaded.recovery);
  if (!loaded.document) {
    return std::unexpected(Error(Code::not_found, Step::inspect, Outcome::not_applied, 0,
                                 file_.native(), "no state was saved yet"));
  }
  FileSystem& fs = project_.fs();
  const std::filesystem::path directory = file_.parent_path() / backups_name;
  UNTORN_CHECK(make_folder(fs, directory, Durability::durable));
  const std::string text = loaded.document->text();
  const std::string beginning = "state_" + now_name();
  constexpr int attempts_max = 1000;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const std::string ending = attempt == 0 ? ".json" : "_" + std::to_string(attempt) + ".json";
    std::filesystem::path backup = directory / (beginning + ending);
    const auto written = replace_file(fs, backup, std::as_bytes(std::span(text)),
                                      {.existence = Existence::must_not_exist});
    if (written) return backup;
    if (written.error().code() != Code::already_exists) return std::unexpected(written.error());
  }
  return std::unexpected(Error(Code::already_exists, Step::rename, Outcome::not_applied, 0,
                               directory.native(), "no free name for a backup"));
}

Result<std::vector<Generation>> StateManager::history() {
  return document_.history();
}

Result<PipelineState> StateManager::rollback(std::size_t back) {
  UNTORN_TRY(const std::vector<Generation> generations, history());
  if (back >= generations.size()) {
    return std::unexpected(
        Error(Code::not_found, Step::inspect, Outcome::not_applied, 0, file_.native(),
              "only " + std::to_string(generations.size()) + " generations are kept"));
  }
  UNTORN_TRY(JsonDocument content, document_.read_generation(generations[back].number));
  UNTORN_TRY(PipelineState state, PipelineState::from_json(content.root, file_.native()));
  UNTORN_CHECK(check_present());
  auto replaced = document_.replace(content);
  report(replaced, "state", file_.native());
  if (!replaced) return std::unexpected(replaced.error());
  style_ = std::move(content.style);
  generation_ = replaced->generation;
  state.generation = replaced->generation;
  return state;
}

Result<StateSummary> StateManager::summary() {
  UNTORN_TRY(const PipelineState state, load());
  return state.summary();
}

Result<void> StateManager::record(const std::function<bool(PipelineState&)>& change) {
  UNTORN_CHECK(update([&](PipelineState& state) -> Result<void> {
    if (change(state)) return {};
    return std::unexpected(invalid(file_, object_wanted));
  }));
  return {};
}

Result<std::int64_t> StateManager::increment_no_update_count(std::string_view phase) {
  UNTORN_TRY(const PipelineState state, update([phase](PipelineState& now) -> Result<void> {
               (void)now.increment_no_update_count(phase);
               return {};
             }));
  return state.get_no_update_count(phase);
}

Result<void> StateManager::reset_no_update_count(std::string_view phase) {
  return record([phase](PipelineState& state) {
    state.reset_no_update_count(phase);
    return true;
  });
}

Result<std::int64_t> StateManager::get_no_update_count(std::string_view phase) {
  UNTORN_TRY(const PipelineState state, load());
  return state.get_no_update_count(phase);
}

Result<void> StateManager::add_performance_metric(std::string_view name, double value,
                                                  const JsonValue& context) {
  return record([&](PipelineState& state) {
    state.add_performance_metric(name, value, context);
    return true;
  });
}

Result<void> StateManager::learn_pattern(std::string_view name, const JsonValue& pattern) {
  return record([&](PipelineState& state) {
    state.learn_pattern(name, pattern);
    return true;
  });
}

Result<void> StateManager::add_fix(const JsonValue& fix) {
  return record([&fix](PipelineState& state) { return state.add_fix(fix); });
}

Result<FixEffectiveness> StateManager::get_fix_effectiveness() {
  UNTORN_TRY(const PipelineState state, load());
  return state.get_fix_effectiveness();
}

Result<void> StateManager::add_correlation(const JsonValue& correlation) {
  return record([&](PipelineState& state) { return state.add_correlation(correlation); });
}

Result<void> StateManager::add_troubleshooting_result(const JsonValue& result) {
  return record(
      [&result](PipelineState& state) { return state.add_troubleshooting_result(result); });
}

}  // namespace untorn::pipeline
