// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "crash/engine.h"
#include "crash/footprint.h"
#include "crash/visits.h"

namespace untorn::crash {

[[nodiscard]] Enumeration enumerate_kill(const History::Impl& history, const Footprint& footprint,
                                         const Budget& budget, Visits& visits);

}  // namespace untorn::crash
