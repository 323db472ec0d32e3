// SPDX-License-Identifier: Apache-2.0
#include "prove/fault/fault_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "prove/fault/advice.h"
#include "prove/fault/end_state.h"
#include "prove/fault/pool.h"
#include "prove/judge/judge.h"
#include "prove/judge/path_filter.h"
#include "prove/judge/tree_command.h"
#include "prove/record.h"
#include "prove/replay/log_name.h"

namespace untorn::prove {

namespace {

constexpr std::chrono::milliseconds command_time_max{10'000};

// A traced run with what the injector saw of it.
struct Run {
  Recording recording;
  std::unique_ptr<FaultInjector> injector;
  RunRecord record;

  [[nodiscard]] const Trace& trace() const noexcept { return recording.run.trace; }
};

void describe_end(Run& run, const FaultRunSetting& setting) {
  const Trace& trace = run.trace();
  RunRecord& record = run.record;
  record.elapsed_s = trace.elapsed_s;
  record.why = trace.why;
  record.exit_code = trace.exit_code;
  switch (trace.end) {
    case RunEnd::exited:
      record.end = RunRecord::End::ended;
      break;
    case RunEnd::signalled:
      record.end = RunRecord::End::ended;
      record.exit_code = 128 + trace.signal;
      break;
    case RunEnd::stopped:
      record.end = setting.options.stop_after ? RunRecord::End::ended : RunRecord::End::hung;
      record.exit_code = 128 + trace.signal;
      break;
    case RunEnd::too_much:
    case RunEnd::escaped:
      record.end = RunRecord::End::cut;
      break;
    case RunEnd::interrupted:
    case RunEnd::killed_at_call:
      record.end = RunRecord::End::interrupted;
      break;
  }
}

Run trace_run(const FaultRunSetting& setting, const std::optional<Fault>& fault) {
  Run run;
  const auto adjust = [&](Recording& recording, TraceOptions& trace) {
    run.injector = std::make_unique<FaultInjector>(*recording.collector, recording.run.root, fault);
    trace.injector = run.injector.get();
    if (!trace.stop_after) trace.stop_after = setting.time_max;
  };
  auto recorded = record_run(setting.options, adjust);
  if (!recorded) {
    run.record.end = RunRecord::End::failed;
    run.record.why = recorded.error().message();
    return run;
  }
  run.recording = *std::move(recorded);
  describe_end(run, setting);
  return run;
}

bool concerns_selected(const CallRecord& call, const crash::History& history,
                       const PathFilter& filter) {
  // A folder is synced for the sake of the names in it.
  if (call.inode != no_inode && history.log().inodes[call.inode].type == FileType::directory) {
    return true;
  }
  const CallPaths paths = paths_of(call, history);
  return (!paths.path.empty() && filter.selects(paths.path)) ||
         (!paths.target.empty() && filter.selects(paths.target));
}

std::vector<SurveyedSite> list_sites(const Run& run, const ProveOptions& options) {
  const crash::History history(run.trace().log);
  const PathFilter filter(options.only, options.ignore);
  std::vector<SurveyedSite> sites;
  for (const auto& [site, record] : run.injector->sites()) {
    SurveyedSite surveyed;
    surveyed.site = site;
    surveyed.call = record.calls.front().call;
    surveyed.operations = record.calls.front().operations;
    surveyed.occurrences = record.occurrences;
    for (const CallRecord& call : record.calls) {
      surveyed.calls.push_back({call.bytes, concerns_selected(call, history, filter)});
    }
    sites.push_back(std::move(surveyed));
  }
  return sites;
}

// Everything that one run with a fault is asked, after it.
class FaultJudge {
 public:
  FaultJudge(const FaultRunSetting& setting, const Reference& reference, const KnownAnswers& known,
             const FaultKind& kind, Run& run)
      : setting_(setting),
        reference_(reference),
        known_(known),
        kind_(kind),
        run_(run),
        record_(run.record),
        history_(run.trace().log) {}

  void judge();

 private:
  void judge_tree(const EndState& state);
  void ask_command(const EndState& state, TreeCommandOptions options);
  void ask_commands(const EndState& state);
  void judge_crashes();
  void advise(const Plan& plan);

  const FaultRunSetting& setting_;
  const Reference& reference_;
  const KnownAnswers& known_;
  const FaultKind& kind_;
  Run& run_;
  RunRecord& record_;
  crash::History history_;
};

void FaultJudge::judge_tree(const EndState& state) {
  EndJudgement judgement = judge_end_state(reference_, state, record_.done,
                                           run_.injector->lost_writes(), setting_.options);
  record_.findings = std::move(judgement.findings);
  record_.undecided = std::move(judgement.undecided);
}

void FaultJudge::ask_command(const EndState& state, TreeCommandOptions options) {
  options.root = setting_.options.root;
  options.time_max = command_time_max;
  options.stop = setting_.options.stop;
  options.environment = {
      {"UNTORN_ASSUME_FS", std::string(crash::to_string(setting_.options.model))}};
  options.shares_answers = false;  // one state, asked once
  const Check check = options.check;
  TreeCommand command(*run_.recording.sandbox, history_, std::move(options));
  const Question question = command.question();
  if (auto answer = question.ask(state)) {
    EndFinding finding;
    finding.check = check;
    finding.observed = answer->observed;
    finding.output = std::move(answer->output);
    record_.findings.push_back(std::move(finding));
  }
  const auto& undecided = command.undecided();
  record_.undecided.insert(record_.undecided.end(), undecided.begin(), undecided.end());
}

void FaultJudge::ask_commands(const EndState& state) {
  const ProveOptions& options = setting_.options;
  for (const std::string& check : options.check_commands) {
    TreeCommandOptions command;
    command.arguments = {"sh", "-c", check};
    command.working_directory = options.root;
    ask_command(state, std::move(command));
  }
  if (!options.expects(Check::rerun)) return;
  TreeCommandOptions command;
  command.check = Check::rerun;
  command.arguments = options.command;
  command.working_directory = options.working_directory;
  ask_command(state, std::move(command));
}

// The power goes during or after the run with the fault.
void FaultJudge::judge_crashes() {
  if (!reference_.crashes_are_known()) {
    record_.exhaustive = false;
    return;
  }
  if (const auto known = known_.crashes.find(record_.log_name); known != known_.crashes.end()) {
    record_.findings.insert(record_.findings.end(), known->second.findings.begin(),
                            known->second.findings.end());
    record_.exhaustive = known->second.exhaustive;
    return;
  }
  const Plan plan(history_, setting_.options);
  JudgeLimits limits;
  limits.deadline = std::chrono::steady_clock::now() + setting_.crash_time_max;
  limits.model = setting_.options.model;
  limits.stop = setting_.options.stop;
  Judgement judgement = untorn::prove::judge(history_, plan.groups(), {Engine::power}, limits);
  record_.exhaustive = std::ranges::all_of(judgement.engines, &EngineReport::exhaustive);
  std::set<std::string> bad;
  for (const EndFinding& finding : record_.findings) bad.insert(finding.path);
  for (Failure& failure : judgement.failures) {
    if (failure.story == nullptr || bad.contains(failure.story->path)) continue;
    if (!reference_.is_lasting(failure.story->path)) continue;
    // A record whose sync failed may be NUL bytes, as one may that waits for its sync.
    const bool unsettled = failure.check == Check::atomic && !record_.done &&
                           failure.story->path_class == PathClass::log &&
                           failure.simplest.observed == Observed::zeros;
    if (unsettled) continue;
    if (reference_.fails_anyway(failure.story->path, failure.check)) continue;
    record_.findings.push_back({failure.check,
                                failure.story->path,
                                failure.simplest.observed,
                                std::move(failure.simplest.bytes),
                                {},
                                {},
                                true});
  }
}

void FaultJudge::advise(const Plan& plan) {
  const Adviser adviser(history_, *run_.recording.sources, run_.recording.run.root,
                        *run_.injector->failed(), record_.failed);
  for (EndFinding& finding : record_.findings) {
    finding.advice = adviser.advice(finding, record_.done, plan.stories());
  }
}

void FaultJudge::judge() {
  const Trace& trace = run_.trace();
  record_.later_calls = run_.injector->later_calls();
  record_.came = run_.injector->failed().has_value();
  if (!record_.came || record_.end == RunRecord::End::interrupted ||
      record_.end == RunRecord::End::cut) {
    return;
  }
  record_.log_name = log_name(trace.log);
  record_.done = (trace.end == RunEnd::exited && trace.exit_code == 0) ||
                 (!setting_.options.acknowledge_pattern.empty() &&
                  count_acknowledgements(trace.log) >= reference_.acknowledgements());
  record_.failed = describe_call(*run_.injector->failed(), history_, *run_.recording.sources,
                                 run_.recording.run.root);
  record_.failed.fault = name_of(kind_, run_.injector->allowed_bytes());
  for (const std::string& difference : trace.unexplained) {
    record_.undecided.push_back(
        {Reason::unmodelled_call,
         "the tree after a run with a fault is not what the traced calls explain: " + difference});
  }
  const EndState state(history_, reference_.history());
  judge_tree(state);
  judge_crashes();
  ask_commands(state);
  advise(Plan(history_, setting_.options));
}

}  // namespace

RunRecord run_undisturbed(const FaultRunSetting& setting) {
  Run run = trace_run(setting, std::nullopt);
  if (run.record.end == RunRecord::End::ended) {
    run.record.sites = list_sites(run, setting.options);
    run.record.trace = write_trace(run.recording.run);
  }
  return std::move(run.record);
}

RunRecord run_with_fault(const FaultRunSetting& setting, const Reference& reference,
                         const Fault& fault, const KnownAnswers& known) {
  Run run = trace_run(setting, fault);
  if (run.record.end == RunRecord::End::failed) return std::move(run.record);
  FaultJudge(setting, reference, known, fault.kind, run).judge();
  if (run.record.came) {
    if (const std::string printed = printed_so_far(); !printed.empty()) {
      for (EndFinding& finding : run.record.findings) {
        if (finding.output.empty()) finding.output = printed;
      }
    }
  }
  return std::move(run.record);
}

}  // namespace untorn::prove
