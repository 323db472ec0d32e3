// SPDX-License-Identifier: Apache-2.0
//
// One try of a fix: an edited log, judged.
//
// Threads: one thread.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "crash/engine.h"
#include "prove/judge/judge.h"
#include "prove/judge/plan.h"
#include "prove/repair/fix_search.h"
#include "prove/repair/virtual_syncs.h"

namespace untorn::prove {

// Which question it is: the path it is about and the check.
using QuestionKey = std::pair<crash::Path, Check>;
[[nodiscard]] QuestionKey key_of(const Question& question);
[[nodiscard]] QuestionKey key_of(const Failure& failure);

// What a trial has to ask: see F3.
struct TrialScope {
  std::set<QuestionKey> bad;      // that must become good
  std::set<QuestionKey> planned;  // that were asked of the log as it was
};

class Trial {
 public:
  Trial(EditedLog edited, const ProveOptions& options, const FixOptions& limits,
        const TrialScope& scope);
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  [[nodiscard]] bool is_clean() const noexcept { return judged_ && judgement_.failures.empty(); }
  // Every state of the groups concerned was judged.
  [[nodiscard]] bool exhaustive() const noexcept { return exhaustive_; }
  [[nodiscard]] std::uint64_t states() const noexcept { return states_; }
  // The bad states that are left, each as small as it can be had.
  [[nodiscard]] std::vector<Failure>& failures() noexcept { return judgement_.failures; }
  [[nodiscard]] const OperationLog& log() const noexcept { return edited_.log; }
  [[nodiscard]] const EditedLog& edited() const noexcept { return edited_; }
  [[nodiscard]] const crash::History& history() const noexcept { return history_; }
  [[nodiscard]] const Plan& plan() const noexcept { return plan_; }

 private:
  void choose_groups(const TrialScope& scope, const FixOptions& limits);

  EditedLog edited_;
  crash::History history_;
  ProveOptions options_;
  Plan plan_;
  TreeQuestions tree_;
  std::vector<Group> groups_;
  Judgement judgement_;
  bool judged_ = false;
  bool exhaustive_ = true;
  std::uint64_t states_ = 0;
};

}  // namespace untorn::prove
