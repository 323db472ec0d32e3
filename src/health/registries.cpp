// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <utility>

#include "filesystem/kept_folder.h"
#include "health/trees.h"
#include "health/words.h"
#include "registry/inspect.h"
#include "untorn/registry.h"

namespace untorn::health {
namespace {

using registry::RegistryInspection;

bool is_lost(const EntryFile& file) {
  return file.state == FileState::damaged || file.state == FileState::missing;
}

std::string reason_of_file(const EntryFile& file) {
  if (!file.detail.empty()) return file.detail;
  return file.state == FileState::missing ? "it is not there" : "it is damaged";
}

// The problems of the files of one entry, which is repaired as a whole.
class EntryProblems {
 public:
  EntryProblems(const TreePlace& tree, const std::string& folder) : tree_(tree), folder_(folder) {}

  void judge(const EntryCheck& entry, const RegistryCheck* repaired, const std::string& failure,
             Findings& findings) const {
    for (const EntryFile& file : entry.files) {
      const std::string path = join_path(tree_.path, join_path(folder_, file.file));
      if (file.state == FileState::unreadable) {
        findings.skipped.push_back({.path = path, .reason = file.detail});
      } else if (is_lost(file)) {
        Problem problem = {.kind = Kind::registry_mismatch,
                           .severity = Severity::error,
                           .path = path,
                           .detail = reason_of_file(file),
                           .repair = tree_.policy.offer("--repair brings its last version back")};
        if (!failure.empty()) problem.repair = "could not be repaired: " + failure;
        if (repaired != nullptr) note_repair(entry.name, file.file, *repaired, problem);
        findings.problems.push_back(std::move(problem));
      }
    }
  }

 private:
  static void note_repair(const std::string& name, const std::string& file,
                          const RegistryCheck& repaired, Problem& problem) {
    const auto found = std::ranges::find(repaired.entries, name, &EntryCheck::name);
    if (found == repaired.entries.end()) {
      problem.repair = "somebody else has removed the entry";
      problem.repaired = true;
      return;
    }
    const bool back = std::ranges::find(found->brought_back, file) != found->brought_back.end();
    problem.repaired = back || found->was_healthy();
    if (back) {
      problem.repair = "its last version is back";
    } else if (problem.repaired) {
      problem.repair = "somebody else has repaired it";
    } else {
      problem.repair = "could not be brought back";
      if (!found->detail.empty()) problem.repair += ": " + found->detail;
    }
  }

  const TreePlace& tree_;
  const std::string& folder_;
};

void count(const RepairPolicy& policy, const RegistryCheck& repaired) {
  const bool did_something = std::ranges::any_of(repaired.entries, [](const EntryCheck& entry) {
    return !entry.brought_back.empty() || !entry.set_aside.empty() || !entry.is_healthy();
  });
  const std::shared_ptr<Counters> counters = did_something ? policy.counted() : nullptr;
  if (!counters) return;
  for (const EntryCheck& entry : repaired.entries) {
    if (!entry.set_aside.empty()) counters->count_set_aside(entry.set_aside.size());
    if (!entry.brought_back.empty()) counters->count_recovery(RecoveryResult::recovered);
    if (!entry.is_healthy()) counters->count_recovery(RecoveryResult::failed);
  }
}

bool needs_repair(const RegistryCheck& check) {
  return std::ranges::any_of(check.entries, [](const EntryCheck& entry) {
    return std::ranges::any_of(entry.files, is_lost);
  });
}

void judge(FileSystem& fs, const TreePlace& tree, const RegistryInspection& inspection,
           Findings& findings) {
  std::unique_ptr<RegistryCheck> repaired;
  std::string failure;
  if (tree.policy.may_repair() && needs_repair(inspection.check)) {
    auto check = registry::repair_registry(fs, tree.real, inspection.folder);
    if (check) {
      count(tree.policy, *check);
      repaired = std::make_unique<RegistryCheck>(*std::move(check));
    } else {
      failure = check.error().message();
    }
  }
  const EntryProblems problems(tree, inspection.folder);
  for (const EntryCheck& entry : inspection.check.entries) {
    problems.judge(entry, repaired.get(), failure, findings);
  }
}

}  // namespace

void judge_registries(FileSystem& fs, const TreePlace& tree, Findings& findings) {
  const auto registries = registry::inspect_registries(fs, tree.real);
  if (!registries) {
    findings.skipped.push_back(
        {.path = join_path(tree.path, std::string(kept_folder_name) + "/registry"),
         .reason = registries.error().message()});
    return;
  }
  for (const RegistryInspection& inspection : *registries) {
    if (inspection.unreadable) {
      findings.skipped.push_back({.path = join_path(tree.path, inspection.folder),
                                  .reason = inspection.unreadable->message()});
      continue;
    }
    judge(fs, tree, inspection, findings);
  }
}

}  // namespace untorn::health
