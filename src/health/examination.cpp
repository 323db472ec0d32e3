// SPDX-License-Identifier: Apache-2.0
#include "health/examination.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "document/inspect.h"
#include "filesystem/kept_folder.h"
#include "health/set_aside.h"
#include "health/sidecars.h"
#include "health/temporaries.h"
#include "health/trees.h"
#include "health/words.h"
#include "transaction/paths.h"

namespace untorn::health {
namespace {

bool has_kept_folder(const FolderView& folder) {
  const auto found = std::ranges::find(folder.entries, kept_folder_name, &Entry::name);
  return found != folder.entries.end() && found->type == FileType::directory;
}

bool is_in_kept_folder(const std::string& real) {
  return real.find("/" + std::string(kept_folder_name) + "/") != std::string::npos;
}

}  // namespace

Examination::Examination(FileSystem& fs, const Options& options, const NamedFolder& named,
                         const FileSystemKind& kind, Report& report)
    : fs_(fs),
      options_(options),
      named_(named),
      report_(report),
      patterns_(options.documents),
      trees_(fs, repair_policy(options.repair, kind)) {}

bool Examination::going() {
  if (!options_.keep_going(report_.counts)) report_.interrupted = true;
  return !report_.interrupted;
}

std::string Examination::path_of(const std::string& real) const {
  return is_within(report_.root, real) ? path_below(report_.root, real) : real;
}

std::string Examination::shown_path_of(const std::string& real) const {
  const std::string path = path_of(real);
  return path.empty() ? "." : path;
}

void Examination::add(Findings findings) {
  std::ranges::move(findings.problems, std::back_inserter(report_.problems));
  std::ranges::move(findings.skipped, std::back_inserter(report_.skipped));
}

void Examination::begin() {
  const std::string& root = named_.real;
  const std::optional<std::string> tree = nearest_kept_tree(fs_, root);
  enter_tree(tree.value_or(root), tree.has_value());
  if (!tree || *tree == root || options_.temporaries_only) return;
  auto names = document::names_kept_in(fs_, *tree);
  if (!names) {
    report_.skipped.push_back({.path = shown_path_of(root), .reason = names.error().message()});
    return;
  }
  std::erase_if(*names,
                [&](const std::string& name) { return !is_within(root, join_path(*tree, name)); });
  judge_kept_documents(*tree, *names);
}

void Examination::end() {
  const bool may_repair = trees_.here().policy.may_repair();
  for (KnownTree& tree : trees_.leave_all()) note_seen(tree);
  // After everything that is counted was done.
  for (const std::string& tree : counted_) read_counters_of(tree, may_repair);
}

void Examination::enter_tree(const std::string& real, bool has_kept_folder) {
  const Result<void> entered = trees_.enter(real, has_kept_folder);
  if (entered) return;
  const std::string path = join_path(path_of(real), ".untorn/acknowledged");
  if (entered.error().code() == Code::corrupt) {
    report_.problems.push_back({.kind = Kind::corrupt_document,
                                .severity = Severity::warning,
                                .path = path,
                                .detail = entered.error().detail(),
                                .repair = "--ack sets it aside and begins a new list"});
  } else {
    report_.skipped.push_back({.path = path, .reason = entered.error().message()});
  }
}

bool Examination::look_at(const FolderView& folder) {
  ++report_.counts.folders;
  const std::string real = join_path(named_.real, folder.path);
  for (KnownTree& tree : trees_.leave_for(real)) note_seen(tree);
  if (has_kept_folder(folder) && !options_.temporaries_only) look_at_tree(real);
  for (const Entry& entry : folder.entries) {
    if (!going()) return false;
    if (entry.type != FileType::directory) look_at_file(folder, entry, real);
  }
  if (!options_.temporaries_only) look_at_sidecars(folder, real);
  return going();
}

void Examination::look_at_sidecars(const FolderView& folder, const std::string& real) {
  const std::vector<std::string> names = sidecars_among(folder.entries);
  if (names.empty()) return;
  Findings findings;
  const std::string path = path_of(real);
  judge_sidecars(fs_, {.real = real, .path = path}, names, trees_.here().policy, findings);
  add(std::move(findings));
}

// The transaction first: trees.h.
void Examination::look_at_tree(const std::string& real) {
  if (trees_.here().real != real) enter_tree(real, true);
  const std::string path = path_of(real);
  const TreePlace tree{.real = real, .path = path, .policy = trees_.here().policy};
  Findings findings;
  trees_.here().settled = judge_transaction(fs_, tree, findings);
  std::vector<std::string> moved;
  judge_logs(fs_, tree, findings, moved);
  for (const std::string& name : moved) moved_away_.insert(join_path(real, name));
  if (trees_.here().settled) judge_registries(fs_, tree, findings);
  add(std::move(findings));
  const auto names = document::names_kept_in(fs_, real);
  if (names) {
    judge_kept_documents(real, *names);
  } else {
    report_.skipped.push_back({.path = join_path(path, std::string(kept_folder_name)),
                               .reason = names.error().message()});
  }
  counted_.push_back(real);
}

void Examination::judge_kept_documents(const std::string& tree,
                                       const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!going()) return;
    const std::string file = join_path(tree, name);
    if (!kept_.insert(file).second) continue;
    judge({.file = file, .path = path_of(file), .is_kept = true});
  }
}

// Looking alone changes nothing, not even who is folded into what.
void Examination::read_counters_of(const std::string& tree, bool may_fold) {
  const auto totals = may_fold ? read_counters(fs_, tree) : inspect_counters(fs_, tree);
  if (totals) {
    if (!report_.counters) report_.counters.emplace();
    *report_.counters += *totals;
  } else if (totals.error().code() != Code::not_found) {
    report_.skipped.push_back({.path = join_path(path_of(tree), ".untorn/counters"),
                               .reason = totals.error().message(),
                               .failed = false});
  }
}

void Examination::look_at_file(const FolderView& folder, const Entry& entry,
                               const std::string& real) {
  ++report_.counts.files;
  const std::string file = join_path(real, entry.name);
  const std::string path = path_of(file);
  const RepairPolicy& policy = trees_.here().policy;
  const bool regular = entry.type == FileType::regular;
  if (regular && is_temporary_name(entry.name)) {
    auto problem = judge_temporary(fs_, {folder.handle, path, entry.name}, policy, options_.clock);
    if (problem) report_.problems.push_back(*std::move(problem));
  } else if (options_.temporaries_only) {
    return;
  } else if (regular && transaction::is_staged_name(entry.name)) {
    if (!trees_.here().settled) return;  // it may hold the only copy of committed content
    Findings findings;
    judge_staged(fs_, folder.handle, entry.name, path, policy, findings);
    add(std::move(findings));
  } else if (is_set_aside(real, entry.name) || moved_away_.contains(file)) {
    const auto status = fs_.status_at(folder.handle, entry.name);
    if (status && status->type == FileType::regular) add_set_aside(file, *status);
    if (!status && number(status.error()) != ENOENT) {
      report_.skipped.push_back({.path = path, .reason = reason_of(number(status.error()))});
    }
  } else if (is_named_document(entry, file)) {
    judge({.file = file, .path = path});
  }
}

// What lies below `.untorn` is ours, and judged with the document that it belongs to.
bool Examination::is_named_document(const Entry& entry, const std::string& real) const {
  if (patterns_.empty() || kept_.contains(real) || is_in_kept_folder(real)) return false;
  if (entry.type != FileType::regular && entry.type != FileType::symlink) return false;
  return patterns_.matches(entry.name, path_below(named_.real, real), real);
}

void Examination::judge(const DocumentPlace& place) {
  ++report_.counts.documents;
  options_.on_document(place.file);
  auto problem = judge_document(fs_, place, trees_.here().policy);
  if (!problem) {
    report_.skipped.push_back({.path = place.path, .reason = problem.error().message()});
  } else if (*problem) {
    report_.problems.push_back(**std::move(problem));
  }
}

void Examination::add_set_aside(const std::string& real, const Status& status) {
  KnownTree& tree = trees_.here();
  const std::string below = path_below(tree.real, real);
  if (tree.acknowledged.contains(below, status)) {
    ++report_.counts.acknowledged;
    return;
  }
  report_.problems.push_back(
      {.kind = Kind::set_aside,
       .severity = Severity::info,
       .path = path_of(real),
       .detail =
           (is_displaced(real) ? "what its name held before an exchange, or was to hold after "
                                 "one: its writer was killed, or met a stranger ("
                               : "kept by an earlier repair (") +
           size_words(status.size) + ")",
       .repair = "nothing to do: remove it when you have what you need of it, or tell with --ack "
                 "that you have seen it"});
  if (!options_.acknowledge) return;
  tree.seen.add(below, status);
  tree.seen_problems.push_back(report_.problems.size() - 1);
}

void Examination::note_seen(KnownTree& tree) {
  if (tree.seen_problems.empty()) return;
  const auto noted = tree.seen.add_to(fs_, tree.real);
  if (!noted) {
    report_.failures.push_back({.error = noted.error(), .path = shown_path_of(tree.real)});
    return;
  }
  for (const std::size_t index : tree.seen_problems) {
    report_.problems.at(index).repair = "acknowledged: it stays, and is not shown again";
  }
}

}  // namespace untorn::health
