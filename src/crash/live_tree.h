// SPDX-License-Identifier: Apache-2.0
//
// The tree as the running program saw it, followed operation by operation, and its hash on a
// footprint. A change costs what it changes; only a directory that moves costs a new walk.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "crash/file_hashes.h"
#include "crash/footprint.h"

namespace untorn::crash {

class LiveTree {
 public:
  LiveTree(const History::Impl& history, const Footprint& footprint, FileHashes& hashes);

  // The tree after operations [0, count()).
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] HashSum hash() const noexcept { return hash_; }
  // The sum of the factors of all paths that lead to the inode; null if none does.
  [[nodiscard]] const HashSum* factor(InodeId inode) const;
  // Does the next operation change what the footprint can see now?
  [[nodiscard]] bool next_is_visible() const;
  // Takes the next operation into account.
  void advance();

 private:
  void walk();
  void add(InodeId inode, HashSum path_factor);
  void remove(InodeId inode, HashSum path_factor);
  void change(const NameChange& change);

  struct Seen {
    HashSum factor;
    std::uint32_t paths = 0;
  };
  const History::Impl& history_;
  const Footprint& footprint_;
  FileHashes& hashes_;
  std::size_t count_ = 0;
  UnitId next_unit_ = 0;
  std::vector<InodeId> values_;  // by name
  std::unordered_map<InodeId, Seen> seen_;
  std::unordered_multimap<InodeId, std::pair<const PathNode*, Path>> directories_;
  HashSum hash_;
};

}  // namespace untorn::crash
