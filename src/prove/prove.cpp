// SPDX-License-Identifier: Apache-2.0
#include "prove/prove.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "prove/judge/judge.h"
#include "prove/judge/plan.h"
#include "prove/judge/tree_command.h"
#include "prove/report/counterexample.h"
#include "prove/report/verdict.h"
#include "prove/sandbox/sandbox.h"
#include "prove/stack/stack.h"
#include "prove/trace/trace.h"

namespace untorn::prove {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t implicit_root_bytes_max = 1ULL << 30U;
constexpr std::uint64_t implicit_root_entries_max = 200'000;  // about half a second of looking
constexpr std::chrono::milliseconds check_time_max{10'000};
constexpr std::size_t expensive_bad_states_max = 16;  // each costs three runs of a command
constexpr std::chrono::milliseconds progress_after{500};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

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

// A line on stderr that is rewritten, only for runs that take long enough to wonder.
class Progress {
 public:
  explicit Progress(bool wanted) : wanted_(wanted) {}
  ~Progress() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(crash::Model engine, std::uint64_t states) {
    const auto now = Clock::now();
    if (!wanted_ || now - start_ < progress_after || now - last_ < progress_after / 5) return;
    last_ = now;
    shown_ = true;
    fmt::print(stderr, "\runtorn: engine {}: {} states judged\x1b[K", to_string_of_engine(engine),
               states);
    std::fflush(stderr);
  }

 private:
  bool wanted_;
  bool shown_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_;
};

// One proof, from the sandbox to the report.
class Proof {
 public:
  explicit Proof(const ProveOptions& options) : options_(options) {}

  Result<ProveReport> run();

 private:
  Result<Trace> trace();
  void judge_states(const Trace& trace);
  void add_tree_commands(const crash::History& history, Plan& plan);
  void add_tree_command(const crash::History& history, Plan& plan, TreeCommandOptions options);
  [[nodiscard]] bool asks_whole_tree() const {
    return !options_.check_commands.empty() || options_.expects(Check::rerun);
  }

  const ProveOptions& options_;
  std::unique_ptr<Sandbox> sandbox_;
  StackCollector stacks_;
  std::vector<std::unique_ptr<TreeCommand>> commands_;
  ProveReport report_;
};

Result<Trace> Proof::trace() {
  SandboxOptions sandbox;
  sandbox.root = options_.root;
  sandbox.also = options_.also;
  sandbox.force_copy = options_.force_copy;
  auto entered = Sandbox::enter(sandbox);
  if (!entered) return std::unexpected(entered.error());
  sandbox_ = *std::move(entered);
  const std::string& root = sandbox_->trees().front().path;
  TraceOptions trace;
  trace.command = options_.command;
  trace.working_directory = options_.working_directory;
  if (trace.working_directory == options_.root ||
      trace.working_directory.starts_with(options_.root + "/")) {
    trace.working_directory = root + trace.working_directory.substr(options_.root.size());
  }
  trace.environment = {{"UNTORN_ROOT", root}};
  trace.stop_after = options_.stop_after;
  trace.acknowledge_pattern = options_.acknowledge_pattern;
  trace.stop = options_.stop;
  if (sandbox_->isolation() == Isolation::copy) {
    report_.notes.push_back(
        "the command ran on a copy of the root" +
        (options_.force_copy ? std::string(", as asked") : ": " + sandbox_->why_copy()));
  }
  const auto& notes = sandbox_->notes();
  report_.notes.insert(report_.notes.end(), notes.begin(), notes.end());
  return trace_command(*sandbox_, trace, &stacks_);
}

void Proof::add_tree_command(const crash::History& history, Plan& plan,
                             TreeCommandOptions options) {
  options.working_directory = options_.working_directory;
  options.root = options_.root;
  options.stop = options_.stop;
  auto command = std::make_unique<TreeCommand>(*sandbox_, history, std::move(options));
  if (auto unfit = command->try_baseline()) {
    report_.undecided.push_back(*std::move(unfit));
    return;
  }
  const TreeCommand* asked = command.get();
  Group group;
  group.questions.push_back(command->question());
  group.given_up = [asked] { return !asked->undecided().empty(); };
  group.bad_states_max = expensive_bad_states_max;
  plan.groups().push_back(std::move(group));
  commands_.push_back(std::move(command));
}

void Proof::add_tree_commands(const crash::History& history, Plan& plan) {
  for (const std::string& check : options_.check_commands) {
    TreeCommandOptions options;
    options.arguments = {"sh", "-c", check};
    options.time_max = check_time_max;
    options.working_directory = options_.root;
    add_tree_command(history, plan, std::move(options));
  }
  if (options_.expects(Check::rerun)) {
    TreeCommandOptions options;
    options.check = Check::rerun;
    options.arguments = options_.command;
    const auto traced = std::chrono::duration<double>(report_.trace_s * 10);
    options.time_max =
        std::max(check_time_max, std::chrono::duration_cast<std::chrono::milliseconds>(traced));
    add_tree_command(history, plan, std::move(options));
  }
}

void Proof::judge_states(const Trace& trace) {
  if (!judge_end(trace, report_)) return;
  const crash::History history(trace.log);
  Plan plan(history, options_);
  const Explainer explainer(history, &stacks_, sandbox_->trees().front().path);
  report_.paths = plan.paths();
  report_.notes.insert(report_.notes.end(), plan.notes().begin(), plan.notes().end());
  report_.undecided.insert(report_.undecided.end(), plan.undecided().begin(),
                           plan.undecided().end());
  judge_log(trace, plan, explainer, report_);
  if (plan.anything_changed()) add_tree_commands(history, plan);
  judge_coverage(plan, asks_whole_tree(), report_);

  Progress progress(options_.progress);
  JudgeLimits limits;
  limits.deadline = Clock::now() + options_.budget;
  limits.seed = options_.seed;
  limits.stop = options_.stop;
  limits.progress = [&](crash::Model engine, std::uint64_t states) {
    progress.show(engine, states);
  };
  Judgement judgement = judge(history, plan.groups(), options_.engines, limits);
  report_.engines = std::move(judgement.engines);
  for (const Failure& failure : judgement.failures) {
    report_.violations.push_back(explainer.explain(failure));
  }
  if (judgement.stopped_early) {
    report_.notes.push_back(
        fmt::format("after {} bad states an engine looked for no more with the check",
                    expensive_bad_states_max));
  }
  for (const auto& command : commands_) {
    judgement.undecided.insert(judgement.undecided.end(), command->undecided().begin(),
                               command->undecided().end());
  }
  report_.undecided.insert(report_.undecided.end(), judgement.undecided.begin(),
                           judgement.undecided.end());
}

Result<ProveReport> Proof::run() {
  const auto start = Clock::now();
  if (!options_.explicit_root) {
    if (auto small = refuse_large_root(options_.root); !small)
      return std::unexpected(small.error());
  }
  auto traced = trace();
  if (!traced) return std::unexpected(traced.error());
  report_.root = options_.root;
  report_.require_exhaustive = options_.require_exhaustive;
  report_.limits = limits_of(options_);
  describe_run(*traced, report_);
  judge_states(*traced);
  report_.interrupted = report_.interrupted || (options_.stop != nullptr && *options_.stop);
  conclude(report_);
  sandbox_->hide_state();
  report_.elapsed_s = seconds_since(start);
  return std::move(report_);
}

}  // namespace

Result<ProveReport> prove(const ProveOptions& options) {
  return Proof(options).run();
}

}  // namespace untorn::prove
