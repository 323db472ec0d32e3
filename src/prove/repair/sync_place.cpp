// SPDX-License-Identifier: Apache-2.0
#include "prove/repair/sync_place.h"

#include <algorithm>
#include <optional>

#include "filesystem/operation_kinds.h"

namespace untorn::prove {

namespace {

bool touches_directory(const Operation& operation, InodeId directory) {
  return changes_names(operation.kind) &&
         (operation.directory == directory || operation.target_directory == directory);
}

class SyncSearch {
 public:
  SyncSearch(const OperationLog& log, const Failure& failure) : log_(log), failure_(failure) {}

  std::vector<VirtualSync> run() {
    const BadState& bad = failure_.simplest;
    const auto concerns = [&](std::size_t lost) {
      return changes_content(log_.operations[lost].kind) &&
             log_.operations[lost].inode == bad.inode;
    };
    // What the path itself holds comes first.
    for (const bool own : {true, false}) {
      for (const std::size_t lost : bad.lost) {
        if (concerns(lost) == own) add_syncs_for(lost);
      }
    }
    return std::move(syncs_);
  }

 private:
  void add_syncs_for(std::size_t lost) {
    const auto exposer = find_exposer(lost);
    if (!exposer) return;
    const Operation& operation = log_.operations[lost];
    if (changes_content(operation.kind)) {
      add(lost, *exposer, operation.inode, false);
      return;
    }
    if (!changes_names(operation.kind)) return;
    for (const InodeId directory : {operation.target_directory, operation.directory}) {
      if (directory != no_inode) add(lost, *exposer, directory, true);
    }
  }

  // Behind the last change of the object before the exposing operation.
  void add(std::size_t lost, std::size_t exposer, InodeId inode, bool directory) {
    std::size_t last = lost;
    for (std::size_t i = lost; i < exposer; ++i) {
      const Operation& operation = log_.operations[i];
      const bool changes = directory ? touches_directory(operation, inode)
                                     : changes_content(operation.kind) && operation.inode == inode;
      if (changes) last = i;
    }
    const std::size_t before = end_of_call(log_, last);
    if (before > exposer) return;  // one call does both: nothing fits between
    const VirtualSync sync{before, inode, directory};
    if (std::find(syncs_.begin(), syncs_.end(), sync) == syncs_.end()) syncs_.push_back(sync);
  }

  // The operation by which the loss can be seen: a promise, or what persisted although it came
  // later and builds on what was lost.
  [[nodiscard]] std::optional<std::size_t> find_exposer(std::size_t lost) const {
    const bool durability =
        failure_.check == Check::durable || failure_.check == Check::durable_if_synced;
    if (durability) return find_promise(lost);
    for (const std::size_t kept : failure_.simplest.kept) {
      if (kept > lost && builds_on(log_.operations[kept], log_.operations[lost])) return kept;
    }
    if (failure_.story == nullptr) return find_promise(lost);
    return failure_.story->path_class == PathClass::log ? find_close(lost) : std::nullopt;
  }

  // A record that is synced may still be in flight when the power goes, and readers know that; one
  // that nobody syncs may look so for ever.
  [[nodiscard]] std::optional<std::size_t> find_close(std::size_t lost) const {
    const InodeId inode = log_.operations[lost].inode;
    for (std::size_t i = lost + 1; i < log_.operations.size(); ++i) {
      if (log_.operations[i].kind == OperationKind::end_writing &&
          log_.operations[i].inode == inode) {
        return i;
      }
    }
    return log_.operations.size();
  }

  [[nodiscard]] std::optional<std::size_t> find_promise(std::size_t lost) const {
    for (std::size_t i = lost + 1; i < failure_.simplest.begun; ++i) {
      if (log_.operations[i].kind == OperationKind::acknowledge) return i;
    }
    return std::nullopt;
  }

  // A later write to the same file does not count: no sync makes two writes one.
  [[nodiscard]] static bool builds_on(const Operation& kept, const Operation& lost) {
    if (changes_names(kept.kind)) return true;
    return changes_content(kept.kind) && (kept.inode != lost.inode || changes_names(lost.kind));
  }

  const OperationLog& log_;
  const Failure& failure_;
  std::vector<VirtualSync> syncs_;
};

}  // namespace

std::vector<VirtualSync> missing_syncs(const OperationLog& log, const Failure& failure) {
  if (failure.engine != Engine::power) return {};
  return SyncSearch(log, failure).run();
}

}  // namespace untorn::prove
