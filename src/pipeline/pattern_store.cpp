// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/pattern_store.h"

#include <chrono>
#include <cmath>
#include <utility>

#include "base/clock.h"
#include "base/refusal.h"
#include "base/try.h"
#include "pipeline/pattern_advice.h"
#include "pipeline/pattern_data.h"

namespace untorn::pipeline {
namespace {

constexpr const char* file_name = ".pipeline/patterns.json";

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= pattern_text_bytes_max &&
         text.find('\0') == std::string_view::npos;
}

std::string problem_of(std::string_view operation_id, const Execution& execution) {
  const auto wanted = [](std::string_view what) {
    return std::string(what) + ": 1 to " + std::to_string(pattern_text_bytes_max) +
           " bytes without NUL were expected";
  };
  if (!is_name(operation_id)) return wanted("the operation's id");
  if (!is_name(execution.phase)) return wanted("the phase");
  if (!is_name(execution.tool)) return wanted("the tool");
  if (!std::isfinite(execution.duration_s) || execution.duration_s < 0) {
    return "the duration: seconds were expected, 0 or more";
  }
  return {};
}

// The data of a document that may be new.
Result<PatternData> data_of(const std::optional<JsonDocument>& document,
                            const std::filesystem::path& path) {
  if (!document) return PatternData();
  return PatternData::from_json(document->root, path.native());
}

}  // namespace

Result<PatternStore> PatternStore::open(const Project& project) {
  UNTORN_TRY(Document document, project.document(file_name));
  std::filesystem::path file = project.file(file_name);
  return PatternStore(project, std::move(file), std::move(document));
}

Result<PatternStore> PatternStore::open(FileSystem& fs, const std::filesystem::path& project,
                                        const ProjectOptions& options) {
  UNTORN_TRY(const Project opened, Project::open(fs, project, options));
  return open(opened);
}

Result<PatternStore> PatternStore::open(const std::filesystem::path& project,
                                        const ProjectOptions& options) {
  return open(posix_file_system(), project, options);
}

void PatternStore::note(const Recovery& recovery) {
  recovery_.reset();
  if (!recovery.happened) return;
  recovery_ = recovery;
  project_.log(LogLevel::warning, "Recovered patterns: " + recovery.message());
}

Result<RecordedExecution> PatternStore::record_execution(std::string_view operation_id,
                                                         const Execution& execution) {
  recovery_.reset();
  if (std::string problem = problem_of(operation_id, execution); !problem.empty()) {
    return refused(Code::invalid_argument, file_, std::move(problem), Step::check);
  }
  RecordedExecution recorded;
  const auto change = [&](std::optional<JsonDocument>& document) -> Result<void> {
    UNTORN_TRY(PatternData data, data_of(document, file_));
    recorded.already = data.remembers(operation_id);
    if (!recorded.already) {
      const std::int64_t happened_ns = execution.happened_ns.value_or(now_ns());
      if (execution.happened_ns && happened_ns <= data.forgotten_until_ns) {
        return refused(Code::conflict, file_,
                       "the execution happened before the last one whose id was forgotten; "
                       "whether it was counted cannot be told",
                       Step::check);
      }
      data.record(operation_id, execution, happened_ns);
      if (!document) document.emplace(JsonValue(), JsonStyle::indented(2));
      document->root = data.to_json();
    }
    recorded.executions = static_cast<std::uint64_t>(data.executions);
    return {};
  };
  auto replaced = document_.update(change);
  if (!replaced) {
    project_.log(LogLevel::error, "Failed to save patterns: " + replaced.error().message());
    return std::unexpected(replaced.error());
  }
  note(replaced->recovery);
  project_.log(LogLevel::debug, "Saved patterns to " + file_.native());
  return recorded;
}

Result<PatternData> PatternStore::read() {
  recovery_.reset();
  UNTORN_TRY(const LoadedDocument loaded, document_.load());
  note(loaded.recovery);
  return data_of(loaded.document, file_);
}

Result<std::vector<ToolPattern>> PatternStore::tool_patterns(std::string_view phase) {
  UNTORN_TRY(const PatternData data, read());
  return tool_patterns_of(data, phase);
}

Result<std::vector<FailurePattern>> PatternStore::failure_patterns() {
  UNTORN_TRY(const PatternData data, read());
  return failure_patterns_of(data);
}

Result<std::vector<SuccessPattern>> PatternStore::success_patterns(std::string_view phase) {
  UNTORN_TRY(const PatternData data, read());
  return success_patterns_of(data, phase);
}

Result<std::vector<PhasePattern>> PatternStore::phase_patterns() {
  UNTORN_TRY(const PatternData data, read());
  return phase_patterns_of(data);
}

Result<std::vector<Recommendation>> PatternStore::recommendations(const PatternContext& context) {
  UNTORN_TRY(const PatternData data, read());
  return recommendations_of(data, context);
}

Result<PatternStatistics> PatternStore::statistics() {
  UNTORN_TRY(const PatternData data, read());
  return statistics_of(data);
}

}  // namespace untorn::pipeline
