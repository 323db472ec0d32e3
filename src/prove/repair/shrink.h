// SPDX-License-Identifier: Apache-2.0
//
// Makes a counterexample small: of the operations that its bad state lost, as few as still make a
// bad state of the same cut.
//
// Threads: one thread. Cost: at most `states_max` states are built and asked about.
#pragma once
#include <chrono>
#include <cstddef>

#include "crash/engine.h"
#include "prove/judge/judge.h"

namespace untorn::prove {

struct ShrinkLimits {
  std::size_t states_max = 64;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

// Replaces Failure::simplest by a state that the same question finds bad and that lost fewer
// operations, if there is one. Counts stay those of the enumeration. A kill interrupts one call and
// cannot be shrunk.
void shrink(const crash::History& history, crash::Model model, Failure& failure,
            const ShrinkLimits& limits = {});

}  // namespace untorn::prove
