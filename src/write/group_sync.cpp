// SPDX-License-Identifier: Apache-2.0
#include "write/group_sync.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

#include "counters/timing.h"

namespace untorn::write {

GroupSync::GroupSync(FileSystem& fs, const FileSystemKind& kind, Durability level,
                     ProtocolChoice choice, Counters* counters, std::size_t files_expected) noexcept
    : fs_(fs),
      alone_(plan_for(kind, level, ProtocolChoice::classic)),
      shared_(group_plan_for(kind, level, choice)),
      counts_commits_(!kind.network),
      counters_(counters),
      files_expected_(files_expected) {}

Plan GroupSync::plan() const noexcept {
  const bool strangers = shared_.before == ContentSync::all;
  return strangers && std::max(files_, files_expected_) < shared_files_min ? alone_ : shared_;
}

// An error of the write-back is kept by the kernel until a sync asks for it.
void GroupSync::written(Handle file) {
  ++files_;
  if (shared_.before != ContentSync::none) (void)fs_.start_writeback(file);
}

SystemResult<void> GroupSync::sync(Handle handle) {
  ++syncs_;
  return counters::timed_sync(counters_, [&] { return fs_.sync(handle); });
}

SystemResult<void> GroupSync::sync_everything(Handle on_it) {
  ++syncs_;
  ++commits_;
  return counters::timed_sync(counters_, [&] { return fs_.sync_everything(on_it); });
}

SystemResult<void> GroupSync::wait_for(Handle file) {
  switch (plan().before) {
    case ContentSync::none:
    case ContentSync::all:
      break;
    case ContentSync::range: {
      auto waited = fs_.sync_range(file);
      // A sandbox that does not know the call has done nothing: nothing failed yet.
      if (waited || number(waited.error()) != ENOSYS) return waited;
      [[fallthrough]];
    }
    case ContentSync::file:
      if (counts_commits_) ++commits_;
      return sync(file);
  }
  return {};
}

// G3.
void GroupSync::ask_each(std::span<const Handle> files, Errno failure,
                         std::vector<SystemResult<void>>& results) {
  for (const Handle file : files) {
    if (file == Handle::none) {
      results.emplace_back(std::unexpected(failure));
    } else {
      ++commits_;
      results.push_back(sync(file));
    }
  }
}

std::vector<SystemResult<void>> GroupSync::wait(std::span<const Handle> files, Handle on_it) {
  std::vector<SystemResult<void>> results;
  results.reserve(files.size());
  if (plan().before == ContentSync::all && !files.empty()) {
    const auto synced = sync_everything(on_it);
    if (synced) {
      results.assign(files.size(), synced);
    } else {
      ask_each(files, synced.error(), results);
    }
    return results;
  }
  for (const Handle file : files) {
    results.push_back(file == Handle::none ? SystemResult<void>() : wait_for(file));
  }
  return results;
}

std::vector<SystemResult<void>> GroupSync::settle(std::span<const Handle> directories) {
  const Plan plan = this->plan();
  std::vector<SystemResult<void>> results(directories.size());
  if (directories.empty()) return results;
  if (plan.after.all) {
    std::ranges::fill(results, sync_everything(directories.front()));
    return results;
  }
  if (!plan.after.directory) return results;
  // Under one_commit the first sync commits the whole journal, and leaves the others nothing to do.
  const bool one = plan.protocol == Protocol::one_commit;
  const auto commits = static_cast<unsigned>(directories.size());
  if (counts_commits_) commits_ += one ? (names_settled_ ? 0U : 1U) : commits;
  names_settled_ = true;
  std::ranges::transform(directories, results.begin(),
                         [this](Handle directory) { return sync(directory); });
  return results;
}

std::size_t open_files_max() noexcept {
  constexpr std::size_t least = 4;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return least;
  return std::max<std::size_t>(least, limit.rlim_cur / 2);
}

}  // namespace untorn::write
