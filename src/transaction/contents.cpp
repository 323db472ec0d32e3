// SPDX-License-Identifier: Apache-2.0
#include "transaction/contents.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/try.h"

namespace untorn::transaction {
namespace {

using write::ContentSync;

// Enough to keep a device busy. A temporary of a transaction needs no open file for its lock.
constexpr std::size_t in_flight_max = 64;

}  // namespace

Contents::Contents(Tree& tree, std::size_t files)
    : tree_(tree),
      group_(tree.fs(), tree.kind(), Durability::durable, ProtocolChoice::automatic,
             tree.counters(), files) {}

bool Contents::with_everything() const noexcept {
  return group_.plan().before == ContentSync::all;
}

Result<void> Contents::wait_for(Handle file, const std::string& path, std::string detail) {
  const unsigned before = group_.syncs();
  auto safe = group_.wait_for(file);
  tree_.note_syncs(group_.syncs() - before);
  if (safe) return {};
  return std::unexpected(tree_.error(safe.error(), Step::sync_file, path, std::move(detail)));
}

Result<void> Contents::wait_for_oldest() {
  const Written oldest = std::move(written_.front());
  written_.pop_front();
  return wait_for(oldest.file.get(), oldest.path, {});
}

Result<void> Contents::add_old(Handle file, const std::string& path) {
  return wait_for(file, path, "its old content");
}

Result<void> Contents::add_new(OwnedHandle file, const std::string& path) {
  const ContentSync sync = group_.plan().before;
  if (sync == ContentSync::file) return wait_for(file.get(), path, {});
  if (sync == ContentSync::none) return {};
  group_.written(file.get());
  if (sync == ContentSync::all) return {};
  written_.push_back({.file = std::move(file), .path = path});
  const std::size_t open_max = std::min(in_flight_max, write::open_files_max() / 2);
  return written_.size() > open_max ? wait_for_oldest() : Result<void>();
}

// A sync of everything that failed leaves open which names are durable, so it fails the commit,
// whosever content it was.
Result<void> Contents::make_safe() {
  if (with_everything()) {
    constexpr std::array all = {Handle::none};
    const unsigned before = group_.syncs();
    const auto safe = group_.wait(all, tree_.root());
    tree_.note_syncs(group_.syncs() - before);
    if (safe.front()) return {};
    return std::unexpected(tree_.error(safe.front().error(), Step::sync_file, {},
                                       "the sync of the whole file system"));
  }
  while (!written_.empty()) UNTORN_CHECK(wait_for_oldest());
  return {};
}

}  // namespace untorn::transaction
