// SPDX-License-Identifier: Apache-2.0
#include "health/trees.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "filesystem/kept_folder.h"
#include "health/words.h"
#include "line_log/inspect.h"
#include "transaction/inspect.h"
#include "untorn/line_log.h"
#include "untorn/transaction.h"

namespace untorn::health {
namespace {

using transaction::InspectedState;
using transaction::Inspection;

constexpr std::size_t paths_shown_max = 5;

std::string kept_path(const TreePlace& tree, std::string_view name) {
  return join_path(tree.path, std::string(kept_folder_name) + "/" + std::string(name));
}

void skip(Findings& findings, std::string path, const Error& error) {
  findings.skipped.push_back({.path = std::move(path), .reason = error.message()});
}

// "a.json, b.json and 3 more".
std::string some_of(const std::vector<std::string>& paths) {
  std::string text;
  for (std::size_t index = 0; index < std::min(paths.size(), paths_shown_max); ++index) {
    text += (index == 0 ? "" : ", ") + paths[index];
  }
  if (paths.size() > paths_shown_max) {
    text += " and " + std::to_string(paths.size() - paths_shown_max) + " more";
  }
  return text;
}

// The problem of what was found, as long as nothing is done about it.
std::optional<Problem> transaction_problem(const TreePlace& tree, const Inspection& found) {
  Problem problem = {.kind = Kind::interrupted_transaction,
                     .severity = Severity::error,
                     .path = kept_path(tree, "transaction"),
                     .detail = {},
                     .repair = {}};
  switch (found.state) {
    case InspectedState::none:
    case InspectedState::running:
    case InspectedState::newer:
      return std::nullopt;
    case InspectedState::roll_forward:
      problem.detail =
          "committed, and interrupted while it was applied: some files may be new, "
          "others old: " +
          some_of(found.paths);
      problem.repair = tree.policy.offer("--repair carries out the rest of it");
      return problem;
    case InspectedState::discard:
      problem.severity = Severity::warning;
      problem.path = join_path(tree.path, std::string(kept_folder_name));
      problem.detail = "interrupted before it was committed: nothing has changed, " +
                       count_words(found.staged.size(), "temporary file") + " left";
      problem.repair = tree.policy.offer("--repair removes its temporaries");
      return problem;
    case InspectedState::foreign:
      problem.severity = Severity::warning;
      problem.detail = "it belongs to another tree, of which this one seems to be a copy: " +
                       some_of(found.paths);
      problem.repair = tree.policy.offer("--repair sets it aside without applying it");
      return problem;
    case InspectedState::damaged:
      problem.detail = "its record cannot be read, so nobody can tell which files it changed";
      problem.repair = "left alone: compare the files with a backup, then move the record away";
      return problem;
  }
  return std::nullopt;
}

// What one recovery leaves may be seen only by the next one: temporaries, after a record of another
// tree was set aside.
void recover(FileSystem& fs, const TreePlace& tree, Problem& problem) {
  constexpr int recoveries_max = 3;
  problem.repair.clear();
  for (int count = 0; count < recoveries_max && !problem.repaired; ++count) {
    auto recovery = recover_transactions(fs, tree.real, {.counters = tree.policy.counted()});
    if (!recovery) {
      problem.repair = "could not be repaired: " + recovery.error().message();
      return;
    }
    const std::string message = recovery->message();
    problem.repair += (problem.repair.empty() || message.empty() ? "" : "; ") + message;
    const auto after = transaction::inspect_transaction(fs, tree.real);
    problem.repaired = after && !transaction_problem(tree, *after);
  }
  if (problem.repair.empty()) problem.repair = "somebody else has repaired it";
}

}  // namespace

std::string join_path(const std::string& folder, const std::string& name) {
  if (folder.empty() || name.empty()) return folder + name;
  return folder.back() == '/' ? folder + name : folder + "/" + name;
}

bool judge_transaction(FileSystem& fs, const TreePlace& tree, Findings& findings) {
  const auto found = transaction::inspect_transaction(fs, tree.real);
  if (!found) {
    skip(findings, kept_path(tree, "transaction"), found.error());
    return false;
  }
  if (found->state == InspectedState::newer) {
    findings.skipped.push_back({.path = kept_path(tree, "transaction"),
                                .reason = "of a newer format: left to the version that wrote it"});
    return false;
  }
  std::optional<Problem> problem = transaction_problem(tree, *found);
  if (!problem) return found->state == InspectedState::none;
  const bool repairable = found->state != InspectedState::damaged;
  if (tree.policy.may_repair() && repairable) recover(fs, tree, *problem);
  findings.problems.push_back(*std::move(problem));
  return findings.problems.back().repaired;
}

namespace {

void move_torn_end(FileSystem& fs, const TreePlace& tree, const std::string& path,
                   Problem& problem) {
  const auto opened = LineLog::open(fs, join_path(tree.real, path),
                                    {.tree = tree.real, .counters = tree.policy.counted()});
  if (!opened) {
    problem.repair = "could not be repaired: " + opened.error().message();
    return;
  }
  problem.repaired = true;
  problem.repair = opened->torn().happened ? "moved to " + opened->torn().moved_to
                                           : "somebody else has moved it away";
}

}  // namespace

void judge_logs(FileSystem& fs, const TreePlace& tree, Findings& findings,
                std::vector<std::string>& moved) {
  const auto logs = line_log::inspect_logs(fs, tree.real);
  if (!logs) return skip(findings, kept_path(tree, "logs"), logs.error());
  for (const line_log::LogReport& log : *logs) {
    moved.insert(moved.end(), log.moved.begin(), log.moved.end());
    const std::string path = join_path(tree.path, log.path);
    if (log.unreadable) {
      skip(findings, path, *log.unreadable);
      continue;
    }
    if (!log.exists || !log.torn.happened) continue;
    Problem problem = {.kind = Kind::torn_log,
                       .severity = Severity::warning,
                       .path = path,
                       .detail = log.torn.reason + " (" + size_words(log.torn.bytes) + " of " +
                                 size_words(log.bytes) + ")",
                       .repair = tree.policy.offer("--repair moves that part beside the log")};
    if (tree.policy.may_repair()) move_torn_end(fs, tree, log.path, problem);
    findings.problems.push_back(std::move(problem));
  }
}

void judge_staged(FileSystem& fs, Handle folder, const std::string& name, const std::string& path,
                  const RepairPolicy& policy, Findings& findings) {
  const auto status = fs.status_at(folder, name);
  if (!status || status->type != FileType::regular) return;
  const auto abandoned = transaction::is_abandoned(fs, folder, name);
  if (!abandoned) return skip(findings, path, abandoned.error());
  if (!*abandoned) return;
  Problem problem = {.kind = Kind::stale_temporary,
                     .severity = Severity::warning,
                     .path = path,
                     .detail = "staged for a transaction that was never committed (" +
                               size_words(status->size) + ")",
                     .repair = policy.offer("--repair removes it")};
  if (policy.may_repair()) {
    const auto removed = fs.unlink(folder, name);
    problem.repaired = removed || number(removed.error()) == ENOENT;
    const std::shared_ptr<Counters> counters = removed ? policy.counted() : nullptr;
    if (counters) counters->count_swept(1);
    problem.repair = problem.repaired
                         ? "removed"
                         : "could not be removed: " + reason_of(number(removed.error()));
  }
  findings.problems.push_back(std::move(problem));
}

}  // namespace untorn::health
