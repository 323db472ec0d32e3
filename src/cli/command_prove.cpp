// SPDX-License-Identifier: Apache-2.0
//
// untorn prove -- COMMAND: no crash could have broken this run of the command, or here is one that
// could.
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/duration.h"
#include "cli/kept_traces.h"
#include "cli/output.h"
#include "prove/prove.h"
#include "prove/settings.h"
#include "prove/worker.h"
#include "report/json.h"
#include "untorn/replace.h"

namespace untorn::cli {
namespace {

struct ProveFlags {
  std::optional<std::string> root;
  std::vector<std::string> also;
  std::vector<std::string> check;
  std::vector<std::string> expect;
  std::optional<std::string> ack;
  std::vector<std::string> only;
  std::vector<std::string> ignore;
  std::vector<std::string> engine;
  std::optional<std::string> model;
  std::optional<std::string> budget;
  std::optional<std::string> seed;
  std::optional<std::string> stop_after;
  std::optional<std::string> isolation;
  std::optional<std::string> save_trace;
  std::optional<std::string> from_trace;
  std::optional<std::string> report;
  bool require_exhaustive = false;
  bool deep = false;
};

// What is wrong with the flags or settings: one line.
struct Problem {
  std::string message;
};

// Flags and settings to options. Each step says what is wrong, or nothing.
class OptionsMaker {
 public:
  OptionsMaker(const ProveFlags& flags, const std::vector<std::string>& command) : flags_(flags) {
    options_.command = command;
    options_.keep_trace_bytes_max = kept_trace_bytes_max;
  }

  std::optional<Problem> make() {
    std::error_code error;
    options_.working_directory = std::filesystem::current_path(error).string();
    if (error) return Problem{"the current folder cannot be told: " + error.message()};
    auto settings = prove::find_settings(options_.working_directory);
    if (!settings) return Problem{settings.error().message()};
    settings_ = *std::move(settings);
    if (flags_.from_trace && !options_.command.empty())
      return Problem{"--from-trace: the record holds the command; give none after --"};
    if (!flags_.from_trace && options_.command.empty())
      return Problem{"there is no command after --"};
    if (auto problem = set_folders()) return problem;
    if (auto problem = set_checks()) return problem;
    if (auto problem = set_engines()) return problem;
    return set_limits();
  }
  prove::ProveOptions take() && { return std::move(options_); }

 private:
  template <class Value>
  static const Value& either(const Value& flag, const Value& setting) {
    if constexpr (requires { flag.empty(); }) {
      return flag.empty() ? setting : flag;
    } else {
      return flag ? flag : setting;
    }
  }

  std::optional<Problem> set_folder(const std::string& given, std::string& target) {
    std::error_code error;
    const auto real = std::filesystem::canonical(given, error);
    if (error) return Problem{given + ": " + error.message() + "; it must be a folder that exists"};
    if (!std::filesystem::is_directory(real, error)) return Problem{given + ": is no folder"};
    target = real.string();
    return std::nullopt;
  }

  std::optional<Problem> set_folders() {
    // A folder that a settings file names is relative to that file.
    const std::filesystem::path base = std::filesystem::path(settings_.path).parent_path();
    if (settings_.root) settings_.root = (base / *settings_.root).string();
    for (std::string& folder : settings_.also) folder = (base / folder).string();
    const auto& root = either(flags_.root, settings_.root);
    options_.explicit_root = root.has_value();
    if (auto problem = set_folder(root.value_or("."), options_.root)) return problem;
    if (options_.root == "/") return Problem{"--root /: name the folder that the command works in"};
    std::vector<std::string> trees = {options_.root};
    for (const std::string& folder : either(flags_.also, settings_.also)) {
      std::string real;
      if (auto problem = set_folder(folder, real)) return problem;
      for (const std::string& other : trees) {
        if ((real + "/").starts_with(other + "/") || (other + "/").starts_with(real + "/"))
          return Problem{"--also " + folder + ": lies inside " + other + " or around it"};
      }
      trees.push_back(real);
      options_.also.push_back(std::move(real));
    }
    return std::nullopt;
  }

  std::optional<Problem> set_checks() {
    const auto& names = either(flags_.expect, settings_.expect);
    if (!names.empty()) options_.expect.clear();
    for (const std::string& name : names) {
      if (name == "none" && names.size() == 1) continue;
      const auto check = prove::check_from_name(name);
      if (!check) {
        return Problem{"--expect: \"" + name +
                       "\" is not one of atomic, durable, durable-if-synced, parse, lines, rerun, "
                       "no-litter, and none alone"};
      }
      options_.expect.push_back(*check);
    }
    options_.check_commands = either(flags_.check, settings_.check);
    if (options_.expect.empty() && options_.check_commands.empty())
      return Problem{"--expect none needs a --check: nothing else is asked"};
    options_.acknowledge_pattern = either(flags_.ack, settings_.ack).value_or("");
    try {
      [[maybe_unused]] const std::regex pattern(options_.acknowledge_pattern);
    } catch (const std::regex_error& error) {
      return Problem{"--ack: \"" + options_.acknowledge_pattern +
                     "\" is not a regular expression: " + error.what()};
    }
    options_.only = either(flags_.only, settings_.only);
    options_.ignore = either(flags_.ignore, settings_.ignore);
    return std::nullopt;
  }

  std::optional<Problem> set_engines() {
    const auto& names = either(flags_.engine, settings_.engine);
    if (!names.empty()) options_.engines.clear();
    for (const std::string& name : names) {
      const auto engine = prove::engine_from_name(name);
      if (!engine) return Problem{"--engine: \"" + name + "\" is not one of kill, power, fault"};
      std::erase(options_.engines, *engine);
      options_.engines.push_back(*engine);
    }
    if (options_.runs(prove::Engine::fault) && flags_.from_trace) {
      return Problem{"--engine: fault runs the command again, and --from-trace has none to run"};
    }
    const std::string name = either(flags_.model, settings_.model).value_or("portable");
    const auto model = crash::model_from_name(name);
    if (!model) {
      return Problem{"--model: \"" + name +
                     "\" is not one of portable, ext4, xfs, btrfs, posix, kill"};
    }
    if (*model == crash::Model::kill) {
      std::erase(options_.engines, prove::Engine::power);  // no power cut at all
      if (options_.engines.empty()) options_.engines = {prove::Engine::kill};
    } else {
      options_.model = *model;
    }
    const std::string isolation = either(flags_.isolation, settings_.isolation).value_or("auto");
    if (isolation != "auto" && isolation != "copy")
      return Problem{"--isolation: \"" + isolation + "\" is not one of auto, copy"};
    options_.force_copy = isolation == "copy";
    return std::nullopt;
  }

  std::optional<Problem> set_limits() {
    if (const auto& budget = either(flags_.budget, settings_.budget)) {
      const auto time = duration_of(*budget);
      if (!time) return Problem{"--budget: \"" + *budget + "\" is not a time like 120s or 2m"};
      options_.budget = *time;
    }
    if (const auto& stop = either(flags_.stop_after, settings_.stop_after)) {
      options_.stop_after = duration_of(*stop);
      if (!options_.stop_after)
        return Problem{"--stop-after: \"" + *stop + "\" is not a time like 10s"};
    }
    if (const auto& seed = either(flags_.seed, settings_.seed)) {
      const char* const end = seed->data() + seed->size();
      const auto [rest, problem] = std::from_chars(seed->data(), end, options_.seed);
      if (problem != std::errc() || rest != end)
        return Problem{"--seed: \"" + *seed + "\" is not a whole number"};
    }
    options_.deep = flags_.deep || settings_.deep;
    options_.save_trace = flags_.save_trace.value_or("");
    options_.from_trace = flags_.from_trace.value_or("");
    options_.require_exhaustive = flags_.require_exhaustive || settings_.require_exhaustive;
    return std::nullopt;
  }

  const ProveFlags& flags_;
  prove::Settings settings_;
  prove::ProveOptions options_;
};

ExitCode fail(Output& output, const std::string& message) {
  output.error(message);
  if (output.json()) output.result(error_document("prove", {.message = message}));
  (void)output.finish();
  return ExitCode::failure;
}

ExitCode fail(Output& output, const Error& error) {
  output.error(error.message());
  if (output.json()) {
    report::JsonWriter json;
    json.begin_object();
    json.field("schema", "untorn.prove/1").key("error");
    write_error(json, error, error.path());
    json.end_object();
    output.result(std::move(json).take() + "\n");
  }
  (void)output.finish();
  return ExitCode::failure;
}

// The record of the run: where the user wants it, and for replay tokens. False: not where the user
// wants it.
bool keep_record(const std::string& save_trace, const prove::WorkerAnswer& answer, Output& output) {
  if (answer.trace.empty()) return true;
  if (answer.trace.size() <= kept_trace_bytes_max) {
    if (auto kept = keep_trace(answer.trace_name, answer.trace); !kept) {
      output.message("the record of the run is not kept for untorn replay: " +
                     kept.error().message());
    }
  }
  if (save_trace.empty()) return true;
  const auto saved = replace_file(save_trace, answer.trace);
  if (!saved) output.error(saved.error().message());
  return saved.has_value();
}

// A page can be made again, so a whole version is enough and no flush is paid for it.
ReplaceOptions page_options() {
  return {.durability = Durability::ordered};
}

std::string render(const prove::ProveReport& report, const Invocation& invocation) {
  if (invocation.common.format == "json") return prove::render_json(report);
  if (invocation.common.format == "sarif") return prove::render_sarif(report);
  return prove::render_text(report, invocation.output.result_in_color());
}

bool write_page(const std::optional<std::string>& path, const prove::WorkerAnswer& answer,
                Output& output) {
  if (!path || answer.page.empty()) return true;
  const auto written = replace_file(*path, answer.page, page_options());
  if (!written) output.error(written.error().message());
  return written.has_value();
}

ExitCode run_prove(const ProveFlags& flags, const Invocation& invocation) {
  Output& output = invocation.output;
  OptionsMaker maker(flags, invocation.rest);
  if (auto problem = maker.make()) return fail(output, problem->message);
  if (flags.report) {
    // What can be refused is refused before the run.
    if (auto page = FileReplacer::open(*flags.report, page_options()); !page)
      return fail(output, page.error());
  }
  prove::ProveOptions options = std::move(maker).take();
  if (flags.report && *flags.report == options.save_trace)
    return fail(output, "--report and --save-trace name the same file: " + options.save_trace);
  options.progress = !output.quiet() && isatty(STDERR_FILENO) == 1;
  auto answer = prove::run_worker([&](const bool* stop) -> prove::WorkerAnswer {
    options.stop = stop;
    const auto report = prove::prove(options);
    if (!report) return {static_cast<int>(ExitCode::failure), {}, report.error()};
    return {report->exit_code(),
            render(*report, invocation),
            {},
            flags.report ? prove::render_html(*report) : std::string(),
            report->trace,
            report->trace_name};
  });
  if (!answer) return fail(output, answer.error());
  const auto code = static_cast<ExitCode>(answer->exit_code);
  if (code == ExitCode::interrupted) {
    // What was found until then is shown; files that were asked for keep what they hold.
    output.message("interrupted; the root is as it was");
    output.abandon_file();
    output.result(answer->document);
    return output.finish() ? code : ExitCode::failure;
  }
  if (answer->error) return fail(output, *answer->error);
  output.result(answer->document);
  const bool kept = keep_record(options.save_trace, *answer, output);
  const bool shown = write_page(flags.report, *answer, output);
  return output.finish() && kept && shown ? code : ExitCode::failure;
}

std::vector<Flag> flag_table(ProveFlags& flags) {
  return {
      {"--root", "DIR", "The folder whose files are judged (default: the current one).",
       &flags.root},
      {"--also", "DIR", "Another folder that the command may change. May be repeated.",
       &flags.also},
      {"--check", "CMD",
       "A shell command that exits 0 if a state is good. It runs at the root's own path in each "
       "crash state; UNTORN_STATE is that path, UNTORN_ACKED a file of the acknowledged output.",
       &flags.check},
      {"--expect",
       "LIST",
       "What is asked of every state: atomic, durable, durable-if-synced, parse, lines, rerun, "
       "no-litter, or none (default atomic,parse,durable-if-synced).",
       &flags.expect,
       {},
       true},
      {"--ack", "REGEX", "Lines on stdout that acknowledge, besides exit code 0.", &flags.ack},
      {"--only", "GLOB", "Judge only these paths. May be repeated.", &flags.only},
      {"--ignore", "GLOB", "Do not judge these paths. May be repeated.", &flags.ignore},
      {"--engine", "LIST", "kill, power, fault (default kill,power).", &flags.engine, {}, true},
      {"--model", "NAME",
       "What a power cut may leave: portable (the default: all that ext4, xfs or btrfs may), ext4, "
       "xfs, btrfs, or posix. kill: no power cut, only kills.",
       &flags.model},
      {"--deep", "", "Crash the recovery too: what --check and rerun do is cut at every point.",
       &flags.deep},
      {"--budget", "TIME", "For judging the states (default 120s).", &flags.budget},
      {"--seed", "N", "Of the sample that is drawn when there are too many states.", &flags.seed},
      {"--require-exhaustive", "", "A sample in which nothing is bad is not enough: exit 2.",
       &flags.require_exhaustive},
      {"--stop-after", "TIME", "End the command then, for servers. This acknowledges nothing.",
       &flags.stop_after},
      {"--save-trace", "FILE", "Keep the record of the run, for --from-trace and untorn replay.",
       &flags.save_trace},
      {"--from-trace", "FILE", "Judge a record that was kept; no command is run.",
       &flags.from_trace},
      {"--report", "FILE.html", "Write the counterexamples as a page, too.", &flags.report},
      {"--isolation", "auto|copy",
       "Where the command runs: in namespaces where they can be had, or on a copy.",
       &flags.isolation},
  };
}

}  // namespace

Command make_prove_command() {
  auto flags = std::make_shared<ProveFlags>();
  Command command;
  command.name = "prove";
  command.summary = "Run a command once and judge every state that a crash could have left.";
  command.usage = "-- COMMAND [ARG…]";
  command.description =
      "Runs COMMAND once in a private copy-on-write view of the root, so that the real files stay "
      "as they are, and records what it does to files. From this record it makes the states that "
      "a kill or a power cut could have left, and judges each.\n"
      "The verdict is proved (every state was judged and is good), passed (a sample was), violated "
      "(here is a bad state, with the lines that cause it) or undecided (and why). It speaks of "
      "this run of this command. States are counted for each path, or database with its journals, "
      "and added up.";
  command.example =
      "untorn prove -- python3 save.py\n"
      "untorn prove --check 'python3 verify.py' --budget 5m -- ./migrate";
  command.flags = flag_table(*flags);
  command.formats = {"text", "json", "sarif"};
  command.takes_command = true;
  command.command_optional = true;
  command.run = [flags](const Invocation& invocation) { return run_prove(*flags, invocation); };
  return command;
}

}  // namespace untorn::cli
