// SPDX-License-Identifier: Apache-2.0
//
// From the table of slots to the numbers that people ask for.
#include <algorithm>
#include <numeric>

#include "counters/layout.h"
#include "untorn/counters.h"

namespace untorn {

std::string_view to_string(RecoveryResult result) noexcept {
  switch (result) {
    case RecoveryResult::recovered:
      return "recovered";
    case RecoveryResult::rolled_forward:
      return "rolled_forward";
    case RecoveryResult::discarded:
      return "discarded";
    case RecoveryResult::failed:
      return "failed";
  }
  return "unknown";
}

std::uint64_t DurationCounts::count() const noexcept {
  return std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
}

namespace {

template <class Numbers>
void add_each(Numbers& to, const Numbers& from) {
  for (std::size_t index = 0; index < to.size(); ++index) to[index] += from[index];
}

void add_durations(DurationCounts& to, const DurationCounts& from) {
  add_each(to.buckets, from.buckets);
  to.sum_ns += from.sum_ns;
}

}  // namespace

CounterTotals& CounterTotals::operator+=(const CounterTotals& other) noexcept {
  for (std::size_t level = 0; level < commits.size(); ++level) {
    add_each(commits[level], other.commits[level]);
  }
  add_durations(commit_durations, other.commit_durations);
  add_durations(sync_durations, other.sync_durations);
  add_each(recoveries, other.recoveries);
  bytes += other.bytes;
  set_aside += other.set_aside;
  torn_lines += other.torn_lines;
  swept += other.swept;
  processes += other.processes;
  return *this;
}

namespace counters {
namespace {

DurationCounts durations_of(const Slots& slots, std::size_t buckets_at, std::size_t sum_at) {
  DurationCounts counts;
  std::copy_n(slots.begin() + static_cast<std::ptrdiff_t>(buckets_at), counts.buckets.size(),
              counts.buckets.begin());
  counts.sum_ns = slots.at(sum_at);
  return counts;
}

}  // namespace

void add(Slots& to, const Slots& from) noexcept {
  add_each(to, from);
}

CounterTotals totals_of(const Slots& slots, std::uint64_t processes) noexcept {
  CounterTotals totals;
  std::size_t next = slot::commits;
  for (auto& outcomes : totals.commits) {
    for (std::uint64_t& count : outcomes) count = slots.at(next++);
  }
  totals.commit_durations = durations_of(slots, slot::commit_buckets, slot::commit_sum_ns);
  totals.sync_durations = durations_of(slots, slot::sync_buckets, slot::sync_sum_ns);
  totals.bytes = slots[slot::bytes];
  for (std::size_t index = 0; index < totals.recoveries.size(); ++index) {
    totals.recoveries[index] = slots.at(slot::recoveries + index);
  }
  totals.set_aside = slots[slot::set_aside];
  totals.torn_lines = slots[slot::torn_lines];
  totals.swept = slots[slot::swept];
  totals.processes = processes;
  return totals;
}

}  // namespace counters
}  // namespace untorn
