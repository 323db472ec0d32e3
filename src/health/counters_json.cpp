// SPDX-License-Identifier: Apache-2.0
#include "health/counters_json.h"

#include <array>
#include <cstddef>

#include "untorn/durability.h"
#include "untorn/error.h"

namespace untorn::health {
namespace {

constexpr double seconds_per_ns = 1e-9;

void write_durations(report::JsonWriter& json, const DurationCounts& durations) {
  constexpr int digits = 9;
  json.begin_object();
  json.field("count", durations.count());
  json.key("sum_s").real(static_cast<double>(durations.sum_ns) * seconds_per_ns, digits);
  json.key("buckets").begin_array();
  std::uint64_t count = 0;
  for (std::size_t index = 0; index < DurationCounts::bounds_ns.size(); ++index) {
    count += durations.buckets.at(index);
    json.begin_object();
    json.key("le_s").real(static_cast<double>(DurationCounts::bounds_ns.at(index)) * seconds_per_ns,
                          digits);
    json.field("count", count).end_object();
  }
  json.end_array().end_object();
}

void write_commits(report::JsonWriter& json, const CounterTotals& totals) {
  json.begin_array();
  for (std::size_t level = 0; level < totals.commits.size(); ++level) {
    for (std::size_t outcome = 0; outcome < totals.commits.at(level).size(); ++outcome) {
      const std::uint64_t count = totals.commits.at(level).at(outcome);
      if (count == 0) continue;
      json.begin_object();
      json.field("durability", to_string(static_cast<Durability>(level + 1)));
      json.field("outcome", to_string(static_cast<Outcome>(outcome)));
      json.field("count", count).end_object();
    }
  }
  json.end_array();
}

}  // namespace

void write_counters(report::JsonWriter& json, const CounterTotals& totals) {
  json.begin_object();
  json.field("processes", totals.processes);
  json.key("commits");
  write_commits(json, totals);
  json.key("commit_duration");
  write_durations(json, totals.commit_durations);
  json.key("sync_duration");
  write_durations(json, totals.sync_durations);
  json.field("bytes", totals.bytes);
  json.key("recoveries").begin_object();
  for (std::size_t result = 0; result < totals.recoveries.size(); ++result) {
    json.field(to_string(static_cast<RecoveryResult>(result)), totals.recoveries.at(result));
  }
  json.end_object();
  json.field("set_aside", totals.set_aside).field("torn_lines", totals.torn_lines);
  json.field("swept", totals.swept).end_object();
}

}  // namespace untorn::health
