// SPDX-License-Identifier: Apache-2.0
//
// Finds the change of a program that makes a violation go away, and proves it: on the log, without
// running the program again.
//
//   F1. Syncs are put into the log, one for each bad state that is left: of the file whose bytes
//       were lost, after its last change before the operation that exposes the loss; of the
//       directory whose change was lost, after that change.
//   F2. Where no sync can help (a file changed under its own name, a kill), the file is replaced
//       instead: virtual_replace.h.
//   F3. After each change the log is compiled, planned and enumerated again with the same model,
//       engines and checks: every question about a path that was bad, and every question that is
//       new because of the change (what is synced is promised). Other questions see fewer states
//       than before, or the same.
//   F4. Only a set of changes with no bad state is reported, and none of its syncs can be left out.
//   F5. A fix is offered to the other paths, too: one trial about all of them tells which have no
//       bad state left, and each of those is then proved as F3 says.
//
// Threads: one thread. Cost: each trial compiles the log and enumerates the groups concerned; the
// search ends at its deadline, and what is not proved by then is not reported.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "crash/engine.h"
#include "prove/judge/judge.h"
#include "prove/judge/plan.h"
#include "prove/prove.h"
#include "prove/report/counterexample.h"

namespace untorn::prove {

// Questions about the whole tree, asked by commands. The answers may be used as long as `owner`
// lives.
struct TreeQuestions {
  std::vector<Group> groups;
  std::shared_ptr<void> owner;
};

struct FixOptions {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  // Makes the questions that commands answer for another log; none if nobody asks a command.
  std::function<TreeQuestions(const crash::History&)> tree_questions;
};

struct FoundFixes {
  std::vector<std::optional<ProvedFix>> fixes;  // for each failure its fix, or nothing
  std::size_t not_searched = 0;  // failures whose search did not come to its end in time
};

// `plan` and `explainer` are those of the history; the failures are those of judging it, shrunk.
// Failures that share a fix have equal ones.
[[nodiscard]] FoundFixes search_fixes(const crash::History& history, const Plan& plan,
                                      const std::vector<Failure>& failures,
                                      const ProveOptions& options, const Explainer& explainer,
                                      const FixOptions& limits);

}  // namespace untorn::prove
