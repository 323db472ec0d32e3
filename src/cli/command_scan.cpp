// SPDX-License-Identifier: Apache-2.0
//
// untorn scan [PATH…]: finds the writes of a project that can lose a file.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/escape.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/scan_request.h"
#include "report/json.h"
#include "rules/rule.h"
#include "scan/render.h"
#include "scan/scan.h"

namespace untorn::cli {
namespace {

struct ScanFlags {
  std::vector<std::string> paths;
  std::vector<std::string> select;
  std::vector<std::string> ignore;
  std::vector<std::string> exclude;
  std::optional<std::string> min_severity;
  std::optional<std::string> fail_on;
  std::optional<std::string> threads;
  std::optional<std::string> config;
  std::optional<std::string> explain;
  bool list_rules = false;
  bool statistics = false;
  bool include_tests = false;
  bool exit_zero = false;
  bool no_cache = false;
};

// Says now and then on a terminal how far a long scan is, and sees Ctrl-C.
class Watcher {
 public:
  Watcher(const Output& output, InterruptGuard& guard)
      : guard_(guard), visible_(!output.quiet() && isatty(STDERR_FILENO) == 1) {}

  void look(const scan::Progress& progress, std::atomic<bool>& stop) {
    const auto now = Clock::now();
    if (now - last_look_ < std::chrono::milliseconds(20)) return;
    last_look_ = now;
    if (guard_.interrupted()) stop = true;
    if (!visible_ || progress.files_total == 0 || now - begin_ < std::chrono::seconds(1)) return;
    if (now - last_line_ < std::chrono::milliseconds(200)) return;
    last_line_ = now;
    shown_ = true;
    std::fprintf(stderr, "\r\x1b[Kuntorn: %llu of %llu files",
                 static_cast<unsigned long long>(progress.files_done),
                 static_cast<unsigned long long>(progress.files_total));
  }

  void clear() const {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }

 private:
  using Clock = std::chrono::steady_clock;
  InterruptGuard& guard_;
  const bool visible_;
  bool shown_ = false;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_look_;
  Clock::time_point last_line_;
};

std::string known_rules_text() {
  std::string text;
  for (const rules::Rule& rule : rules::all_rules()) {
    text += std::string(rule.code) + " " + std::string(rule.name) + "  " +
            std::string(rule.summary) + "\n";
  }
  return text;
}

void write_rule(report::JsonWriter& json, const rules::Rule& rule, bool explained) {
  json.begin_object().field("code", rule.code).field("rule", rule.name);
  json.field("summary", rule.summary);
  if (explained) json.field("explanation", rules::explain(rule));
  json.end_object();
}

// One call of the command. A failure of any kind goes through fail(), once.
class ScanRun {
 public:
  ScanRun(const ScanFlags& flags, const Invocation& invocation)
      : flags_(flags), output_(invocation.output), format_(invocation.common.format) {}

  ExitCode run() {
    if (flags_.explain) return explain(*flags_.explain);
    if (flags_.list_rules) return list_rules();
    auto request = make_scan_request({.paths = flags_.paths,
                                      .select = flags_.select,
                                      .ignore = flags_.ignore,
                                      .min_severity = flags_.min_severity,
                                      .use_cache = !flags_.no_cache});
    if (!request) return fail(request.error());
    if (auto problem = complete(*request)) return fail(ToolError{.message = *problem});
    InterruptGuard guard;
    Watcher watcher(output_, guard);
    std::atomic<bool> stop = false;
    request->stop = &stop;
    request->progress = [&](const scan::Progress& progress) { watcher.look(progress, stop); };
    const auto report = scan::scan(posix_file_system(), *request);
    watcher.clear();
    if (guard.interrupted()) {
      output_.message("interrupted; nothing was changed");
      return guard.exit_code();
    }
    if (!report) return fail(report.error());
    return deliver(*report);
  }

 private:
  // The settings that only this command has.
  std::optional<std::string> complete(scan::ScanRequest& request) const {
    request.exclude = flags_.exclude;
    request.settings_file = flags_.config;
    request.overrides.include_tests = flags_.include_tests;
    if (flags_.fail_on) {  // "never" is no severity
      request.overrides.fail_on.emplace(scan::parse_severity(*flags_.fail_on));
    }
    constexpr unsigned threads_max = 256;
    if (!flags_.threads) return std::nullopt;
    const std::string& text = *flags_.threads;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), request.threads);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    if (is_number && request.threads >= 1 && request.threads <= threads_max) return std::nullopt;
    return "--threads: \"" + text + "\" is not a number from 1 to " + std::to_string(threads_max);
  }

  ExitCode explain(const std::string& name) {
    auto ids = scan::parse_rules(std::vector<std::string>{name});
    if (!ids) return fail(ToolError{.message = "--explain: " + ids.error().detail()});
    const rules::Rule& rule = rules::rule(ids->front());
    if (output_.json()) {
      report::JsonWriter json;
      json.begin_object().field("schema", "untorn.scan/1").key("explain");
      write_rule(json, rule, true);
      json.end_object();
      output_.result(std::move(json).take() + "\n");
    } else {
      std::string text = rules::explain(rule);
      if (!text.ends_with('\n')) text += '\n';
      output_.result(text);
    }
    return output_.finish() ? ExitCode::done : ExitCode::failure;
  }

  ExitCode list_rules() {
    if (output_.json()) {
      report::JsonWriter json;
      json.begin_object().field("schema", "untorn.scan/1").key("rules").begin_array();
      for (const rules::Rule& rule : rules::all_rules()) write_rule(json, rule, false);
      json.end_array().end_object();
      output_.result(std::move(json).take() + "\n");
    } else {
      output_.result(known_rules_text());
    }
    return output_.finish() ? ExitCode::done : ExitCode::failure;
  }

  ExitCode deliver(const scan::ScanReport& report) {
    for (const scan::IdleSuppression& idle : report.idle_suppressions) {
      std::string line =
          escape_controls(idle.path) + ":" + std::to_string(idle.line) + ": untorn: allow";
      if (!idle.rule.empty()) line += " " + escape_controls(idle.rule);
      output_.warning(line + ": " + idle.reason);
    }
    const scan::RenderOptions options = {.tool_version = UNTORN_VERSION,
                                         .colored = output_.result_in_color(),
                                         .statistics = flags_.statistics};
    if (output_.json()) {
      output_.result(scan::render_json(report, options));
    } else if (format_ == "markdown") {
      output_.result(scan::render_markdown(report));
    } else {
      output_.result(scan::render_text(report, options));
    }
    if (!output_.finish()) return ExitCode::failure;
    const bool fails = std::any_of(report.findings.begin(), report.findings.end(),
                                   [](const scan::FoundSite& site) { return site.fails; });
    return fails && !flags_.exit_zero ? ExitCode::condition : ExitCode::done;
  }

  ExitCode fail(const Error& error) {
    return fail(ToolError{.code = std::string(to_string(error.code())),
                          .step = std::string(to_string(error.step())),
                          .message = error.message(),
                          .path = error.path()});
  }

  ExitCode fail(const ToolError& error) {
    output_.error(error.message);
    if (output_.json()) {
      output_.result(error_document("scan", error));
      (void)output_.finish();
    }
    return ExitCode::failure;
  }

  const ScanFlags& flags_;
  Output& output_;
  const std::string& format_;
};

std::vector<Flag> flag_table(ScanFlags& flags) {
  const std::vector<std::string> levels = {"low", "medium", "high", "critical"};
  std::vector<std::string> fail_levels = levels;
  fail_levels.emplace_back("never");
  return {
      {"--select", "RULE,…", "Only these rules, by code or name.", &flags.select, {}, true},
      {"--ignore", "RULE,…", "Not these rules.", &flags.ignore, {}, true},
      {"--exclude", "GLOB", "Leave out what this pattern of .gitignore names. May be repeated.",
       &flags.exclude},
      {"--min-severity", "low|medium|high|critical",
       "What is shown (default low); the exit code does not change.", &flags.min_severity, levels},
      {"--fail-on", "low|medium|high|critical|never",
       "From which severity on the exit code is 1 (default low).", &flags.fail_on, fail_levels},
      {"--exit-zero", "", "Exit with 0 whatever is found.", &flags.exit_zero},
      {"--include-tests", "", "Judge test code too.", &flags.include_tests},
      {"--statistics", "", "Counts by rule in the place of the findings.", &flags.statistics},
      {"--explain", "RULE", "Say what a rule finds, why it matters, and what cures it.",
       &flags.explain},
      {"--list-rules", "", "All rules, one line each.", &flags.list_rules},
      {"--threads", "N", "How many at a time (default: one for each core).", &flags.threads},
      {"--no-cache", "", "Neither use nor keep what an earlier scan found out.", &flags.no_cache},
      {"--config", "FILE", "These settings instead of the nearest untorn.toml or pyproject.toml.",
       &flags.config},
  };
}

}  // namespace

Command make_scan_command() {
  auto flags = std::make_shared<ScanFlags>();
  Command command;
  command.name = "scan";
  command.summary = "Find the writes of a project that can lose a file, and how bad each is.";
  command.usage = "[PATH…]";
  command.description =
      "Reads the Python sources below each PATH (default: the current folder) and reports every "
      "place that opens, truncates, writes or publishes a file so that a kill or a power cut can "
      "leave it empty, torn or missing; and every loader that takes a damaged file for a new "
      "beginning. The severity follows from what the file is to the program.\n"
      "What .gitignore names, hidden folders, installed packages and symbolic links are left out; "
      "a "
      "file that is named is always read. A comment `untorn: allow RULE -- reason` on the line, or "
      "alone on the line above, silences a finding.\n"
      "\n"
      "Exit code: 0 nothing at or above --fail-on; 1 findings; 2 the scan could not be done; 130 "
      "interrupted.";
  command.example =
      "untorn scan\n"
      "untorn scan src --format markdown --output report.md\n"
      "untorn scan --explain truncate-write";
  command.arguments = {{.name = "PATH",
                        .description = "A file or a folder; several may be given.",
                        .required = false,
                        .targets = &flags->paths}};
  command.flags = flag_table(*flags);
  command.formats = {"text", "json", "markdown"};
  command.run = [flags](const Invocation& invocation) { return ScanRun(*flags, invocation).run(); };
  return command;
}

}  // namespace untorn::cli
