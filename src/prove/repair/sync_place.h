// SPDX-License-Identifier: Apache-2.0
//
// Where a sync is missing: from a bad state to the sync that forbids it (F1).
//
// Threads: pure functions.
#pragma once
#include <vector>

#include "crash/engine.h"
#include "prove/judge/judge.h"
#include "prove/repair/virtual_syncs.h"

namespace untorn::prove {

// Syncs of the log that would have kept what the state lost from being lost, the most likely one
// first. Empty if none can: nothing that came later exposes the loss.
[[nodiscard]] std::vector<VirtualSync> missing_syncs(const OperationLog& log,
                                                     const Failure& failure);

}  // namespace untorn::prove
