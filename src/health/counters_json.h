// SPDX-License-Identifier: Apache-2.0
//
// Counters as a JSON object.
#pragma once
#include "report/json.h"
#include "untorn/counters.h"

namespace untorn::health {

// Writes the value. Commits without a count are left out; buckets are cumulative, as Prometheus
// has them, and the last one is all.
void write_counters(report::JsonWriter& json, const CounterTotals& totals);

}  // namespace untorn::health
