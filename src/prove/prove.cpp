// SPDX-License-Identifier: Apache-2.0
#include "prove/prove.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/try.h"
#include "prove/command_checks.h"
#include "prove/fault/fault.h"
#include "prove/judge/judge.h"
#include "prove/judge/plan.h"
#include "prove/progress.h"
#include "prove/record.h"
#include "prove/repair/repair.h"
#include "prove/replay/log_name.h"
#include "prove/report/counterexample.h"
#include "prove/report/timeline.h"
#include "prove/report/verdict.h"
#include "prove/trace/trace.h"

namespace untorn::prove {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t implicit_root_bytes_max = 1ULL << 30U;
constexpr std::uint64_t implicit_root_entries_max = 200'000;  // about half a second of looking

// A folder that nobody named is taken only if it looks like one project, not like a home.
Result<void> refuse_large_root(const std::string& root) {
  namespace fs = std::filesystem;
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  std::error_code error;
  fs::recursive_directory_iterator at(root, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (++entries > implicit_root_entries_max) break;
    std::error_code ignored;
    if (at->is_regular_file(ignored) && !at->is_symlink(ignored)) bytes += at->file_size(ignored);
    if (bytes > implicit_root_bytes_max) {
      return std::unexpected(Error(Code::invalid_argument, Step::inspect, Outcome::not_applied, 0,
                                   root,
                                   "the current folder holds more than 1 GiB; if it is really "
                                   "meant, say so with --root"));
    }
  }
  return {};
}

// One proof, from the sandbox to the report.
class Proof {
 public:
  explicit Proof(const ProveOptions& options) : options_(options) {}

  Result<ProveReport> run();

 private:
  Result<void> obtain_run();
  void keep_trace();
  void judge_states(const Trace& trace);
  [[nodiscard]] JudgeLimits judge_limits(Progress& progress) const;
  void explain(const crash::History& history, const Plan& plan, const CommandChecks& commands,
               const Explainer& explainer, std::vector<Failure>& failures);
  void try_faults(std::chrono::steady_clock::time_point deadline);
  [[nodiscard]] bool asks_whole_tree() const {
    return !options_.check_commands.empty() || options_.expects(Check::rerun);
  }

  const ProveOptions& options_;
  std::unique_ptr<FaultEngine> faults_;  // only with the engine `fault`
  Recording recording_;
  Clock::duration judging_{};
  ProveReport report_;
};

Result<void> Proof::obtain_run() {
  const bool loads = !options_.from_trace.empty();
  auto recording = loads ? load_run(options_, asks_whole_tree()) : record_run(options_);
  if (!recording) return std::unexpected(recording.error());
  recording_ = *std::move(recording);
  const RecordedRun& run = recording_.run;
  report_.root = loads ? run.root : options_.root;
  report_.command = loads ? run.command : options_.command;
  report_.notes.insert(report_.notes.end(), run.notes.begin(), run.notes.end());
  return {};
}

// Keeps the record of the run, if it was asked for.
void Proof::keep_trace() {
  const bool save = !options_.save_trace.empty();
  const bool keep = report_.verdict == Verdict::violated && options_.keep_trace_bytes_max > 0;
  if (!save && !keep) return;
  collect_stacks(recording_);
  std::string bytes = write_trace(recording_.run);
  if (!save && bytes.size() > options_.keep_trace_bytes_max) return;
  report_.trace = std::move(bytes);
  report_.trace_name = log_name(recording_.run.trace.log);
}

// The engines have the share of the budget that the engine `fault` leaves them.
JudgeLimits Proof::judge_limits(Progress& progress) const {
  JudgeLimits limits;
  const auto parts = static_cast<std::ptrdiff_t>(options_.engines.size());
  const auto share = parts - (options_.runs(Engine::fault) ? 1 : 0);
  limits.deadline = Clock::now() + options_.budget * share / std::max<std::ptrdiff_t>(parts, 1);
  limits.seed = options_.seed;
  limits.model = options_.model;
  limits.stop = options_.stop;
  limits.progress = [&](Engine engine, std::uint64_t states) { progress.show(engine, states); };
  return limits;
}

// Makes violations of the failures, with their fixes and pictures.
void Proof::explain(const crash::History& history, const Plan& plan, const CommandChecks& commands,
                    const Explainer& explainer, std::vector<Failure>& failures) {
  ProveOptions asked = options_;
  asked.command = report_.command;
  const auto traced = std::chrono::duration<double>(report_.trace_s);
  Repairs repairs =
      repair(history, plan, failures, asked, explainer,
             judging_ + std::chrono::duration_cast<Clock::duration>(traced),
             [&](const crash::History& edited) { return commands.ask_again(edited); });
  PictureMaker pictures(history, explainer, options_.model);
  for (std::size_t i = 0; i < failures.size(); ++i) {
    report_.violations.push_back(explainer.explain(failures[i]));
    report_.violations.back().proved_fix = std::move(repairs.fixes[i]);
    pictures.add(failures[i], report_.violations.back());
  }
  pictures.draw(report_);
  report_.notes.insert(report_.notes.end(), repairs.notes.begin(), repairs.notes.end());
}

void Proof::judge_states(const Trace& trace) {
  if (!judge_end(trace, report_)) return;
  const crash::History history(trace.log);
  Plan plan(history, options_);
  const Explainer explainer(history, recording_.sources.get(), recording_.run.root, options_.model);
  report_.paths = plan.paths();
  report_.notes.insert(report_.notes.end(), plan.notes().begin(), plan.notes().end());
  report_.undecided.insert(report_.undecided.end(), plan.undecided().begin(),
                           plan.undecided().end());
  judge_log(trace, plan, explainer, report_);
  CommandChecks commands(options_, recording_.sandbox.get());
  commands.add_to(plan, history, report_);
  judge_coverage(plan, asks_whole_tree(), report_);

  Progress progress(options_.progress);
  std::vector<Engine> engines = options_.engines;
  std::erase(engines, Engine::fault);
  const auto start = Clock::now();
  Judgement judgement = judge(history, plan.groups(), engines, judge_limits(progress));
  report_.engines = std::move(judgement.engines);
  report_.notes.insert(report_.notes.end(), judgement.notes.begin(), judgement.notes.end());
  report_.undecided.insert(report_.undecided.end(), judgement.undecided.begin(),
                           judgement.undecided.end());
  judging_ = Clock::now() - start;
  explain(history, plan, commands, explainer, judgement.failures);
  commands.tell(report_);
  if (faults_ && plan.anything_changed()) try_faults(start + options_.budget);
}

// A command that fails by itself is loud without any fault.
void Proof::try_faults(Clock::time_point deadline) {
  if (!options_.stop_after && report_.command_exit.value_or(1) != 0) return;
  Progress progress(options_.progress);
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  FaultFindings findings =
      faults_->run(left, [&](std::uint64_t tried) { progress.show(Engine::fault, tried); });
  add_findings(std::move(findings), report_);
}

Result<ProveReport> Proof::run() {
  const auto start = Clock::now();
  if (!options_.explicit_root && options_.from_trace.empty()) {
    if (auto small = refuse_large_root(options_.root); !small)
      return std::unexpected(small.error());
  }
  if (options_.runs(Engine::fault)) {
    UNTORN_TRY(faults_, FaultEngine::start(options_));
  }
  if (auto obtained = obtain_run(); !obtained) return std::unexpected(obtained.error());
  const Trace& trace = recording_.run.trace;
  report_.model = options_.model;
  report_.require_exhaustive = options_.require_exhaustive;
  report_.limits = limits_of(options_);
  describe_run(trace, report_);
  judge_states(trace);
  report_.interrupted = report_.interrupted || (options_.stop != nullptr && *options_.stop);
  conclude(report_);
  if (recording_.sandbox != nullptr) recording_.sandbox->hide_state();
  keep_trace();
  report_.elapsed_s = seconds_since(start);
  return std::move(report_);
}

}  // namespace

Result<ProveReport> prove(const ProveOptions& options) {
  return Proof(options).run();
}

}  // namespace untorn::prove
