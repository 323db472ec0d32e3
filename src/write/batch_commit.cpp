// SPDX-License-Identifier: Apache-2.0
//
// The end of a batch: all contents, then all renames, then all names.
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "write/batch_files.h"
#include "write/commit_count.h"
#include "write/publish.h"

namespace untorn::write {

// B2. What was closed before has been waited for, or is left to the sync of everything.
void BatchFiles::wait_for_contents(Group& group) {
  std::vector<std::size_t> waiting;
  std::vector<Handle> handles;
  for (const std::size_t index : group.files) {
    if (files_[index].replacement == nullptr) continue;
    waiting.push_back(index);
    handles.push_back(files_[index].replacement->temporary().handle());
  }
  const auto results = group.sync.wait(handles, group.anchor);
  for (std::size_t at = 0; at < waiting.size(); ++at) {
    if (results[at]) continue;
    File& file = files_[waiting[at]];
    finish(file, std::unexpected(Error::from_errno(number(results[at].error()), Step::sync_file,
                                                   Outcome::not_applied, file.path)));
  }
}

bool BatchFiles::seat_or_fail(File& file) {
  const auto seated = seat(file);
  if (seated) return true;
  finish(file, std::unexpected(Error::from_errno(number(seated.error()), Step::open_directory,
                                                 Outcome::not_applied, file.path,
                                                 "its directory cannot be opened again")));
  return false;
}

void BatchFiles::rename(File& file) {
  if (!seat_or_fail(file)) return;
  auto published = file.replacement->publish();
  if (!published) {
    finish(file, std::unexpected(published.error()));
    return;
  }
  file.renamed = true;
}

// B3. Each directory once, however many files it holds and by whatever path they name it.
void BatchFiles::settle(Group& group) {
  const Plan plan = group.sync.plan();
  SystemResult<void> everything;
  const auto is_renamed = [this](std::size_t index) { return files_[index].renamed; };
  if (plan.after.all && std::ranges::any_of(group.files, is_renamed)) {
    everything = group.sync.settle({&group.anchor, 1}).front();
  }
  std::map<BatchDirectories::Identity, SystemResult<void>> directories;
  if (plan.after.directory) {
    for (const std::size_t index : group.files) {
      File& file = files_[index];
      if (!file.renamed || directories.contains(file.folder)) continue;
      auto synced = seat(file);
      const Handle folder = file.replacement->target().place.folder();
      if (synced) synced = group.sync.settle({&folder, 1}).front();
      directories.emplace(file.folder, synced);
    }
  }
  for (const std::size_t index : group.files) {
    File& file = files_[index];
    if (!file.renamed) continue;
    conclude(file, plan, plan.after.directory ? directories.at(file.folder) : everything);
  }
}

void BatchFiles::conclude(File& file, const Plan& plan, const SystemResult<void>& synced) {
  Replacement& replacement = *file.replacement;
  Receipt& receipt = replacement.receipt();
  receipt.protocol = plan.protocol;
  receipt.commits -= replacement.plan().commits;  // those are the group's
  if (plan.after.directory || plan.after.all) {
    auto level = judge_name_sync(synced, file.path, replacement.target(), replacement.options());
    if (!level) {
      finish(file, std::unexpected(level.error()));
      return;
    }
    receipt.achieved = level->achieved;
    receipt.why_lower = std::move(level->why_lower);
  }
  if (seat(file)) replacement.conclude();
  finish(file, std::move(receipt));
}

void BatchFiles::commit_alone(File& file) {
  if (seat_or_fail(file)) finish(file, file.replacement->commit());
}

BatchReceipt BatchFiles::receipt() {
  BatchReceipt receipt;
  receipt.requested = options_.durability;
  receipt.achieved = options_.durability;
  receipt.protocol = Protocol::none;
  receipt.syncs = syncs_;
  receipt.commits = commits_;
  for (const auto& [key, group] : groups_) {
    receipt.syncs += group.sync.syncs();
    receipt.commits += group.sync.commits();
  }
  for (File& file : files_) {
    Result<Receipt>& result = *file.result;
    if (!result) ++receipt.failed;
    if (result && !result->unchanged) {
      const bool cheap = result->protocol == Protocol::one_commit;
      const bool first = receipt.protocol == Protocol::none;
      if (first || !cheap) receipt.protocol = cheap ? Protocol::one_commit : Protocol::classic;
      receipt.achieved = std::min(receipt.achieved, result->achieved);
      receipt.bytes += result->bytes;
    }
    receipt.files.push_back({.path = std::move(file.path), .result = std::move(result)});
  }
  return receipt;
}

BatchReceipt BatchFiles::publish() {
  const CommitCount count(options_);
  for (auto& [key, group] : groups_) wait_for_contents(group);
  for (auto& [key, group] : groups_) {
    for (const std::size_t index : group.files) {
      if (files_[index].replacement != nullptr) rename(files_[index]);
    }
  }
  for (auto& [key, group] : groups_) settle(group);
  for (File& file : files_) {
    if (file.replacement != nullptr) commit_alone(file);
  }
  for (const File& file : files_) {
    if (*file.result) {
      count.finish(**file.result);
    } else {
      count.fail(file.result->error().outcome(), 0);
    }
  }
  return receipt();
}

}  // namespace untorn::write
