// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "crash/engine.h"
#include "crash/footprint.h"
#include "crash/visits.h"

namespace untorn::crash {

// See CrashState::code(): operations [0, complete) were done, those in `early` too, and of
// operation `complete` the bytes up to the file offset `reached`.
[[nodiscard]] std::string kill_state_code(const History::Impl& history, std::size_t complete,
                                          std::uint64_t reached,
                                          const std::vector<std::uint32_t>& early);
[[nodiscard]] bool rebuild_kill(const History::Impl& history, const Footprint& footprint,
                                std::string_view code, const Visitor& visit);

[[nodiscard]] Enumeration enumerate_kill(const History::Impl& history, const Footprint& footprint,
                                         const Budget& budget, Visits& visits);

}  // namespace untorn::crash
