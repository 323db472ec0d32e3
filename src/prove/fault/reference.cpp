// SPDX-License-Identifier: Apache-2.0
#include "prove/fault/reference.h"

#include <algorithm>

#include "prove/judge/judge.h"
#include "prove/judge/state_file.h"

namespace untorn::prove {

std::uint64_t count_acknowledgements(const OperationLog& log) {
  return static_cast<std::uint64_t>(
      std::ranges::count(log.operations, OperationKind::acknowledge, &Operation::kind));
}

Reference::Reference(RecordedRun first, const RecordedRun& second, const ProveOptions& options)
    : options_(options),
      first_(std::move(first)),
      history_(first_.trace.log),
      plan_(history_, options),
      acknowledgements_(count_acknowledgements(first_.trace.log)) {
  const crash::History other(second.trace.log);
  const Plan other_plan(other, options);
  std::set<crash::Path> paths;
  for (const Plan* plan : {static_cast<const Plan*>(&plan_), &other_plan}) {
    for (const PathStory& story : plan->stories()) {
      if (story.exists_after() || story.existed_before()) paths.insert(story.path);
    }
  }
  const std::size_t other_end = second.trace.log.operations.size();
  const auto other_touched = other.touched_paths();
  const auto own_touched = history_.touched_paths();
  for (const crash::Path& path : paths) {
    const bool here = std::ranges::binary_search(own_touched, path);
    const bool there = std::ranges::binary_search(other_touched, path);
    const auto own = here ? history_.file_at(end(), path) : other.file_at(0, path);
    const auto its = there ? other.file_at(other_end, path) : history_.file_at(0, path);
    if (own.has_value() != its.has_value()) {
      unsteady_.insert(path);
    } else if (!same_bytes(own, its)) {
      varying_.insert(path);
    }
  }
}

bool Reference::is_lasting(const crash::Path& path) const {
  return history_.file_at(0, path).has_value() || history_.file_at(end(), path).has_value();
}

void Reference::judge_crashes(std::chrono::steady_clock::time_point deadline) {
  JudgeLimits limits;
  limits.deadline = deadline;
  limits.model = options_.model;
  limits.stop = options_.stop;
  const Judgement judgement = judge(history_, plan_.groups(), {Engine::power}, limits);
  for (const Failure& failure : judgement.failures) {
    failing_.emplace(failure.story == nullptr ? crash::Path() : failure.story->path, failure.check);
  }
  crashes_known_ = std::ranges::all_of(judgement.engines, &EngineReport::exhaustive);
}

}  // namespace untorn::prove
