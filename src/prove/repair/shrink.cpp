// SPDX-License-Identifier: Apache-2.0
#include "prove/repair/shrink.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace untorn::prove {

namespace {

using Lost = std::vector<std::size_t>;

const Question* question_of(const Failure& failure) {
  if (failure.group == nullptr) return nullptr;
  for (const Question& question : failure.group->questions) {
    if (question.check == failure.check && question.story == failure.story &&
        question.folder == failure.folder) {
      return &question;
    }
  }
  return nullptr;
}

class Shrinking {
 public:
  Shrinking(const crash::History& history, crash::Model model, Failure& failure,
            const Question& question, const ShrinkLimits& limits)
      : history_(history), model_(model), failure_(failure), question_(question), limits_(limits) {}

  void run() {
    // Most bad states need one loss. The first operation is what a reader looks for.
    const Lost all = failure_.simplest.lost;
    for (const std::size_t operation : all) {
      if (!may_go_on()) return;
      try_losing({operation});
    }
    for (const std::size_t operation : all) {
      if (!may_go_on()) return;
      Lost fewer = failure_.simplest.lost;
      if (std::erase(fewer, operation) > 0 && !fewer.empty()) try_losing(fewer);
    }
  }

 private:
  [[nodiscard]] bool may_go_on() const {
    return failure_.simplest.lost_count > 1 && tried_ < limits_.states_max &&
           std::chrono::steady_clock::now() < limits_.deadline;
  }

  // Keeps the state if it is bad and simpler: what waits for a lost operation is lost with it.
  void try_losing(const Lost& lost) {
    ++tried_;
    std::optional<BadState> smaller;
    (void)crash::lose(history_, model_, failure_.group->footprint, failure_.simplest.begun, lost,
                      [&](const crash::CrashState& state) {
                        if (state.lost_count() >= failure_.simplest.lost_count) return true;
                        if (auto answer = question_.ask(state)) {
                          smaller = keep_bad_state(question_, *std::move(answer), state);
                        }
                        return true;
                      });
    if (!smaller) return;
    auto& observed = failure_.observed;
    if (std::find(observed.begin(), observed.end(), smaller->observed) == observed.end()) {
      observed.push_back(smaller->observed);
    }
    failure_.simplest = *std::move(smaller);
  }

  const crash::History& history_;
  crash::Model model_;
  Failure& failure_;
  const Question& question_;
  const ShrinkLimits& limits_;
  std::size_t tried_ = 0;
};

}  // namespace

void shrink(const crash::History& history, crash::Model model, Failure& failure,
            const ShrinkLimits& limits) {
  if (failure.engine != Engine::power || failure.simplest.lost_count < 2) return;
  const Question* question = question_of(failure);
  if (question == nullptr) return;
  Shrinking(history, model, failure, *question, limits).run();
}

}  // namespace untorn::prove
