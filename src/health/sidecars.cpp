// SPDX-License-Identifier: Apache-2.0
#include "health/sidecars.h"

#include <chrono>
#include <utility>

#include "base/deadline.h"
#include "health/known_trees.h"
#include "health/trees.h"
#include "write/sidecar_folder.h"

namespace untorn::health {
namespace {

Problem problem_at(std::string path, std::string detail, std::string repair) {
  return {.kind = Kind::interrupted_overwrite,
          .severity = Severity::error,
          .path = std::move(path),
          .detail = std::move(detail),
          .repair = std::move(repair)};
}

void add_for_each(const SidecarPlace& place, const std::vector<std::string>& names,
                  const Problem& like, Findings& findings) {
  for (const std::string& name : names) {
    Problem problem = like;
    problem.path = join_path(place.path, name);
    findings.problems.push_back(std::move(problem));
  }
}

void tell_finished(const SidecarPlace& place, const write::FolderRecovery& recovery,
                   Findings& findings) {
  for (const std::string& target : recovery.told.finished) {
    Problem problem = problem_at(place.path, target + ": it was being overwritten where it lies",
                                 "finished from its sidecar");
    problem.repaired = true;
    findings.problems.push_back(std::move(problem));
  }
}

void tell_left(const SidecarPlace& place, const write::FolderRecovery& recovery,
               Findings& findings) {
  for (const KeptSidecar& kept : recovery.told.kept) {
    findings.problems.push_back(
        problem_at(join_path(place.path, kept.sidecar),
                   kept.target.empty() ? kept.why : kept.target + ": " + kept.why,
                   "left alone: it holds the new content whole; put it in place or remove it"));
  }
  for (const std::string& name : recovery.told.damaged) {
    findings.problems.push_back(problem_at(join_path(place.path, name),
                                           "storage has damaged it; its target may be a mixture",
                                           "set aside under this name: look at the target"));
  }
  for (const write::Unfinished& each : recovery.unfinished) {
    if (!each.error) continue;  // among the kept
    findings.problems.push_back(
        problem_at(place.path, each.error->message(), "the sidecar stays; try it again"));
  }
}

}  // namespace

std::vector<std::string> sidecars_among(const std::vector<Entry>& entries) {
  std::vector<std::string> names;
  for (const Entry& entry : entries) {
    if (entry.type == FileType::regular && write::is_sidecar_name(entry.name)) {
      names.push_back(entry.name);
    }
  }
  return names;
}

void judge_sidecars(FileSystem& fs, const SidecarPlace& place,
                    const std::vector<std::string>& names, const RepairPolicy& policy,
                    Findings& findings) {
  const Problem interrupted =
      problem_at({}, "its target may be a mixture: it was being overwritten where it lies",
                 policy.offer("--repair finishes it"));
  if (!policy.why_not.empty()) {
    add_for_each(place, names, interrupted, findings);
    return;
  }
  const auto folder = write::SidecarFolder::open(fs, place.real);
  if (!folder) {
    findings.skipped.push_back({.path = place.path, .reason = folder.error().message()});
    return;
  }
  const auto lock = folder->lock(std::chrono::milliseconds(0));
  if (!lock && lock.error().code() == Code::busy) {
    Problem alive = problem_at({}, "a writer is at work on its target", "nothing to do");
    alive.severity = Severity::info;
    add_for_each(place, names, alive, findings);
  } else if (!lock) {
    findings.skipped.push_back({.path = place.path, .reason = lock.error().message()});
  } else if (!policy.may_repair()) {
    add_for_each(place, names, interrupted, findings);
  } else if (const auto recovery = folder->recover(deadline_after(std::chrono::milliseconds(0)));
             recovery) {
    tell_finished(place, *recovery, findings);
    tell_left(place, *recovery, findings);
  } else {
    findings.skipped.push_back({.path = place.path, .reason = recovery.error().message()});
  }
}

}  // namespace untorn::health
