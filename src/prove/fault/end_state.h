// SPDX-License-Identifier: Apache-2.0
//
// Is the tree that a run with a fault left behind a good one?
//
//   G1  A run is *done* if it ended with exit code 0, or printed as many acknowledgements as the
//       undisturbed run. Then every path must hold the new state: the last version of the
//       undisturbed run (check `durable`).
//   G2  A run that is not done has failed loudly. Then a path of class `whole` must hold one of the
//       versions of the undisturbed run, a log a prefix of it (check `atomic`); a path that changes
//       in place must parse.
//   G3  A log may hold more lines than in the undisturbed run: a program may report a failure.
//   G4  A varying path (reference.h, F2) is bad if it is missing, empty or old where it must not
//       be, or if it is a file with a hole: bytes that a failed write should have written, and no
//       later one did.
//   G5  Whether the bytes of a SQLite database are the new state cannot be told by comparing them:
//       other bytes than the undisturbed run's make the verdict undecided, unless --check judges.
//
//   G6  A file that the undisturbed run leaves alone must not be missing or empty.
//   G7  A close that fails with EIO, ENOSPC or EDQUOT tells of data that did not reach the disk or
//       the server: what was written since the last sync before it counts as lost. After EINTR
//       nothing is.
//
// Threads: pure functions of their arguments.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crash/engine.h"
#include "prove/fault/injector.h"
#include "prove/fault/reference.h"
#include "prove/fault/run_record.h"
#include "prove/prove.h"

namespace untorn::prove {

// The tree at the end of a run, seen as a state.
class EndState final : public crash::CrashState {
 public:
  // Paths that `own` did not touch are as they were before the reference run.
  EndState(const crash::History& own, const crash::History& reference);

  [[nodiscard]] std::size_t begun() const override { return end_; }
  [[nodiscard]] std::optional<crash::History::File> file(const crash::Path& path) const override;
  [[nodiscard]] std::vector<std::pair<crash::Path, crash::History::File>> tree() const override;
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> hash() const override;
  [[nodiscard]] std::vector<std::size_t> lost() const override { return {}; }
  [[nodiscard]] std::size_t lost_count() const override { return 0; }
  [[nodiscard]] std::vector<std::size_t> kept() const override { return {}; }
  // No model made it, and nothing can make it again.
  [[nodiscard]] std::string code() const override { return {}; }

  [[nodiscard]] const crash::History& history() const noexcept { return own_; }

 private:
  const crash::History& own_;
  const crash::History& reference_;
  std::size_t end_;
  std::vector<crash::Path> touched_;
};

struct EndJudgement {
  std::vector<EndFinding> findings;
  std::vector<Undecided> undecided;
};

// G1 to G7, for all paths whose bytes or parsers tell.
[[nodiscard]] EndJudgement judge_end_state(const Reference& reference, const EndState& state,
                                           bool done, const std::vector<LostWrite>& lost_writes,
                                           const ProveOptions& options);

}  // namespace untorn::prove
