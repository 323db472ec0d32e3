// SPDX-License-Identifier: Apache-2.0
//
// untorn registry VERB DIR …: a folder of specifications and their attachments.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/nearest.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/json_value.h"
#include "cli/output.h"
#include "cli/registry_verbs.h"
#include "report/json.h"

namespace untorn::cli {
namespace {

ExitCode exit_code_of(const Error& error) {
  if (error.outcome() != Outcome::not_applied) return ExitCode::unsure;
  switch (error.code()) {
    case Code::conflict:
    case Code::already_exists:
      return ExitCode::condition;
    case Code::not_found:
      // An entry or version that is not there; a missing folder is no condition.
      return error.os_errno() == 0 ? ExitCode::condition : ExitCode::failure;
    default:
      return ExitCode::failure;
  }
}

// One call of the command. A failure of any kind goes through fail(), once.
class RegistryRun {
 public:
  RegistryRun(const RegistryFlags& flags, const Invocation& invocation)
      : flags_(flags), output_(invocation.output) {}

  ExitCode run() {
    if (auto problem = usage_problem(); !problem.empty()) return fail({.message = problem});
    const auto view = run_registry_verb(flags_);
    if (view) return deliver(*view);
    const RegistryFailure& failure = view.error();
    return failure.error ? fail(*failure.error, failure.problems) : fail(*failure.problem);
  }

 private:
  [[nodiscard]] std::string usage_problem() const {
    const std::vector<std::string> names = registry_verb_names();
    if (std::ranges::find(names, flags_.verb) == names.end()) {
      const std::string_view near = nearest(flags_.verb, names);
      return "\"" + flags_.verb + "\" is not a verb of registry" +
             (near.empty() ? ": " + joined(names)
                           : "; did you mean \"" + std::string(near) + "\"?");
    }
    const bool stores = flags_.verb == "add" || flags_.verb == "replace";
    const std::pair<bool, const char*> misplaced[] = {
        {!flags_.attach.empty() && !stores, "--attach is for add and replace"},
        {flags_.no_attachments && flags_.verb != "replace", "--no-attachments is for replace"},
        {flags_.no_attachments && !flags_.attach.empty(),
         "--attach and --no-attachments exclude each other"},
        {!flags_.where.empty() && flags_.verb != "search", "--where is for search"},
        {flags_.check && flags_.verb != "verify", "--check is for verify"},
        {flags_.version && flags_.verb != "show", "--version-number is for show"},
        {flags_.attachment && flags_.verb != "show", "--attachment is for show"},
    };
    for (const auto& [is_wrong, message] : misplaced) {
      if (is_wrong) return message;
    }
    return {};
  }

  [[nodiscard]] std::string root() const {
    std::error_code ignored;
    const auto absolute = std::filesystem::absolute(flags_.folder, ignored);
    const auto path = std::filesystem::weakly_canonical(absolute, ignored);
    return path.has_filename() ? path.generic_string() : path.parent_path().generic_string();
  }

  // As the document names paths; "." for the folder itself.
  [[nodiscard]] std::string below_root(const std::string& path) const {
    const std::string prefix = root() + "/";
    if (path + "/" == prefix || path == flags_.folder) return ".";
    return path.starts_with(prefix) ? path.substr(prefix.size()) : path;
  }

  void begin_document(report::JsonWriter& json) const {
    json.begin_object();
    json.field("schema", "untorn.registry/1").field("verb", flags_.verb).field("root", root());
  }

  ExitCode deliver(const RegistryView& view) {
    for (const std::string& line : view.warnings) output_.warning(line);
    if (output_.json()) {
      report::JsonWriter json;
      begin_document(json);
      write_members(json, view.json);
      json.end_object();
      output_.result(std::move(json).take() + "\n");
    } else {
      output_.result(view.text);
    }
    return output_.finish() ? view.code : ExitCode::failure;
  }

  ExitCode fail(const Error& error, const std::vector<SpecProblem>& problems) {
    output_.error(error.message());
    if (output_.json()) {
      report::JsonWriter json;
      begin_document(json);
      json.key("problems").begin_array();
      for (const SpecProblem& problem : problems) write_value(json, problem.to_json());
      json.end_array().key("error");
      if (problems.empty()) {
        write_error(json, error, below_root(error.path()));
      } else {
        write_refused(json, error);
      }
      json.end_object();
      output_.result(std::move(json).take() + "\n");
    }
    const bool delivered = !output_.json() || output_.finish();
    const ExitCode code = exit_code_of(error);
    return delivered || code == ExitCode::unsure ? code : ExitCode::failure;
  }

  // The same specification will never do: the library's advice for a conflict does not fit.
  void write_refused(report::JsonWriter& json, const Error& error) const {
    json.begin_object();
    json.field("code", to_string(error.code())).field("step", to_string(error.step()));
    json.field("outcome", to_string(error.outcome()));
    json.field("advice", to_string(Advice::fix_then_retry));
    json.field("message", error.message()).field("path", below_root(error.path()));
    json.end_object();
  }

  ExitCode fail(const ToolError& error) {
    output_.error(error.message);
    if (output_.json()) {
      output_.result(error_document("registry", error));
      (void)output_.finish();
    }
    return ExitCode::failure;
  }

  const RegistryFlags& flags_;
  Output& output_;
};

std::vector<Flag> flags_into(RegistryFlags& flags) {
  return {
      {"--schema", "FILE", "JSON Schema (draft-07) that every specification must satisfy.",
       &flags.schema},
      {"--attach", "NAME=FILE",
       "add, replace: a file that belongs to the entry; it becomes ENTRY.NAME. May be repeated.",
       &flags.attach},
      {"--no-attachments", "",
       "replace: take the attachments away. Without this and --attach they stay.",
       &flags.no_attachments},
      {"--where", "FIELD=VALUE",
       "search: FIELD (a member's name, or a JSON pointer) is VALUE, or a list that has it.",
       &flags.where},
      {"--check", "", "verify: look only; set nothing aside, bring nothing back.", &flags.check},
      {"--version-number", "N", "show: that version instead of the present one.", &flags.version},
      {"--attachment", "NAME", "show: the content of that attachment.", &flags.attachment},
      {"--keep", "N", "How many versions of an entry are kept (default 5).", &flags.keep},
      {"--tree", "DIR",
       "The folder above whose .untorn is used. Without it the one that already keeps this "
       "registry, "
       "or else the registry's own.",
       &flags.tree},
  };
}

}  // namespace

Command make_registry_command() {
  auto flags = std::make_shared<RegistryFlags>();
  Command command;
  command.name = "registry";
  command.plumbing = true;
  command.summary = "Keep a folder of validated specifications and their files.";
  command.usage = "VERB DIR [NAME] [FILE]";
  command.description =
      "A registry is a folder of JSON objects, NAME.json, each with the files that belong to it: "
      "they appear, change and vanish together, also if the machine crashes in between, and their "
      "last versions are kept.\n"
      "\n"
      "Verbs: add and replace DIR NAME [FILE] (without FILE from stdin; or DIR FILE, for a file "
      "called NAME.json); remove DIR NAME; list DIR; show DIR NAME; search DIR [WORD…]; versions "
      "DIR NAME; restore DIR NAME VERSION; verify DIR, which sets damaged files aside as "
      "FILE.damaged-N and brings back the version that was stored last.\n"
      "\n"
      "Exit code: 0 done or unchanged; 1 a stated condition does not hold: the entry exists, or "
      "does not, the specification is refused, verify found problems; 2 nothing was changed; 3 "
      "visible but not known to be durable, or unknown.";
  command.example =
      "untorn registry add tools greet greet.json --attach py=greet.py --schema tool.schema.json";
  command.arguments = {
      {"VERB", "What to do.", &flags->verb},
      {"DIR", "The registry's folder; add makes it if its parent is there.", &flags->folder},
      {"NAME", "The entry's name, and what the verb takes after it.", nullptr, false,
       &flags->arguments}};
  command.flags = flags_into(*flags);
  command.run = [flags](const Invocation& invocation) {
    return RegistryRun(*flags, invocation).run();
  };
  return command;
}

}  // namespace untorn::cli
