// SPDX-License-Identifier: Apache-2.0
//
// From what was traced and judged to a verdict.
//
//   D1. Violated, if any check of any engine found a bad state: a counterexample stays one whatever
//       else is unknown.
//   D2. Otherwise undecided, if anything is on the list of reasons.
//   D3. Otherwise proved, if every engine judged every state of its model on every group of paths.
//   D4. Otherwise passed.
//
// Threads: pure functions of their arguments.
#pragma once
#include "prove/judge/plan.h"
#include "prove/prove.h"
#include "prove/report/counterexample.h"
#include "prove/trace/trace.h"

namespace untorn::prove {

// Counts, exit code and the notes of the run itself.
void describe_run(const Trace& trace, ProveReport& report);
// How the run ended. False: it was cut off, so that its states say nothing about the command.
[[nodiscard]] bool judge_end(const Trace& trace, ProveReport& report);
// What the log cannot express.
void judge_log(const Trace& trace, const Plan& plan, const Explainer& explainer,
               ProveReport& report);
// Was there anything to judge?
void judge_coverage(const Plan& plan, bool asks_whole_tree, ProveReport& report);
// What every report must say about itself.
[[nodiscard]] std::vector<std::string> limits_of(const ProveOptions& options);
// D1 to D4, and the order of the violations.
void conclude(ProveReport& report);

}  // namespace untorn::prove
