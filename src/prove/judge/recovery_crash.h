// SPDX-License-Identifier: Apache-2.0
//
// Crashes inside a recovery: a command that repairs what a crash left is itself run on a crash
// state, followed by the tracer, and what it did to files is crashed in turn. The command must then
// accept each of those states too.
//
// Invariants:
//   W1  the state that the recovery starts from is the one that was shown, read from a second copy
//       that nobody changes;
//   W2  a recovery that does to the same files what an earlier one did is not crashed again;
//   W3  what is not tried, for lack of time or because a call cannot be expressed, makes complete()
//       false.
//
// Once: a crash in the recovery of a crash in a recovery is not tried.
//
// Threads: one. Cost: one traced run for each state, and the command on each state of its log.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/hash.h"
#include "crash/engine.h"
#include "prove/judge/plan.h"
#include "prove/judge/read_set.h"
#include "prove/judge/tree_difference.h"
#include "prove/sandbox/sandbox.h"
#include "prove/trace/trace.h"

namespace untorn::prove {

struct RecoveryCrashOptions {
  std::vector<crash::Model> models;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::uint64_t seed = 1;
  std::uint64_t states_max = 20'000;  // of one recovery
  const bool* stop = nullptr;
};

class RecoveryCrash {
 public:
  // Runs the command on a tree; tells what it read.
  using Ask = std::function<std::optional<Answer>(const Sandbox::Difference&, ReadSet&)>;

  RecoveryCrash(Sandbox& sandbox, RecoveryCrashOptions options)
      : sandbox_(sandbox), options_(std::move(options)) {}

  // `state` is good, and the command changes it. The answer for the first bad state of the
  // recovery; its output names what was lost in it.
  [[nodiscard]] std::optional<Answer> crash(const Sandbox::Difference& state,
                                            const TraceOptions& command, const Ask& ask);

  [[nodiscard]] bool complete() const noexcept { return why_incomplete_.empty(); }
  [[nodiscard]] const std::string& why_incomplete() const noexcept { return why_incomplete_; }
  [[nodiscard]] std::uint64_t recoveries() const noexcept { return known_.size(); }
  [[nodiscard]] std::uint64_t states() const noexcept { return states_; }

 private:
  [[nodiscard]] std::optional<Trace> record(const Sandbox::Difference& state,
                                            const TraceOptions& command);
  [[nodiscard]] std::optional<Answer> crash_log(const OperationLog& log, crash::Model model,
                                                const Sandbox::Difference& state, const Ask& ask);
  void leave_out(std::string why);

  Sandbox& sandbox_;
  RecoveryCrashOptions options_;
  std::set<Hash128> known_;  // logs
  std::uint64_t states_ = 0;
  std::string why_incomplete_;
};

}  // namespace untorn::prove
