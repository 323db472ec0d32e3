// SPDX-License-Identifier: Apache-2.0
#include "prove/repair/trial.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "prove/repair/shrink.h"

namespace untorn::prove {

namespace {

constexpr std::size_t shrink_states_max = 16;

bool is_stopped(const ProveOptions& options, const FixOptions& limits) {
  return (options.stop != nullptr && *options.stop) ||
         std::chrono::steady_clock::now() >= limits.deadline;
}

}  // namespace

QuestionKey key_of(const Question& question) {
  return {question.story != nullptr ? question.story->path : question.folder, question.check};
}

QuestionKey key_of(const Failure& failure) {
  return {failure.story != nullptr ? failure.story->path : failure.folder, failure.check};
}

Trial::Trial(EditedLog edited, const ProveOptions& options, const FixOptions& limits,
             const TrialScope& scope)
    : edited_(std::move(edited)),
      history_(edited_.log),
      options_(options),
      plan_(history_, options_) {
  choose_groups(scope, limits);
  if (groups_.empty() || is_stopped(options_, limits)) return;
  std::vector<Engine> engines = options_.engines;
  std::erase(engines, Engine::fault);
  JudgeLimits judging;
  judging.deadline = limits.deadline;
  judging.seed = options_.seed;
  judging.model = options_.model;
  judging.stop = options_.stop;
  judgement_ = judge(history_, groups_, engines, judging);
  judged_ = judgement_.undecided.empty() && !is_stopped(options_, limits);
  for (const EngineReport& engine : judgement_.engines) {
    exhaustive_ = exhaustive_ && engine.exhaustive;
    const bool fits = engine.states_checked <= std::numeric_limits<std::uint64_t>::max() - states_;
    states_ = fits ? states_ + engine.states_checked : std::numeric_limits<std::uint64_t>::max();
  }
  for (Failure& failure : judgement_.failures) {
    shrink(history_, options_.model, failure, {shrink_states_max, limits.deadline});
  }
}

void Trial::choose_groups(const TrialScope& scope, const FixOptions& limits) {
  const auto concerns = [&](const Group& group) {
    return std::any_of(group.questions.begin(), group.questions.end(), [&](const Question& each) {
      const QuestionKey key = key_of(each);
      return scope.bad.contains(key) || !scope.planned.contains(key);
    });
  };
  const auto choose = [&](const std::vector<Group>& groups) {
    for (const Group& group : groups) {
      if (!concerns(group)) continue;
      groups_.push_back(group);
      groups_.back().bad_states_max = 1;  // one tells what is missing; the proof finds none
    }
  };
  choose(plan_.groups());
  if (!limits.tree_questions) return;
  tree_ = limits.tree_questions(history_);
  choose(tree_.groups);
}

}  // namespace untorn::prove
