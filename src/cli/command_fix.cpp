// SPDX-License-Identifier: Apache-2.0
//
// untorn fix [PATH…]: puts atomic writes in the place of those that are safe to replace.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/escape.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/scan_request.h"
#include "fix/apply.h"
#include "fix/apply_together.h"
#include "fix/plan.h"
#include "fix/render.h"
#include "fix/work_tree.h"
#include "report/json.h"
#include "scan/scan.h"

namespace untorn::cli {
namespace {

namespace stdfs = std::filesystem;

struct FixFlags {
  std::vector<std::string> paths;
  std::vector<std::string> select;
  std::vector<std::string> ignore;
  std::vector<std::string> exclude;
  std::optional<std::string> min_severity;
  std::optional<std::string> vendor;
  std::optional<std::string> library;
  std::optional<std::string> config;
  bool diff = false;
  bool allow_unsafe = false;
  bool allow_dirty = false;
  bool include_tests = false;
};

// A module's name as an import statement writes it.
bool is_module_name(std::string_view name) {
  bool at_start = true;
  for (const char each : name) {
    const bool letter = (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
                        each == '_' || static_cast<unsigned char>(each) >= 0x80;
    const bool digit = each >= '0' && each <= '9';
    if (each == '.' ? at_start : !letter && (at_start || !digit)) return false;
    at_start = each == '.';
  }
  return !at_start;
}

class FixRun {
 public:
  FixRun(const FixFlags& flags, const Invocation& invocation)
      : flags_(flags), output_(invocation.output) {}

  ExitCode run() {
    if (flags_.vendor && flags_.library) {
      return fail({.message = "--vendor and --library exclude each other"});
    }
    if (flags_.library && !is_module_name(*flags_.library)) {
      return fail({.message = "--library: \"" + *flags_.library + "\" is no name of a module"});
    }
    if (Result<void> made = make_requests(); !made) return fail(made.error());
    Result<scan::ScanReport> scanned = scan::scan(posix_file_system(), scan_request_);
    if (!scanned) return fail(scanned.error());
    if (scanned->interrupted || guard_.interrupted()) return stop("nothing was changed");
    for (const scan::SkippedFile& file : scanned->skipped) {
      output_.warning(escape_controls(file.path) + ": not looked at: " + file.reason);
    }
    Result<fix::Plan> plan = fix::make_plan(posix_file_system(), *scanned, fix_request_);
    if (!plan) return fail(plan.error());
    if (guard_.interrupted()) return stop("nothing was changed");
    for (const std::string& problem : plan->problems) output_.error(escape_controls(problem));
    note_reasons(*plan, *scanned);
    if (flags_.diff) return show(*plan, *scanned);
    if (plan->files.empty()) return deliver({.plan = *plan, .scan = *scanned});
    return change(*plan, *scanned);
  }

 private:
  [[nodiscard]] Result<void> make_requests() {
    Result<scan::ScanRequest> request = make_scan_request({.paths = flags_.paths,
                                                           .select = flags_.select,
                                                           .ignore = flags_.ignore,
                                                           .min_severity = flags_.min_severity,
                                                           .use_cache = false});
    if (!request) return std::unexpected(request.error());
    scan_request_ = *std::move(request);
    scan_request_.exclude = flags_.exclude;
    scan_request_.settings_file = flags_.config;
    scan_request_.overrides.include_tests = flags_.include_tests;
    scan_request_.stop = &stop_;
    scan_request_.progress = [this](const scan::Progress&) {
      if (guard_.interrupted()) stop_ = true;
    };
    fix_request_.allow_unsafe = flags_.allow_unsafe;
    fix_request_.library = flags_.library;
    fix_request_.tool_version = UNTORN_VERSION;
    if (flags_.vendor) {
      std::error_code ignored;
      stdfs::path place = stdfs::absolute(*flags_.vendor, ignored);
      if (stdfs::is_directory(place, ignored)) place /= "atomic_file.py";
      // Links resolved, as the root of the scan is.
      const stdfs::path folder = stdfs::weakly_canonical(place.parent_path(), ignored);
      fix_request_.vendor_path = (folder / place.filename()).string();
    }
    return {};
  }

  // A finding says why it is left, also where that has another reason than the scan knows.
  void note_reasons(const fix::Plan& plan, scan::ScanReport& report) {
    for (const fix::LeftSite& left : plan.left) {
      rules::Finding& finding = report.findings[left.site].finding;
      // It would be made if it could: what holds it back decides how far it is from being safe.
      const auto most =
          flags_.allow_unsafe ? languages::RewriteGrade::display : languages::RewriteGrade::unsafe;
      finding.fix = std::min(finding.fix, most);
      finding.fix_reason = left.reason;
      reasons_[report.findings[left.site].fingerprint] = {finding.fix, left.reason};
    }
  }

  ExitCode show(const fix::Plan& plan, const scan::ScanReport& report) {
    const std::string diff = fix::render_diff(plan, shown_root(report.root));
    fix::FixReport shown = {
        .plan = plan, .scan = report, .remaining = {}, .is_preview = true, .diff = diff};
    for (const fix::LeftSite& left : plan.left) shown.remaining.push_back(left.site);
    if (output_.json()) {
      output_.result(fix::render_json(shown, UNTORN_VERSION));
    } else {
      output_.result(diff);
      say_lines(fix::render_text(shown, output_.messages_in_color()));
    }
    if (!output_.finish()) return ExitCode::failure;
    if (!plan.problems.empty()) return ExitCode::failure;
    return plan.files.empty() && plan.left.empty() ? ExitCode::done : ExitCode::condition;
  }

  void say_lines(std::string_view text) const {
    while (!text.empty()) {
      const std::size_t feed = text.find('\n');
      if (feed > 0) output_.message(text.substr(0, feed));
      text.remove_prefix(feed == std::string_view::npos ? text.size() : feed + 1);
    }
  }

  // From the current folder, if the root lies in it: there the patch will be applied.
  static std::string shown_root(const std::string& root) {
    std::error_code problem;
    const stdfs::path here = stdfs::current_path(problem);
    const stdfs::path shown = stdfs::path(root).lexically_relative(here);
    if (problem || shown.empty() || shown == "." || *shown.begin() == "..") return {};
    return shown.generic_string() + "/";
  }

  ExitCode change(const fix::Plan& plan, const scan::ScanReport& report) {
    if (!flags_.allow_dirty) {
      if (const std::optional<ToolError> dirty = look_at_work_trees(plan)) return fail(*dirty);
    }
    std::vector<fix::FileUpdate> updates;
    // The module first: what imports it is never there without it.
    if (plan.module && plan.module->before != plan.module->after) {
      updates.push_back({.path = plan.module->full_path,
                         .before = plan.module->before,
                         .after = plan.module->after});
    }
    for (const fix::PlannedFile& file : plan.files) {
      updates.push_back({.path = file.full_path, .before = file.before, .after = file.after});
    }
    const auto is_stopped = [this] { return guard_.interrupted(); };
    FileSystem& fs = posix_file_system();
    auto together = fix::apply_together(fs, report.root, updates, is_stopped);
    const fix::ApplyResult applied =
        together ? *std::move(together) : fix::apply_changes(fs, updates, is_stopped);
    for (const std::string& path : applied.not_put_back) {
      output_.error("could not be put back: " + path);
    }
    if (applied.interrupted) {
      output_.error("`untorn doctor --repair " + report.root + "` finishes the change");
    }
    const bool all_back = applied.not_put_back.empty() && !applied.interrupted;
    if (applied.kind == fix::ApplyResult::Kind::stopped) {
      return stop(all_back ? "all files are as they were" : "some files are changed");
    }
    if (applied.error) {
      if (all_back) output_.message("no file is changed");
      return fail(*applied.error);
    }
    return report_change(plan, report);
  }

  [[nodiscard]] static std::optional<ToolError> look_at_work_trees(const fix::Plan& plan) {
    std::vector<std::string> files;
    for (const fix::PlannedFile& file : plan.files) files.push_back(file.full_path);
    const fix::WorkTree tree = fix::inspect_work_trees(files);
    std::string message;
    if (tree.kind == fix::WorkTree::Kind::dirty) {
      message = "the git tree has changes that are not committed (";
      for (const std::string& path : tree.changed) {
        message += (&path == &tree.changed.front() ? "" : ", ") + path;
      }
      message += "); commit or stash them, or say --allow-dirty; nothing was changed";
    } else if (tree.kind == fix::WorkTree::Kind::unknown) {
      message = "git does not say whether all is committed (" + tree.reason +
                "); say --allow-dirty to go on without it; nothing was changed";
    } else {
      return std::nullopt;
    }
    return ToolError{.code = "conflict", .step = "inspect", .message = message, .path = {}};
  }

  // Scanned again: the lines have moved, and what was edited must be gone.
  ExitCode report_change(const fix::Plan& plan, const scan::ScanReport& before) {
    scan_request_.stop = nullptr;
    scan_request_.progress = {};
    Result<scan::ScanReport> after = scan::scan(posix_file_system(), scan_request_);
    if (!after) {
      output_.error("the files are changed; scanning them again failed");
      return fail(after.error());
    }
    after->root = before.root;
    for (scan::FoundSite& site : after->findings) {
      const auto reason = reasons_.find(site.fingerprint);
      if (reason == reasons_.end()) continue;
      site.finding.fix = reason->second.first;
      site.finding.fix_reason = reason->second.second;
    }
    return deliver({.plan = plan, .scan = *after});
  }

  ExitCode deliver(fix::FixReport report) {
    for (std::size_t site = 0; site < report.scan.findings.size(); ++site) {
      const scan::FoundSite& found = report.scan.findings[site];
      if (found.shown && !found.suppressed) report.remaining.push_back(site);
    }
    output_.result(output_.json() ? fix::render_json(report, UNTORN_VERSION)
                                  : fix::render_text(report, output_.result_in_color()));
    if (!output_.finish() || !report.plan.problems.empty()) return ExitCode::failure;
    return report.remaining.empty() ? ExitCode::done : ExitCode::condition;
  }

  ExitCode fail(const Error& error) {
    output_.error(error.message());
    if (output_.json()) {
      report::JsonWriter json;
      json.begin_object().field("schema", "untorn.fix/1").key("error");
      write_error(json, error, error.path());
      json.end_object();
      output_.result(std::move(json).take() + "\n");
    }
    return deliver_failure();
  }

  ExitCode fail(const ToolError& error) {
    output_.error(error.message);
    if (output_.json()) output_.result(error_document("fix", error));
    return deliver_failure();
  }

  // In text the reason is on stderr, and a file of --output keeps what it holds.
  ExitCode deliver_failure() {
    if (output_.json()) (void)output_.finish();
    return ExitCode::failure;
  }

  ExitCode stop(const std::string& state) {
    output_.error("interrupted; " + state);
    return guard_.exit_code();
  }

  const FixFlags& flags_;
  Output& output_;
  InterruptGuard guard_;
  std::atomic<bool> stop_ = false;
  scan::ScanRequest scan_request_;
  fix::FixRequest fix_request_;
  std::map<std::string, std::pair<languages::RewriteGrade, std::string>> reasons_;
};

std::vector<Flag> flags_of(FixFlags& flags) {
  return {
      {"--diff", "", "Show the change as a unified diff, for git apply; nothing is changed.",
       &flags.diff},
      {"--unsafe", "",
       "Make also edits that may change what the program does; the text names each reason.",
       &flags.allow_unsafe},
      {"--select", "RULE,…", "Fix these rules alone.", &flags.select, {}, true},
      {"--ignore", "RULE,…", "Leave these rules aside.", &flags.ignore, {}, true},
      {"--exclude", "GLOB", "Leave files aside; may be given more than once.", &flags.exclude},
      {"--min-severity",
       "low|medium|high|critical",
       "Fix nothing below this.",
       &flags.min_severity,
       {"low", "medium", "high", "critical"}},
      {"--include-tests", "", "Fix tests too.", &flags.include_tests},
      {"--config", "FILE", "Settings, instead of those near the files.", &flags.config},
      {"--allow-dirty", "", "Change files although git has uncommitted changes.",
       &flags.allow_dirty},
      {"--vendor", "PATH",
       "Where the dependency-free module is written; default: atomic_file.py in the project's own "
       "package.",
       &flags.vendor},
      {"--library", "NAME", "Import from this module instead; \"untorn\" is the Python package.",
       &flags.library},
  };
}

}  // namespace

Command make_fix_command() {
  auto flags = std::make_shared<FixFlags>();
  Command command;
  command.name = "fix";
  command.summary = "Put atomic writes in the place of those that can be lost.";
  command.usage = "[PATH…]";
  command.description =
      "Scans as `untorn scan` does, and edits what can be replaced without changing what the "
      "program does: a whole value written at once to what is surely a regular file. Arguments, "
      "comments and line ends stay byte for byte. State, configuration and code become `durable`, "
      "documents, logs and caches `ordered`. Every file is replaced whole, and all are put back if "
      "one fails.\n"
      "\n"
      "Exit code: 0 everything selected was fixed; 1 findings remain, or --diff would change "
      "something; 2 failure, nothing was changed but what the report lists; 130 interrupted, "
      "nothing was changed.";
  command.example = "untorn fix --diff src | less\nuntorn fix src";
  command.arguments = {{.name = "PATH",
                        .description = "Files and folders; default: the current folder.",
                        .required = false,
                        .targets = &flags->paths}};
  command.flags = flags_of(*flags);
  command.run = [flags](const Invocation& invocation) { return FixRun(*flags, invocation).run(); };
  return command;
}

}  // namespace untorn::cli
