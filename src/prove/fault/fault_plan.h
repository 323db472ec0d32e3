// SPDX-License-Identifier: Apache-2.0
//
// Which faults are tried, in which order.
//
//   P1  Every occurrence of every site that concerns a judged path is met by every kind of fault of
//       its call, once and, where that makes sense, from then on. Their number is the total.
//   P2  The first occurrences of all sites come before the second ones, and so on; of one
//       occurrence the faults that come once before those that stay. So an early end has seen each
//       line of the program fail.
//   P3  Of a site with many occurrences the first 12 and the last 4 are tried. The undisturbed run
//       is the run in which the next fault after the last one did not come.
//
// Threads: pure functions.
#pragma once
#include <cstdint>
#include <vector>

#include "prove/fault/injector.h"
#include "prove/fault/run_record.h"

namespace untorn::prove {

struct FaultPlan {
  std::vector<Fault> faults;
  std::uint64_t total = 0;  // with those that P3 leaves out
};

[[nodiscard]] FaultPlan plan_faults(const std::vector<SurveyedSite>& sites);

}  // namespace untorn::prove
