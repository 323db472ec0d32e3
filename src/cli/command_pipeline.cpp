// SPDX-License-Identifier: Apache-2.0
//
// untorn pipeline VERB PROJECT: what a pipeline keeps, the way back, and the way out.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/nearest.h"
#include "base/try.h"
#include "cli/commands.h"
#include "cli/json_value.h"
#include "cli/output.h"
#include "cli/pipeline_views.h"
#include "pipeline/leave.h"
#include "report/json.h"
#include "untorn/pipeline/state_manager.h"

namespace untorn::cli {
namespace {

using pipeline::Project;

struct PipelineFlags {
  std::string verb;
  std::string project;
  std::optional<std::string> back;
  bool leave = false;
};

struct Verb {
  std::string_view name;
  Result<PipelineView> (*view)(const Project&);  // null: it changes something
};
constexpr std::array verbs = {
    Verb{"status", view_status},   Verb{"tasks", view_tasks}, Verb{"patterns", view_patterns},
    Verb{"tools", view_tools},     Verb{"roles", view_roles}, Verb{"patches", view_patches},
    Verb{"history", view_history}, Verb{"rollback", nullptr}, Verb{"export", nullptr}};

// 1 and more. Nothing for anything else.
std::optional<std::size_t> steps_back(const std::optional<std::string>& text) {
  if (!text) return 1;
  std::size_t number = 0;
  const char* const end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number == 0) return std::nullopt;
  return number;
}

JsonValue list_of(const std::vector<std::string>& texts) {
  std::vector<JsonValue> items;
  for (const std::string& text : texts) items.push_back(JsonValue::string(text));
  return JsonValue::array(std::move(items));
}

// One call of the command. A failure of any kind goes through fail(), once.
class PipelineRun {
 public:
  PipelineRun(const PipelineFlags& flags, const Invocation& invocation)
      : flags_(flags), output_(invocation.output) {}

  ExitCode run() {
    const auto verb = std::ranges::find(verbs, flags_.verb, &Verb::name);
    if (verb == verbs.end()) return fail_usage(unknown_verb());
    if (flags_.back && flags_.verb != "rollback") return fail_usage("--back is for rollback");
    if (flags_.leave && flags_.verb != "export") return fail_usage("--leave is for export");
    const auto back = steps_back(flags_.back);
    if (!back) return fail_usage("--back: \"" + *flags_.back + "\" is no number from 1 up");
    if (flags_.verb == "rollback") return deliver(rollback(*back));
    if (flags_.verb == "export") return deliver(leave());
    return deliver(look(*verb));
  }

 private:
  [[nodiscard]] std::string unknown_verb() const {
    std::vector<std::string> names;
    for (const Verb& each : verbs) names.emplace_back(each.name);
    std::string problem = "\"" + flags_.verb + "\" is not a verb of pipeline";
    const std::string_view near = nearest(flags_.verb, names);
    if (!near.empty()) return problem + "; did you mean \"" + std::string(near) + "\"?";
    for (const std::string& name : names) problem += (&name == &names[0] ? ": " : ", ") + name;
    return problem;
  }

  // Each warning once, however often a view meets it.
  void warn(pipeline::LogLevel level, const std::string& line) {
    if (level >= pipeline::LogLevel::warning && told_.insert(line).second) output_.warning(line);
  }

  [[nodiscard]] pipeline::ProjectOptions options(bool read_only) {
    pipeline::ProjectOptions options;
    options.read_only = read_only;
    options.log = [this](pipeline::LogLevel level, const std::string& line) { warn(level, line); };
    return options;
  }

  [[nodiscard]] Result<PipelineView> look(const Verb& verb) {
    UNTORN_TRY(const Project project,
               Project::open(posix_file_system(), flags_.project, options(true)));
    return verb.view(project);
  }

  [[nodiscard]] Result<void> check_kept(std::size_t back) {
    UNTORN_TRY(auto observer, pipeline::StateManager::open(flags_.project, options(true)));
    UNTORN_TRY(const auto generations, observer.history());
    if (back < generations.size()) return {};
    return std::unexpected(Error(Code::not_found, Step::inspect, Outcome::not_applied, 0,
                                 observer.project().file(".pipeline/state.json"),
                                 "there is no state " + std::to_string(back) +
                                     " back: " + std::to_string(generations.size()) + " are kept"));
  }

  [[nodiscard]] Result<PipelineView> rollback(std::size_t back) {
    UNTORN_CHECK(check_kept(back));  // else nothing is touched
    UNTORN_TRY(auto manager, pipeline::StateManager::open(flags_.project, options(false)));
    UNTORN_TRY(const pipeline::PipelineState state, manager.rollback(back));
    const pipeline::StateSummary summary = state.summary();
    PipelineView view;
    view.json.set("back", JsonValue::integer(static_cast<std::int64_t>(back)));
    view.json.set("updated", JsonValue::string(state.updated));
    view.json.set("summary", summary.to_json());
    view.text = "the state saved " + state.updated + " is back: " + summary.text() + "\n";
    return view;
  }

  [[nodiscard]] Result<PipelineView> leave() {
    UNTORN_TRY(const Project project,
               Project::open(posix_file_system(), flags_.project, options(true)));
    UNTORN_TRY(const pipeline::LeaveReport report,
               flags_.leave ? pipeline::leave(project.fs(), project.root())
                            : pipeline::preview_leave(project.fs(), project.root()));
    PipelineView view;
    view.json.set("left", JsonValue::boolean(flags_.leave));
    view.json.set("recovered", list_of(report.recovered));
    view.json.set("removed", list_of(report.removed));
    view.json.set("files", JsonValue::integer(static_cast<std::int64_t>(report.files)));
    view.json.set("bytes", JsonValue::integer(static_cast<std::int64_t>(report.bytes)));
    view.json.set("unknown", list_of(report.unknown));
    for (const std::string& line : report.recovered) view.text += "recovered " + line + "\n";
    view.text += (flags_.leave ? "removed " : "--leave would remove ") +
                 std::to_string(report.files) + " files of Untorn, " +
                 std::to_string(report.bytes) + " bytes; the project's own files stay\n";
    for (const std::string& name : report.unknown) {
      view.warnings.push_back(".untorn/" + name + " is not known, and keeps --leave from working");
    }
    return view;
  }

  [[nodiscard]] std::string root() const {
    std::error_code ignored;
    const auto absolute = std::filesystem::absolute(flags_.project, ignored);
    const auto path = std::filesystem::weakly_canonical(absolute, ignored);
    return path.has_filename() ? path.generic_string() : path.parent_path().generic_string();
  }

  // As the document names paths; "." for the project itself.
  [[nodiscard]] std::string below_root(const std::string& path) const {
    const std::string prefix = root() + "/";
    if (path + "/" == prefix || path == flags_.project) return ".";
    return path.starts_with(prefix) ? path.substr(prefix.size()) : path;
  }

  void begin_document(report::JsonWriter& json) const {
    json.begin_object();
    json.field("schema", "untorn.pipeline/1").field("verb", flags_.verb).field("root", root());
  }

  ExitCode deliver(const Result<PipelineView>& view) {
    if (!view) return fail(view.error());
    for (const std::string& line : view->warnings) output_.warning(line);
    if (output_.json()) {
      report::JsonWriter json;
      begin_document(json);
      write_members(json, view->json);
      json.end_object();
      output_.result(std::move(json).take() + "\n");
    } else {
      output_.result(view->text);
    }
    return output_.finish() ? ExitCode::done : ExitCode::failure;
  }

  ExitCode fail(const Error& error) {
    output_.error(error.message());
    if (output_.json()) {
      report::JsonWriter json;
      begin_document(json);
      json.key("error");
      write_error(json, error, below_root(error.path()));
      json.end_object();
      output_.result(std::move(json).take() + "\n");
    }
    const bool delivered = !output_.json() || output_.finish();
    const ExitCode code = exit_code_of(error);
    return delivered || code == ExitCode::unsure ? code : ExitCode::failure;
  }

  ExitCode fail_usage(const std::string& problem) {
    output_.error(problem);
    if (output_.json()) {
      output_.result(error_document("pipeline", {.message = problem}));
      (void)output_.finish();
    }
    return ExitCode::failure;
  }

  [[nodiscard]] ExitCode exit_code_of(const Error& error) const {
    if (error.outcome() != Outcome::not_applied) return ExitCode::unsure;
    const bool is_condition = error.code() == Code::conflict ||
                              (flags_.verb == "rollback" && error.code() == Code::not_found &&
                               error.step() == Step::inspect);
    return is_condition ? ExitCode::condition : ExitCode::failure;
  }

  const PipelineFlags& flags_;
  Output& output_;
  std::set<std::string> told_;
};

}  // namespace

Command make_pipeline_command() {
  auto flags = std::make_shared<PipelineFlags>();
  Command command;
  command.name = "pipeline";
  command.plumbing = true;
  command.summary = "Show what a pipeline keeps, roll its state back, or leave Untorn.";
  command.usage = "VERB PROJECT";
  command.description =
      "status, tasks, patterns, tools, roles, patches and history show what lies in "
      "PROJECT/.pipeline, and change nothing: damage is told and stays for whoever works with it. "
      "rollback saves an earlier state anew, as history counts them; what it replaces is kept, "
      "too.\n"
      "\n"
      "export tells what Untorn keeps beside the project's own files. With --leave it recovers "
      "what a crash left, and then removes it: generations, registry versions, counters. What "
      "stays is plain and current, and needs no Untorn.\n"
      "\n"
      "Exit code: 0 done; 1 there are not so many states, or something keeps --leave from working; "
      "2 it could not be done, or somebody works on the project; 3 it is visible but not known to "
      "be durable.";
  command.example =
      "untorn pipeline status project\n"
      "untorn pipeline rollback --back 2 project\n"
      "untorn pipeline export --leave project";
  command.arguments = {
      {"VERB", "status, tasks, patterns, tools, roles, patches, history, rollback or export.",
       &flags->verb},
      {"PROJECT", "The folder that holds .pipeline.", &flags->project}};
  command.flags = {
      {"--back", "N", "How many states back; 1, the one before the present, if not given.",
       &flags->back},
      {"--leave", "", "Remove what Untorn keeps of the project.", &flags->leave},
  };
  command.run = [flags](const Invocation& invocation) {
    return PipelineRun(*flags, invocation).run();
  };
  return command;
}

}  // namespace untorn::cli
