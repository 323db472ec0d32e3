// SPDX-License-Identifier: Apache-2.0
//
// Hashes of file contents, kept up to date operation by operation and block by block, so that no
// content is hashed twice.
//
// Threads: one object per enumeration, used by one thread.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "crash/history.h"
#include "crash/tree_hash.h"

namespace untorn::crash {

class FileHashes {
 public:
  explicit FileHashes(const History::Impl& history) : history_(history) {}

  // h(file) of an inode of any type after operations [0, count). Cheap when counts only grow.
  [[nodiscard]] HashSum at(InodeId inode, std::size_t count);
  // The part of it that a block chain (a position in Contents::blocks()) contributes.
  [[nodiscard]] HashSum block_at(InodeId inode, std::size_t count, std::size_t chain);
  // The term of one block in a variant of the file.
  [[nodiscard]] HashSum block(InodeId inode, std::size_t chain, std::uint32_t steps, Tear tear,
                              std::uint32_t sizes);
  // The terms of all blocks without a chain, with `sizes` steps of the size chain.
  [[nodiscard]] HashSum untouched(InodeId inode, std::uint32_t sizes);

 private:
  struct Live {
    std::size_t position = 0;  // in Contents::operations()
    std::uint32_t sizes = 0;
    bool started = false;
    HashSum blocks;              // the sum of `terms`
    std::vector<HashSum> terms;  // by chain
    HashSum untouched;
  };
  Live& advance(InodeId inode, std::size_t count);
  void refresh(Live& live, InodeId inode, std::size_t count, std::size_t chain);

  const History::Impl& history_;
  std::unordered_map<InodeId, Live> live_;
  std::unordered_map<Hash128, HashSum, Hash128Hasher> blocks_;
  std::unordered_map<Hash128, HashSum, Hash128Hasher> untouched_;
};

}  // namespace untorn::crash
