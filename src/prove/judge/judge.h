// SPDX-License-Identifier: Apache-2.0
//
// Asks the questions of a plan of every crash state and keeps, for each way to fail, the simplest
// state that fails.
//
// A group is left early, and its engine is then not exhaustive, when it can only repeat itself:
//   J1. one of its questions has failed in Group::bad_states_max states;
//   J2. all of its questions have failed, and 4,096 states in a row told nothing new: no other way
//       to fail, no other kind of damage, no simpler state.
// A group of which one question has not failed is never left for J2: it might be the first.
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
  std::string code;          // CrashState::code()
  InodeId inode = no_inode;  // at the path in the state
  StateBytes bytes;
  std::string output;
};

// One way to fail: an engine, a check and a path.
struct Failure {
  Engine engine = Engine::kill;
  Check check = Check::atomic;
  const PathStory* story = nullptr;
  crash::Path folder = {};       // Question::folder
  const Group* group = nullptr;  // that asked; one of those given to judge()
  BadState simplest;
  std::vector<Observed> observed;  // all kinds, each once
  std::uint64_t states = 0;        // distinct bad states that were seen
};

struct Judgement {
  std::vector<EngineReport> engines;
  std::vector<Failure> failures;  // sorted by path, then engine and check
  std::vector<Undecided> undecided;
  std::vector<std::string> notes;  // which groups were left early, a sentence each
};

struct JudgeLimits {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::uint64_t seed = 1;
  crash::Model model = crash::Model::portable;  // of the engine `power`
  const bool* stop = nullptr;
  // Called now and then with the engine and the number of states looked at.
  std::function<void(Engine, std::uint64_t)> progress;
};

// What a report keeps of a state that a question found bad.
[[nodiscard]] BadState keep_bad_state(const Question& question, Answer answer,
                                      const crash::CrashState& state);

// `engines` are kill and power: what a fault does is not a state of this log.
[[nodiscard]] Judgement judge(const crash::History& history, const std::vector<Group>& groups,
                              const std::vector<Engine>& engines, const JudgeLimits& limits);

}  // namespace untorn::prove
