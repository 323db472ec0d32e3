// SPDX-License-Identifier: Apache-2.0
//
// What a run with a fault is compared with: two undisturbed runs of the same command.
//
//   F1  The first run says which versions a path may hold, and which one is the new state.
//   F2  The second one says what of it is the program's and what is chance. A path whose last
//       content differs between the two (it holds a time, a random number) is *varying*: its bytes
//       cannot be compared, only what a fault took from them (end_state.h). A path that only one
//       of the two has at its end is not judged, and the verdict says so.
//   F3  A check that a crash state of the first run fails already, without any fault, is not asked
//       again after faults: the engine `power` reports it.
//
// Threads: a value, read by forked processes. Borrows the options.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crash/engine.h"
#include "prove/judge/plan.h"
#include "prove/prove.h"
#include "prove/replay/trace_file.h"

namespace untorn::prove {

class Reference {
 public:
  Reference(RecordedRun first, const RecordedRun& second, const ProveOptions& options);
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;

  [[nodiscard]] const crash::History& history() const noexcept { return history_; }
  [[nodiscard]] const Plan& plan() const noexcept { return plan_; }
  // After all operations.
  [[nodiscard]] std::size_t end() const noexcept { return first_.trace.log.operations.size(); }
  [[nodiscard]] std::uint64_t acknowledgements() const noexcept { return acknowledgements_; }

  // Is the path there before or after an undisturbed run? Others are temporaries.
  [[nodiscard]] bool is_lasting(const crash::Path& path) const;

  // F2.
  [[nodiscard]] bool is_varying(const crash::Path& path) const { return varying_.contains(path); }
  [[nodiscard]] bool is_unsteady(const crash::Path& path) const { return unsteady_.contains(path); }
  [[nodiscard]] const std::set<crash::Path>& varying() const noexcept { return varying_; }
  [[nodiscard]] const std::set<crash::Path>& unsteady() const noexcept { return unsteady_; }

  // F3. Looks at every crash state of the first run until `deadline`. If that is not enough time,
  // crash states after faults cannot be blamed on them, and are not looked at.
  void judge_crashes(std::chrono::steady_clock::time_point deadline);
  [[nodiscard]] bool crashes_are_known() const noexcept { return crashes_known_; }
  [[nodiscard]] bool fails_anyway(const crash::Path& path, Check check) const {
    return failing_.contains({path, check});
  }

 private:
  const ProveOptions& options_;
  RecordedRun first_;
  crash::History history_;
  Plan plan_;
  std::uint64_t acknowledgements_ = 0;
  std::set<crash::Path> varying_;
  std::set<crash::Path> unsteady_;  // only one of the two runs has it at its end
  bool crashes_known_ = false;
  std::set<std::pair<crash::Path, Check>> failing_;
};

[[nodiscard]] std::uint64_t count_acknowledgements(const OperationLog& log);

}  // namespace untorn::prove
