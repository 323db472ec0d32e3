// SPDX-License-Identifier: Apache-2.0
//
// Asks the questions of a plan of every crash state and keeps, for each way to fail, the simplest
// state that fails.
//
// Threads: one thread.
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "crash/engine.h"
#include "prove/judge/plan.h"
#include "prove/prove.h"

namespace untorn::prove {

// A bad state, as far as a report needs it after the state itself is gone.
struct BadState {
  Observed observed = Observed::garbage;
  std::size_t begun = 0;
  std::size_t lost_count = 0;
  std::vector<std::size_t> lost;
  std::vector<std::size_t> kept;
  std::pair<std::uint64_t, std::uint64_t> hash;
  InodeId inode = no_inode;  // at the path in the state
  StateBytes bytes;
  std::string output;
};

// One way to fail: an engine, a check and a path.
struct Failure {
  crash::Model engine = crash::Model::kill;
  Check check = Check::atomic;
  const PathStory* story = nullptr;
  BadState simplest;
  std::vector<Observed> observed;  // all kinds, each once
  std::uint64_t states = 0;        // distinct bad states
};

struct Judgement {
  std::vector<EngineReport> engines;
  std::vector<Failure> failures;  // sorted by path, then engine and check
  std::vector<Undecided> undecided;
  bool stopped_early = false;  // at Group::bad_states_max
};

struct JudgeLimits {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::uint64_t seed = 1;
  const bool* stop = nullptr;
  // Called now and then with the engine and the number of states looked at.
  std::function<void(crash::Model, std::uint64_t)> progress;
};

[[nodiscard]] Judgement judge(const crash::History& history, const std::vector<Group>& groups,
                              const std::vector<crash::Model>& engines, const JudgeLimits& limits);

}  // namespace untorn::prove
