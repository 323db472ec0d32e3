// SPDX-License-Identifier: Apache-2.0
//
// What is done with the failures of a judgement before they are reported: each is made small, and a
// fix is looked for.
//
// Threads: one thread. Cost: time beside the budget of the judging. Both together end after one
// second, or half of what tracing and judging took where that is more, and after a fifth of the
// budget; shrinking takes at most half of it. What was not searched by then is said in a note.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "prove/repair/fix_search.h"

namespace untorn::prove {

struct Repairs {
  std::vector<std::optional<ProvedFix>> fixes;  // of the failures, in their order
  std::vector<std::string> notes;
};

// Failure::simplest is replaced by a smaller one where there is one. `taken` is how long tracing
// and judging took.
[[nodiscard]] Repairs repair(
    const crash::History& history, const Plan& plan, std::vector<Failure>& failures,
    const ProveOptions& options, const Explainer& explainer,
    std::chrono::steady_clock::duration taken,
    const std::function<TreeQuestions(const crash::History&)>& tree_questions);

}  // namespace untorn::prove
