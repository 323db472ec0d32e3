// SPDX-License-Identifier: Apache-2.0
#include "health/temporaries.h"

#include <cstdint>
#include <utility>

#include "health/words.h"

namespace untorn::health {
namespace {

using write::Obstacle;
using write::Removal;
using write::TemporaryJudgement;
using write::TemporaryState;

// A writer on another machine rarely takes longer over one file.
constexpr std::int64_t unknown_old_s = 86'400;

std::string facts(const TemporaryFacts& facts) {
  return size_words(facts.size_bytes) + ", last written " + age_words(facts.age_s) + " ago";
}

Problem problem_of(const TemporaryPlace& place, const TemporaryJudgement& judged, Owner owner) {
  return {.kind = Kind::stale_temporary,
          .severity = Severity::info,
          .path = place.path,
          .detail = {},
          .repair = {},
          .temporary = TemporaryFacts{
              .owner = owner, .size_bytes = judged.status.size, .age_s = judged.age_s}};
}

Problem alive(const TemporaryPlace& place, const TemporaryJudgement& judged) {
  Problem problem = problem_of(place, judged, Owner::alive);
  problem.detail = "a writer is at work on it (" + facts(*problem.temporary) + ")";
  problem.repair = "nothing to do: the writer publishes or removes it";
  return problem;
}

std::string why_unknown(const TemporaryJudgement& judged, const RepairPolicy& policy) {
  const std::string reason = reason_of(judged.os_errno);
  switch (judged.obstacle) {
    case Obstacle::open:
      return "it cannot be opened to try its lock: " + reason;
    case Obstacle::lock:
      return "its lock cannot be tried: " + reason;
    case Obstacle::policy:
      return policy.why_not;
    case Obstacle::none:
    case Obstacle::look:
      break;
  }
  return "it cannot be looked at: " + reason;
}

Problem unknown(const TemporaryPlace& place, const TemporaryJudgement& judged,
                const RepairPolicy& policy) {
  Problem problem = problem_of(place, judged, Owner::unknown);
  const bool old = problem.temporary->age_s >= unknown_old_s;
  problem.severity = !judged.seen || old ? Severity::warning : Severity::info;
  problem.detail = "its writer may be alive or gone";
  if (judged.seen) problem.detail += " (" + facts(*problem.temporary) + ")";
  problem.repair = "left alone: " + why_unknown(judged, policy);
  return problem;
}

void tell_removal(Problem& problem, const TemporaryJudgement& judged, const RepairPolicy& policy) {
  switch (judged.removal) {
    case Removal::not_asked:
    case Removal::young:
      problem.repair = judged.keeps_content
                           ? "--repair sets it aside: a power cut may have taken it from a name"
                           : "--repair removes it";
      return;
    case Removal::linked:
      problem.repair = "left alone: the file has " + std::to_string(judged.status.links) +
                       " names; if one of them is the name it was meant for, remove this one";
      return;
    case Removal::removed:
      problem.repair = "removed";
      problem.repaired = true;
      if (const auto counters = policy.counted()) counters->count_swept(1);
      return;
    case Removal::set_aside:
      problem.repair = "set aside as " + judged.set_aside_as;
      problem.repaired = true;
      if (const auto counters = policy.counted()) counters->count_set_aside(1);
      return;
    case Removal::gone:
      problem.repair = "somebody else has removed it";
      problem.repaired = true;
      return;
    case Removal::look_failed:
      problem.repair = "could not be looked at once more: " + reason_of(judged.os_errno);
      return;
    case Removal::remove_failed:
      problem.repair = "could not be removed: " + reason_of(judged.os_errno);
      return;
    case Removal::set_aside_failed:
      problem.repair = "could not be set aside: " + reason_of(judged.os_errno);
      return;
  }
}

Problem dead(const TemporaryPlace& place, const TemporaryJudgement& judged,
             const RepairPolicy& policy) {
  Problem problem = problem_of(place, judged, Owner::dead);
  problem.severity = Severity::warning;
  problem.detail = "its writer is gone and never published it (" + facts(*problem.temporary) + ")";
  tell_removal(problem, judged, policy);
  return problem;
}

}  // namespace

std::optional<Problem> judge_temporary(FileSystem& fs, const TemporaryPlace& place,
                                       const RepairPolicy& policy, const Clock& clock) {
  const TemporaryJudgement judged = write::judge_temporary(fs,
                                                           {.folder = place.folder,
                                                            .name = place.name,
                                                            .locks_tell = policy.why_not.empty(),
                                                            .remove = policy.may_repair()},
                                                           clock);
  switch (judged.state) {
    case TemporaryState::not_ours:
      return std::nullopt;
    case TemporaryState::alive:
      return alive(place, judged);
    case TemporaryState::dead:
      return dead(place, judged, policy);
    case TemporaryState::unknown:
      return unknown(place, judged, policy);
  }
  return std::nullopt;
}

}  // namespace untorn::health
