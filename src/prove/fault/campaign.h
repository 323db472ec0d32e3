// SPDX-License-Identifier: Apache-2.0
//
// All faults of one command: two undisturbed runs, the plan, the runs with faults two at a time,
// and what they found, merged.
//
// Threads: forks; one thread, in a process that has entered no sandbox.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>

#include "prove/fault/fault.h"
#include "prove/prove.h"

namespace untorn::prove {

struct CampaignLimits {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  // Called after each run with the number of faults that have been tried.
  std::function<void(std::uint64_t)> progress;
};

[[nodiscard]] FaultFindings run_campaign(const ProveOptions& options, const CampaignLimits& limits);

}  // namespace untorn::prove
