// SPDX-License-Identifier: Apache-2.0
#include "prove/report/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace untorn::prove {

namespace {

constexpr std::size_t unexplained_shown_max = 5;

void add_reason(ProveReport& report, Reason reason, std::string detail) {
  report.undecided.push_back({reason, std::move(detail)});
}

void judge_unmodelled(const OperationLog& log, const Plan& plan, const Explainer& explainer,
                      ProveReport& report) {
  std::set<std::string> said;
  for (std::size_t i = 0; i < log.operations.size(); ++i) {
    const Operation& operation = log.operations[i];
    if (operation.kind != OperationKind::unmodelled) continue;
    const PathStory* story =
        operation.inode == no_inode ? nullptr : plan.story_of_inode(operation.inode);
    if (operation.inode != no_inode && story == nullptr && !plan.is_selected(operation.inode))
      continue;
    const std::string path = story != nullptr ? story->path : explainer.note(i).path;
    const std::string place = explainer.place(i);
    std::string detail =
        fmt::format("{} of {}{}{}: {}", operation.call_name, path.empty() ? "a file" : path,
                    place.empty() ? "" : " at ", place, operation.name);
    if (said.insert(detail).second) add_reason(report, Reason::unmodelled_call, std::move(detail));
  }
}

void judge_unexplained(const Trace& trace, ProveReport& report) {
  const std::size_t shown = std::min(trace.unexplained.size(), unexplained_shown_max);
  for (std::size_t i = 0; i < shown; ++i) {
    add_reason(
        report, Reason::unmodelled_call,
        "the tree after the run is not what the traced calls explain: " + trace.unexplained[i]);
  }
  if (shown < trace.unexplained.size()) {
    add_reason(report, Reason::unmodelled_call,
               fmt::format("and {} more such differences", trace.unexplained.size() - shown));
  }
}

}  // namespace

void describe_run(const Trace& trace, ProveReport& report) {
  for (const Operation& operation : trace.log.operations) {
    switch (operation.kind) {
      case OperationKind::begin_writing:
      case OperationKind::end_writing:
      case OperationKind::unmodelled:
        break;
      case OperationKind::acknowledge:
        ++report.acknowledgements;
        break;
      case OperationKind::sync_file:
      case OperationKind::sync_data:
      case OperationKind::sync_directory:
      case OperationKind::sync_all:
        ++report.syncs;
        [[fallthrough]];
      default:
        ++report.operations;
    }
  }
  if (trace.end == RunEnd::exited) report.command_exit = trace.exit_code;
  if (trace.end == RunEnd::signalled) report.command_exit = 128 + trace.signal;
  report.interrupted = trace.end == RunEnd::interrupted;
  report.trace_s = trace.elapsed_s;
  report.notes.insert(report.notes.end(), trace.notes.begin(), trace.notes.end());
}

bool judge_end(const Trace& trace, ProveReport& report) {
  switch (trace.end) {
    case RunEnd::too_much:
      add_reason(report, Reason::budget, "the run was ended: " + trace.why);
      return false;
    case RunEnd::escaped:
      add_reason(report, Reason::escaped_root,
                 trace.why +
                     "; without namespaces nothing outside the root may be written "
                     "(--also names more folders, UNTORN_ROOT tells the command its root)");
      return false;
    case RunEnd::interrupted:
      return false;
    case RunEnd::signalled:
      add_reason(report, Reason::command_failed,
                 fmt::format("the command was ended by signal {}", trace.signal));
      break;
    case RunEnd::exited:
      if (trace.exit_code == 0) break;
      add_reason(report, Reason::command_failed,
                 fmt::format("the command ended with exit code {}; what it did until then was "
                             "judged",
                             trace.exit_code));
      break;
    default:
      break;
  }
  return true;
}

void judge_log(const Trace& trace, const Plan& plan, const Explainer& explainer,
               ProveReport& report) {
  judge_unmodelled(trace.log, plan, explainer, report);
  judge_unexplained(trace, report);
}

void judge_coverage(const Plan& plan, bool asks_whole_tree, ProveReport& report) {
  if (!plan.anything_changed()) {
    add_reason(report, Reason::nothing_written,
               plan.left_out() == 0
                   ? "the command changed no file below the root"
                   : fmt::format("all {} paths that changed are caches or left out by --only and "
                                 "--ignore",
                                 plan.left_out()));
  } else if (plan.paths().empty() && !asks_whole_tree) {
    add_reason(report, Reason::nothing_written,
               "no path that is there before or after the run has changed, only temporaries");
  } else if (plan.groups().empty() && !asks_whole_tree && report.undecided.empty()) {
    add_reason(report, Reason::check_reads_nothing,
               "none of the checks that were asked applies to a path that changed");
  }
}

namespace {

// Whose crash states a model of the power cut describes.
std::string_view systems_of(crash::Model model) {
  switch (model) {
    case crash::Model::ext4:
      return "ext4 with data=ordered";
    case crash::Model::xfs:
      return "xfs";
    case crash::Model::btrfs:
      return "btrfs";
    case crash::Model::posix:
      return "any file system that keeps to POSIX";
    case crash::Model::kill:
    case crash::Model::portable:
      break;
  }
  return "ext4, xfs or btrfs";
}

}  // namespace

std::vector<std::string> limits_of(const ProveOptions& options) {
  std::vector<std::string> limits = {
      "this run of this command: other input, timing or environment may make other calls",
      "a state is counted once for each path (or database with its journals) that it was judged "
      "on, and the counts are added up",
      "permissions, owners and extended attributes are not varied; a sync that returned is taken "
      "at its word",
      options.deep ? "a recovery is crashed once, and only those of --check and rerun; what SQLite "
                     "recovers in a built-in check is not"
                   : "a crash during a recovery is not tried (--deep)",
  };
  for (const Engine engine : options.engines) {
    if (engine == Engine::kill) {
      limits.emplace_back(
          "engine kill: the process dies between two calls, or in a write at a page boundary");
    } else if (engine == Engine::fault) {
      limits.emplace_back(
          "engine fault: one fault for each run, of the calls and errors of "
          "docs/internals/faults.md; opening a file only to read it, reading and memory never "
          "fail");
    } else {
      limits.push_back(
          fmt::format("engine power, model {}: any state that {} may leave by the rules of "
                      "docs/internals/crash-model.md",
                      crash::to_string(options.model), systems_of(options.model)));
    }
  }
  std::string caches;
  for (const std::string& pattern : PathFilter::cache_patterns())
    caches += (caches.empty() ? "" : " ") + pattern;
  limits.push_back("caches that their owner rebuilds are not judged: " + caches);
  return limits;
}

void conclude(ProveReport& report) {
  // The clearest first: by path, the power cut before the kill and both before a failed call,
  // `atomic` before what follows. Failed calls that share all three come in their own order.
  std::ranges::stable_sort(report.violations, {}, [](const Violation& violation) {
    constexpr std::array<int, 3> ranks = {1, 0, 2};  // of kill, power, fault
    return std::tuple(std::string_view(violation.path),
                      ranks.at(static_cast<std::size_t>(violation.engine)), violation.check);
  });
  if (!report.violations.empty()) {
    report.verdict = Verdict::violated;
  } else if (!report.undecided.empty() || report.interrupted) {
    report.verdict = Verdict::undecided;
  } else {
    report.verdict = report.exhaustive() ? Verdict::proved : Verdict::passed;
  }
}

}  // namespace untorn::prove
