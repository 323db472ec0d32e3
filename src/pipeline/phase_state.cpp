// SPDX-License-Identifier: Apache-2.0
//
// What the history of a phase tells.
#include <algorithm>
#include <cstddef>
#include <span>

#include "untorn/pipeline/pipeline_state.h"

namespace untorn::pipeline {
namespace {

constexpr std::size_t window_runs = 5;
constexpr double trend_difference_min = 0.2;
constexpr std::size_t oscillation_runs = 6;
constexpr std::size_t oscillation_changes_min = 4;

std::span<const PhaseRun> last(std::span<const PhaseRun> runs, std::size_t count) {
  return runs.last(std::min(count, runs.size()));
}

double rate(std::span<const PhaseRun> runs) {
  if (runs.empty()) return 0;
  const auto successes = std::ranges::count(runs, true, &PhaseRun::success);
  return static_cast<double>(successes) / static_cast<double>(runs.size());
}

// How much better the last runs were than those before them; 0 without enough of them.
double trend(std::span<const PhaseRun> runs) {
  if (runs.size() < 2 * window_runs) return 0;
  const std::span<const PhaseRun> both = runs.last(2 * window_runs);
  return rate(both.last(window_runs)) - rate(both.first(window_runs));
}

}  // namespace

double PhaseState::success_rate() const noexcept {
  return runs <= 0 ? 0 : static_cast<double>(successes) / static_cast<double>(runs);
}

double PhaseState::recent_success_rate(std::size_t count) const noexcept {
  return rate(last(run_history, count));
}

std::size_t PhaseState::consecutive_failures() const noexcept {
  const auto success = std::find_if(run_history.rbegin(), run_history.rend(),
                                    [](const PhaseRun& run) { return run.success; });
  return static_cast<std::size_t>(success - run_history.rbegin());
}

bool PhaseState::is_improving() const noexcept {
  return trend(run_history) > trend_difference_min;
}

bool PhaseState::is_degrading() const noexcept {
  return trend(run_history) < -trend_difference_min;
}

bool PhaseState::is_oscillating() const noexcept {
  const std::span<const PhaseRun> recent = last(run_history, oscillation_runs);
  if (recent.size() < oscillation_runs) return false;
  std::size_t changes = 0;
  for (std::size_t i = 1; i < recent.size(); ++i) {
    changes += recent[i].success != recent[i - 1].success ? 1U : 0U;
  }
  return changes >= oscillation_changes_min;
}

}  // namespace untorn::pipeline
