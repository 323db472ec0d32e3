// SPDX-License-Identifier: Apache-2.0
#include "prove/repair/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "prove/repair/shrink.h"

namespace untorn::prove {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds time_min{1};
constexpr int taken_part = 2;
constexpr int budget_part = 5;
constexpr int shrink_part = 2;

}  // namespace

Repairs repair(const crash::History& history, const Plan& plan, std::vector<Failure>& failures,
               const ProveOptions& options, const Explainer& explainer, Clock::duration taken,
               const std::function<TreeQuestions(const crash::History&)>& tree_questions) {
  if (failures.empty()) return {};
  const auto wanted = std::max<Clock::duration>(time_min, taken / taken_part);
  const auto time = std::min<Clock::duration>(wanted, options.budget / budget_part);
  const auto start = Clock::now();
  for (Failure& failure : failures) {
    shrink(history, options.model, failure, {.deadline = start + time / shrink_part});
  }
  FixOptions limits;
  limits.deadline = start + time;
  limits.tree_questions = tree_questions;
  FoundFixes found = search_fixes(history, plan, failures, options, explainer, limits);
  Repairs repairs{std::move(found.fixes), {}};
  if (found.not_searched > 0) {
    repairs.notes.push_back(
        fmt::format("no fix was looked for, or not to the end, for {} of {} violations: the time "
                    "for it was over",
                    found.not_searched, failures.size()));
  }
  return repairs;
}

}  // namespace untorn::prove
