// SPDX-License-Identifier: Apache-2.0
#include "prove/fault/campaign.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "prove/fault/fault_plan.h"
#include "prove/fault/fault_run.h"
#include "prove/fault/merge.h"
#include "prove/fault/pool.h"
#include "prove/fault/reference.h"

namespace untorn::prove {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t runs_at_a_time = 2;
constexpr milliseconds first_run_time_max{60'000};
constexpr milliseconds run_time_min{3'000};      // before a run counts as one that hangs
constexpr milliseconds second_look_min{10'000};  // and before it does so for good
constexpr double run_time_factor = 20;           // of the undisturbed run's time
constexpr double second_look_factor = 60;
constexpr milliseconds crash_time_max{2'000};
constexpr double crash_time_share = 0.1;  // of the time left, for the undisturbed run's states
constexpr std::size_t hangs_looked_at_twice = 2;
constexpr std::size_t names_shown_max = 5;

milliseconds times(double seconds, double factor, milliseconds least) {
  return std::max(least, milliseconds(static_cast<std::int64_t>(seconds * factor * 1000)));
}

class Campaign {
 public:
  Campaign(const ProveOptions& options, const CampaignLimits& limits)
      : options_(options), limits_(limits) {
    findings_.engine.engine = Engine::fault;
  }

  FaultFindings run();

 private:
  [[nodiscard]] bool is_stopped() const { return options_.stop != nullptr && *options_.stop; }
  bool survey();
  bool accept_survey(const RunRecord& first, const RunRecord& second);
  void note_chance();
  void try_all();
  [[nodiscard]] bool is_known_by_another(const Fault& fault) const;
  void start(Pool& pool, std::size_t index);
  void take(const PoolAnswer& answer);
  void take_record(std::size_t index, RunRecord record);
  bool look_again(std::size_t index);
  void conclude(Clock::time_point began);
  void give_up(Reason reason, std::string detail);

  const ProveOptions& options_;
  const CampaignLimits& limits_;
  FaultFindings findings_;
  std::unique_ptr<Reference> reference_;
  double undisturbed_s_ = 0;
  FaultPlan plan_;
  KnownAnswers known_;
  Merger merger_;
  std::size_t next_ = 0;
  std::vector<std::size_t> again_;  // runs that hung and are looked at once more
  std::set<std::size_t> looked_twice_;
  // Of faults that came once: how many later calls the same fault would have met had it stayed.
  std::map<std::tuple<Hash128, std::uint64_t, FaultKind>, std::uint64_t> later_calls_;
  std::uint64_t tried_ = 0;
  std::uint64_t not_come_ = 0;
  std::uint64_t not_exhaustive_ = 0;
};

void Campaign::give_up(Reason reason, std::string detail) {
  findings_.undecided.push_back({reason, std::move(detail)});
}

// The two undisturbed runs.
bool Campaign::survey() {
  const FaultRunSetting setting{options_, first_run_time_max, crash_time_max};
  Pool pool(runs_at_a_time, options_.stop);
  for (const std::uint64_t number : {0U, 1U}) {
    auto started = pool.start(number, [&] { return pack(run_undisturbed(setting)); });
    if (!started) {
      give_up(Reason::budget, "engine fault: " + started.error().message());
      return false;
    }
  }
  std::array<RunRecord, 2> records;
  while (auto answer = pool.wait()) {
    ++findings_.runs;
    auto record = unpack_run(answer->text);
    records[answer->number] = record ? *std::move(record) : RunRecord{};
    if (!answer->why.empty()) records[answer->number].why = answer->why;
  }
  return !is_stopped() && accept_survey(records[0], records[1]);
}

bool Campaign::accept_survey(const RunRecord& first, const RunRecord& second) {
  for (const RunRecord* record : {&first, &second}) {
    if (record->end != RunRecord::End::ended) {
      give_up(Reason::budget, "engine fault: the command cannot be run again: " +
                                  (record->why.empty() ? "it did not end" : record->why));
      return false;
    }
    if (record->exit_code != 0 && !options_.stop_after) {
      give_up(Reason::command_failed,
              fmt::format("engine fault: without any fault the command ended with exit code {}",
                          record->exit_code));
      return false;
    }
  }
  auto first_run = read_trace(first.trace, "the first undisturbed run");
  auto second_run = read_trace(second.trace, "the second undisturbed run");
  if (!first_run || !second_run) {
    give_up(Reason::budget,
            "engine fault: " + (first_run ? second_run.error() : first_run.error()).message());
    return false;
  }
  undisturbed_s_ = std::max(first.elapsed_s, second.elapsed_s);
  reference_ = std::make_unique<Reference>(*std::move(first_run), *second_run, options_);
  plan_ = plan_faults(first.sites);
  findings_.engine.states_total = {plan_.total, true};
  return true;
}

void Campaign::note_chance() {
  struct stat input = {};
  if (::fstat(STDIN_FILENO, &input) == 0 && (S_ISFIFO(input.st_mode) || S_ISSOCK(input.st_mode))) {
    findings_.notes.emplace_back(
        "engine fault: standard input is a pipe, which only the first run could read; give a file");
  }
  if (!reference_->unsteady().empty()) {
    give_up(Reason::flaky_check,
            "engine fault: of two undisturbed runs only one leaves " +
                joined_first(reference_->unsteady(), names_shown_max) +
                ": whether a fault lost such files cannot be told (--ignore leaves them out)");
  }
  if (!reference_->varying().empty()) {
    findings_.notes.push_back(
        "engine fault: " + joined_first(reference_->varying(), names_shown_max) +
        ": differs from run to run, so its bytes after a fault could not be compared; judged was "
        "whether it is there, not old, and without a hole where a write failed");
  }
}

// A fault that stays does what the same fault did that came once, if no later call would meet it.
bool Campaign::is_known_by_another(const Fault& fault) const {
  if (!fault.kind.stays) return false;
  FaultKind once = fault.kind;
  once.stays = false;
  const auto known = later_calls_.find({fault.site, fault.occurrence, once});
  return known != later_calls_.end() && known->second == 0;
}

void Campaign::start(Pool& pool, std::size_t index) {
  const bool second_look = looked_twice_.contains(index);
  const FaultRunSetting setting{options_,
                                second_look
                                    ? times(undisturbed_s_, second_look_factor, second_look_min)
                                    : times(undisturbed_s_, run_time_factor, run_time_min),
                                crash_time_max};
  const auto work = [&] {
    return pack(run_with_fault(setting, *reference_, plan_.faults[index], known_));
  };
  if (auto started = pool.start(index, work); !started) {
    give_up(Reason::budget, "engine fault: " + started.error().message());
    next_ = plan_.faults.size();
  }
}

void Campaign::try_all() {
  Pool pool(runs_at_a_time, options_.stop);
  for (;;) {
    while (pool.has_room() && !is_stopped() && Clock::now() < limits_.deadline) {
      if (!again_.empty()) {
        start(pool, again_.back());
        again_.pop_back();
      } else if (next_ < plan_.faults.size()) {
        const std::size_t index = next_++;
        if (is_known_by_another(plan_.faults[index])) {
          ++tried_;
        } else {
          start(pool, index);
        }
      } else {
        break;
      }
    }
    const auto answer = pool.wait();
    if (!answer) return;
    take(*answer);
    if (limits_.progress) limits_.progress(tried_);
  }
}

void Campaign::take(const PoolAnswer& answer) {
  ++findings_.runs;
  auto record = unpack_run(answer.text);
  if (is_stopped()) return;
  if (!record) {
    give_up(Reason::budget, "engine fault: a run with a fault was not judged: " +
                                (answer.why.empty() ? "its answer is damaged" : answer.why));
    return;
  }
  take_record(answer.number, *std::move(record));
}

// A busy machine makes runs slow: before one counts as hanging it gets more time.
bool Campaign::look_again(std::size_t index) {
  if (looked_twice_.contains(index) || looked_twice_.size() >= hangs_looked_at_twice) return false;
  looked_twice_.insert(index);
  again_.push_back(index);
  return true;
}

void Campaign::take_record(std::size_t index, RunRecord record) {
  const Fault& fault = plan_.faults[index];
  switch (record.end) {
    case RunRecord::End::interrupted:
      return;
    case RunRecord::End::failed:
    case RunRecord::End::cut:
      give_up(Reason::budget, "engine fault: a run was not judged: " + record.why);
      return;
    case RunRecord::End::hung:
      if (look_again(index)) return;
      break;
    case RunRecord::End::ended:
      break;
  }
  if (!record.came) {
    ++not_come_;
    return;
  }
  ++tried_;
  ++findings_.engine.states_distinct;
  if (!fault.kind.stays) {
    later_calls_[{fault.site, fault.occurrence, fault.kind}] = record.later_calls;
  }
  if (!record.exhaustive) ++not_exhaustive_;
  // Crash states of a path that is bad at the end already were left out: not for others to share.
  const bool shareable = std::ranges::all_of(record.findings, &EndFinding::after_crash);
  if (shareable && !record.log_name.empty()) {
    known_.crashes.try_emplace(record.log_name,
                               KnownAnswers::Crashes{record.findings, record.exhaustive});
  }
  merger_.add(index, fault, std::move(record));
}

void Campaign::conclude(Clock::time_point began) {
  EngineReport& engine = findings_.engine;
  merger_.finish(findings_);
  engine.states_checked = tried_;
  engine.exhaustive = engine.states_total.exact && tried_ == engine.states_total.value &&
                      not_exhaustive_ == 0 && reference_ != nullptr;
  engine.violations = findings_.violations.size();
  engine.elapsed_s = seconds_since(began);
  if (not_come_ > 0) {
    findings_.notes.push_back(fmt::format(
        "engine fault: {} faults did not come: the command does not make the same calls each time",
        not_come_));
  }
  if (not_exhaustive_ > 0) {
    findings_.notes.push_back(fmt::format(
        "engine fault: after {} faults not every crash state was judged, only the state at the end",
        not_exhaustive_));
  }
  if (reference_ != nullptr && plan_.total == 0) {
    give_up(Reason::check_reads_nothing,
            "engine fault: the command makes no call on a judged path that could be made to fail");
  }
  if (plan_.total > 0 && tried_ == 0 && !is_stopped() && findings_.undecided.empty()) {
    give_up(Reason::budget,
            "engine fault: the budget ended before a single fault was tried; give "
            "--budget more time");
  }
}

FaultFindings Campaign::run() {
  const auto began = Clock::now();
  if (survey()) {
    note_chance();
    const auto share = std::chrono::duration_cast<Clock::duration>(
        (limits_.deadline - Clock::now()) * crash_time_share);
    reference_->judge_crashes(Clock::now() + share);
    try_all();
  } else {
    findings_.engine.exhaustive = false;
  }
  conclude(began);
  return std::move(findings_);
}

}  // namespace

FaultFindings run_campaign(const ProveOptions& options, const CampaignLimits& limits) {
  return Campaign(options, limits).run();
}

}  // namespace untorn::prove
