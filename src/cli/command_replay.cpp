// SPDX-License-Identifier: Apache-2.0
//
// untorn replay TOKEN DIR: the crash state that a report of `untorn prove` speaks of, as files.
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/escape.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/kept_traces.h"
#include "cli/output.h"
#include "prove/record.h"
#include "prove/replay/replay.h"
#include "report/json.h"
#include "untorn/filesystem.h"

namespace untorn::cli {
namespace {

struct ReplayFlags {
  std::string token;
  std::string directory;
  std::optional<std::string> trace;
};

std::string_view name_of(FileType type) {
  switch (type) {
    case FileType::regular:
      return "file";
    case FileType::directory:
      return "directory";
    case FileType::symlink:
      return "symlink";
    default:
      return "special";
  }
}

// The folder that takes the state: made, or found empty.
class EmptyFolder {
 public:
  // What is wrong with it, or nothing.
  std::optional<Error> open(const std::string& path) {
    const auto made = fs_.make_directory(Handle::working_directory, path, 0777);
    made_ = made.has_value();
    if (!made_ && number(made.error()) != EEXIST) return error(made.error(), path);
    const auto handle = fs_.open(Handle::working_directory, path, {.access = Access::directory});
    if (!handle) return error(handle.error(), path);
    folder_ = OwnedHandle(fs_, *handle);
    path_ = path;
    const auto entries = fs_.list(*handle);
    if (!entries) return error(entries.error(), path);
    if (entries->empty()) return std::nullopt;
    return Error(Code::already_exists, Step::inspect, Outcome::not_applied, 0, path,
                 "the folder holds something already; name a new or an empty one");
  }
  [[nodiscard]] Handle handle() const noexcept { return folder_.get(); }
  // Takes a folder that was made for nothing away again; one with something in it stays.
  void give_up() {
    if (made_) (void)fs_.remove_directory(Handle::working_directory, path_);
  }

 private:
  static Error error(Errno reason, const std::string& path) {
    return Error::from_errno(number(reason), Step::open_directory, Outcome::not_applied, path);
  }

  FileSystem& fs_ = posix_file_system();
  OwnedHandle folder_;
  std::string path_;
  bool made_ = false;
};

class ReplayRun {
 public:
  ReplayRun(const ReplayFlags& flags, Output& output) : flags_(flags), output_(output) {}

  ExitCode run() {
    const auto token = prove::read_token(flags_.token);
    if (!token) {
      return fail({.message = "\"" + escape_controls(flags_.token) +
                              "\" is no replay token; copy it whole from a report of prove"});
    }
    const std::string path = flags_.trace.value_or(kept_trace_path(token->log));
    auto trace = prove::load_trace(path);
    if (!trace && !flags_.trace && (path.empty() || trace.error().code() == Code::not_found)) {
      return fail({.code = "not_found",
                   .step = "inspect",
                   .message = "the record of that run is not kept on this machine; run prove again "
                              "with --save-trace FILE, then replay with --trace FILE",
                   .path = path});
    }
    if (!trace) return fail(trace.error());
    EmptyFolder folder;
    if (auto problem = folder.open(flags_.directory)) return fail(*problem);
    const DelayedSignals whole;  // a half-made state would pass for a state
    auto replayed = prove::replay_state(posix_file_system(), *trace, *token, folder.handle());
    if (!replayed) {
      folder.give_up();
      return fail(replayed.error());
    }
    output_.result(output_.json() ? document(*replayed) : text(*replayed));
    return output_.finish() ? ExitCode::done : ExitCode::failure;
  }

 private:
  ExitCode fail(const ToolError& error) {
    output_.error(error.message);
    if (output_.json()) output_.result(error_document("replay", error));
    (void)output_.finish();
    return ExitCode::failure;
  }

  ExitCode fail(const Error& error) {
    output_.error(error.message());
    if (output_.json()) {
      report::JsonWriter json;
      json.begin_object();
      json.field("schema", "untorn.replay/1").key("error");
      write_error(json, error, error.path());
      json.end_object();
      output_.result(std::move(json).take() + "\n");
    }
    (void)output_.finish();
    return ExitCode::failure;
  }

  static std::string describe(const prove::OperationNote& note) {
    std::string line = note.operation + " " + note.path;
    if (!note.target.empty() && note.target != note.path) line += " → " + note.target;
    if (note.bytes) line += ", " + std::to_string(*note.bytes) + " bytes";
    if (note.size) line += ", to " + std::to_string(*note.size) + " bytes";
    if (note.source && note.source->line > 0) {
      line += ", at " + note.source->path + " line " + std::to_string(note.source->line);
    }
    return escape_controls(line);
  }

  [[nodiscard]] std::string text(const prove::Replayed& replayed) const {
    std::string text = escape_controls(flags_.directory) + ": the state after a ";
    text += replayed.engine == prove::Engine::kill
                ? std::string("kill")
                : "power cut (model " + std::string(crash::to_string(replayed.model)) + ")";
    text += " when " + std::to_string(replayed.begun) + " of " +
            std::to_string(replayed.operations) + " operations had begun\n";
    const bool kill = replayed.engine == prove::Engine::kill;
    for (const prove::OperationNote& note : replayed.lost) {
      text += (kill ? "  interrupted: " : "  lost: ") + describe(note) + "\n";
    }
    if (replayed.lost.empty()) text += "  lost: nothing\n";
    for (const auto& file : replayed.files) {
      if (file.type == FileType::directory) continue;
      text += "  " + escape_controls(file.path) + "  " + std::to_string(file.size) + " bytes";
      text += file.varied ? ", as the crash left it\n" : "\n";
    }
    for (const crash::Path& path : missing(replayed)) {
      text += "  " + escape_controls(path) + "  not there\n";
    }
    return text;
  }

  // Paths that the crash could change and that the state has not.
  static std::vector<crash::Path> missing(const prove::Replayed& replayed) {
    std::vector<crash::Path> paths;
    for (const crash::Path& path : replayed.footprint) {
      bool found = false;
      for (const auto& file : replayed.files) found = found || file.path == path;
      if (!found) paths.push_back(path);
    }
    return paths;
  }

  static void write_note(report::JsonWriter& json, const prove::OperationNote& note) {
    json.begin_object();
    json.field("operation", note.operation).field("path", note.path);
    if (!note.target.empty()) json.field("target", note.target);
    json.key("source");
    if (note.source) {
      json.begin_object();
      json.field("path", note.source->path).field("line", note.source->line);
      json.field("function", note.source->function);
      json.end_object();
    } else {
      json.null();
    }
    json.end_object();
  }

  [[nodiscard]] std::string document(const prove::Replayed& replayed) const {
    report::JsonWriter json;
    const NamedPath named = named_path(flags_.directory);
    json.begin_object();
    json.field("schema", "untorn.replay/1").field("token", flags_.token);
    json.field("root", named.root).field("directory", named.path);
    json.field("engine", prove::to_string(replayed.engine));
    json.field("model", crash::to_string(replayed.model));
    json.field("begun", replayed.begun).field("operations", replayed.operations);
    json.key("lost").begin_array();
    for (const prove::OperationNote& note : replayed.lost) write_note(json, note);
    json.end_array();
    json.key("files").begin_array();
    for (const auto& file : replayed.files) {
      json.begin_object();
      json.field("path", file.path).field("type", name_of(file.type)).field("bytes", file.size);
      json.field("varied", file.varied);
      json.end_object();
    }
    json.end_array().key("missing").begin_array();
    for (const crash::Path& path : missing(replayed)) json.string(path);
    json.end_array();
    json.end_object();
    return std::move(json).take() + "\n";
  }

  const ReplayFlags& flags_;
  Output& output_;
};

}  // namespace

Command make_replay_command() {
  auto flags = std::make_shared<ReplayFlags>();
  Command command;
  command.name = "replay";
  command.summary = "Make the crash state that a report of prove speaks of, as files.";
  command.usage = "TOKEN DIR";
  command.description =
      "Makes DIR, a new or empty folder, hold what the crash of a counterexample leaves: every "
      "path that the recorded run knows, as it would be found after the crash. Nothing else is "
      "touched, and no command runs.\n"
      "prove keeps the records of violated runs of this machine (the newest 32, in "
      "$XDG_CACHE_HOME/untorn/traces or ~/.cache/untorn/traces). With --trace it takes a file "
      "written by prove --save-trace, from this machine or another.";
  command.example =
      "untorn replay 5d1f0c9a3b7e2468-portable-f3-AbC12 /tmp/state\n"
      "untorn replay --trace run.trace 5d1f0c9a3b7e2468-portable-f3-AbC12 /tmp/state";
  command.arguments = {{"TOKEN", "From the report: \"replay\".", &flags->token},
                       {"DIR", "The folder to fill; new or empty.", &flags->directory}};
  command.flags = {
      {"--trace", "FILE", "The record of the run, from prove --save-trace.", &flags->trace}};
  command.run = [flags](const Invocation& invocation) {
    return ReplayRun(*flags, invocation.output).run();
  };
  return command;
}

}  // namespace untorn::cli
