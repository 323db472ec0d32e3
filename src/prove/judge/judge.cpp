// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/clock.h"

namespace untorn::prove {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t head_bytes_max = 256;
constexpr std::uint64_t progress_states = 256;
constexpr std::chrono::milliseconds group_time_min{250};
constexpr std::uint64_t states_without_news_max = 4096;  // J2

crash::Count add(crash::Count a, crash::Count b) {
  const bool fits = a.value <= std::numeric_limits<std::uint64_t>::max() - b.value;
  return {fits ? a.value + b.value : std::numeric_limits<std::uint64_t>::max(),
          a.exact && b.exact && fits};
}

// Fewer losses first; among equals what tells more at a glance.
bool is_simpler(const BadState& a, const BadState& b) {
  return std::tuple(a.lost_count, a.observed) < std::tuple(b.lost_count, b.observed);
}

StateBytes bytes_of(const PathStory* story, const crash::CrashState& state) {
  StateBytes bytes;
  if (story == nullptr) return bytes;
  if (const auto file = state.file(story->path)) {
    bytes.present = true;
    bytes.size = file->content.size();
    bytes.head = std::string(file->content.text().substr(0, head_bytes_max));
  }
  if (story->existed_before()) bytes.old_size = story->versions.front().size;
  if (story->exists_after()) bytes.new_size = story->versions.back().size;
  return bytes;
}

class Judge {
 public:
  Judge(const crash::History& history, const JudgeLimits& limits)
      : history_(history), limits_(limits) {}

  void run_engine(Engine engine, const std::vector<Group>& groups, std::size_t groups_left);
  Judgement take() &&;

 private:
  using Key = std::tuple<std::string, Engine, Check>;

  bool visit(Engine engine, const Group& group, const crash::CrashState& state);
  [[nodiscard]] Failure& failure_of(Engine engine, const Question& question);
  void record(Failure& failure, const Group& group, const Question& question, Answer answer,
              const crash::CrashState& state);
  [[nodiscard]] bool repeats_itself(Engine engine, const Group& group);
  void note(std::string sentence);
  crash::Budget share_of_budget(const Group& group, std::size_t groups_left) const;

  const crash::History& history_;
  const JudgeLimits& limits_;
  Judgement judgement_;
  const Clock::time_point start_ = Clock::now();
  std::map<Key, Failure> failures_;
  std::uint64_t visited_ = 0;
  std::uint64_t without_news_ = 0;  // states of this group, since one told something new
  std::size_t groups_repeating_ = 0;
  std::size_t groups_without_time_ = 0;
};

// Every group may use an equal part of what is left; quick ones leave their rest to the others. In
// the first half of the time the part is not so small that a moment on a busy machine ends it.
crash::Budget Judge::share_of_budget(const Group& group, std::size_t groups_left) const {
  crash::Budget budget;
  budget.seed = limits_.seed;
  budget.stop = limits_.stop;
  const auto now = Clock::now();
  if (limits_.deadline != Clock::time_point::max()) {
    const auto left = limits_.deadline - now;
    auto share = left / static_cast<std::ptrdiff_t>(groups_left);
    const bool early = now - start_ < left;
    if (early) share = std::max(share, std::min<Clock::duration>(left, group_time_min));
    budget.deadline = now + share;
  }
  if (group.time_max) budget.deadline = std::min(budget.deadline, now + *group.time_max);
  return budget;
}

Failure& Judge::failure_of(Engine engine, const Question& question) {
  const std::string path = question.story == nullptr ? question.folder : question.story->path;
  return failures_[Key{path, engine, question.check}];
}

void Judge::record(Failure& failure, const Group& group, const Question& question, Answer answer,
                   const crash::CrashState& state) {
  const bool is_new = failure.states++ == 0;
  if (std::find(failure.observed.begin(), failure.observed.end(), answer.observed) ==
      failure.observed.end()) {
    failure.observed.push_back(answer.observed);
    without_news_ = 0;
  }
  BadState bad;
  bad.observed = answer.observed;
  bad.lost_count = state.lost_count();
  if (!is_new && !is_simpler(bad, failure.simplest)) return;
  without_news_ = 0;
  failure.check = question.check;
  failure.story = question.story;
  failure.folder = question.folder;
  failure.group = &group;
  failure.simplest = keep_bad_state(question, std::move(answer), state);
}

void Judge::note(std::string sentence) {
  auto& notes = judgement_.notes;
  if (std::find(notes.begin(), notes.end(), sentence) == notes.end()) {
    notes.push_back(std::move(sentence));
  }
}

// J2.
bool Judge::repeats_itself(Engine engine, const Group& group) {
  if (++without_news_ <= states_without_news_max) return false;
  const bool all_failed =
      std::all_of(group.questions.begin(), group.questions.end(), [&](const Question& question) {
        const std::string& path =
            question.story == nullptr ? question.folder : question.story->path;
        return failures_.contains(Key{path, engine, question.check});
      });
  if (all_failed) ++groups_repeating_;
  return all_failed;
}

bool Judge::visit(Engine engine, const Group& group, const crash::CrashState& state) {
  if (++visited_ % progress_states == 0 && limits_.progress) limits_.progress(engine, visited_);
  for (const Question& question : group.questions) {
    auto answer = question.ask(state);
    if (!answer) continue;
    Failure& failure = failure_of(engine, question);
    failure.engine = engine;
    record(failure, group, question, *std::move(answer), state);
    if (failure.states < group.bad_states_max) continue;
    note(fmt::format("after {} bad states an engine looked for no more with {}",
                     group.bad_states_max,
                     question.folder.empty() ? "the check" : "git in " + question.folder));
    return false;
  }
  if (repeats_itself(engine, group)) return false;
  if (group.given_up && group.given_up()) return false;
  return limits_.stop == nullptr || !*limits_.stop;
}

void Judge::run_engine(Engine engine, const std::vector<Group>& groups, std::size_t groups_left) {
  const auto start = Clock::now();
  EngineReport report;
  report.engine = engine;
  for (const Group& group : groups) {
    without_news_ = 0;
    const crash::Model model = engine == Engine::kill ? crash::Model::kill : limits_.model;
    const crash::Enumeration result = crash::enumerate(
        history_, model, group.footprint, share_of_budget(group, groups_left--),
        [&](const crash::CrashState& state) { return visit(engine, group, state); });
    report.states_total = add(report.states_total, result.total);
    report.states_checked += result.checked;
    report.states_distinct += result.distinct;
    if (!result.exhaustive) {
      report.exhaustive = false;
      report.seed = limits_.seed;
    }
    if (result.checked == 0 && result.total.value > 0) ++groups_without_time_;
  }
  report.elapsed_s = seconds_since(start);
  for (const auto& [key, failure] : failures_) {
    if (failure.engine == engine) ++report.violations;
  }
  judgement_.engines.push_back(report);
}

Judgement Judge::take() && {
  if (groups_without_time_ > 0) {
    judgement_.undecided.push_back(
        {Reason::budget, "the budget ended before a single state of " +
                             std::to_string(groups_without_time_) +
                             " group(s) of paths was judged; give --budget more time"});
  }
  if (groups_repeating_ > 0) {
    note(
        fmt::format("{} group(s) of paths were left when {} states in a row told nothing new; "
                    "the numbers of their bad states are of those that were seen",
                    groups_repeating_, states_without_news_max));
  }
  for (auto& [key, failure] : failures_) judgement_.failures.push_back(std::move(failure));
  return std::move(judgement_);
}

}  // namespace

BadState keep_bad_state(const Question& question, Answer answer, const crash::CrashState& state) {
  BadState bad;
  bad.observed = answer.observed;
  bad.begun = state.begun();
  bad.lost_count = state.lost_count();
  bad.lost = state.lost();
  bad.kept = state.kept();
  bad.hash = state.hash();
  bad.code = state.code();
  if (question.story != nullptr) {
    if (const auto file = state.file(question.story->path)) bad.inode = file->inode;
  }
  bad.bytes = bytes_of(question.story, state);
  bad.output = std::move(answer.output);
  return bad;
}

Judgement judge(const crash::History& history, const std::vector<Group>& groups,
                const std::vector<Engine>& engines, const JudgeLimits& limits) {
  Judge run(history, limits);
  std::size_t groups_left = groups.size() * engines.size();
  for (const Engine engine : engines) {
    run.run_engine(engine, groups, groups_left);
    groups_left -= groups.size();
  }
  return std::move(run).take();
}

}  // namespace untorn::prove
