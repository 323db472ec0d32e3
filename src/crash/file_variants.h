// SPDX-License-Identifier: Apache-2.0
//
// What may have persisted of one file in one epoch. A variant is a prefix of the size chain and of
// each block chain, at least what was forced and at most what the epoch holds, so that both chains
// agree on each truncation that frees a block.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "crash/content_buffers.h"
#include "crash/contents.h"
#include "crash/count.h"
#include "crash/file_hashes.h"
#include "crash/history.h"

namespace untorn::crash {

// A block chain with steps that the epoch leaves open.
struct OpenBlock {
  std::uint32_t chain = 0;  // in Contents::blocks()
  std::uint32_t lowest = 0;
  std::uint32_t highest = 0;
};

struct FileVariant {
  std::uint32_t sizes = 0;
  std::vector<std::uint32_t> steps;  // by open block
  std::uint32_t torn = no_index;     // the open block whose last kept step is torn
  Tear tear = Tear::none;
};

// The part of an operation that a pass may lose on its own.
enum class Part : std::uint8_t { size, block };
using Keep = std::function<bool(std::uint32_t operation, Part part, std::uint64_t block)>;

class FileVariants {
 public:
  // Operations before `forced` persisted, those from `end` on had not begun.
  FileVariants(const History::Impl& history, InodeId inode, std::size_t forced, std::size_t end);

  [[nodiscard]] InodeId inode() const noexcept { return inode_; }
  [[nodiscard]] std::size_t forced() const noexcept { return forced_; }
  [[nodiscard]] std::size_t end() const noexcept { return end_; }
  [[nodiscard]] std::uint32_t sizes_lowest() const noexcept { return sizes_lowest_; }
  [[nodiscard]] std::uint32_t sizes_highest() const noexcept { return sizes_highest_; }
  [[nodiscard]] const std::vector<OpenBlock>& open() const noexcept { return open_; }
  [[nodiscard]] const BlockChain& chain(std::size_t open) const noexcept {
    return contents_->blocks()[open_[open].chain];
  }
  [[nodiscard]] const Contents& contents() const noexcept { return *contents_; }
  // Does the epoch leave a truncation open that shrinks the file?
  [[nodiscard]] bool cuts_open() const noexcept { return cuts_open_; }

  // How many steps of an open block may have persisted beside `sizes` steps of the size chain.
  struct Range {
    std::uint32_t lowest = 0;
    std::uint32_t highest = 0;
  };
  [[nodiscard]] Range range(std::size_t open, std::uint32_t sizes) const noexcept;
  // The tears of the step before `steps`, 0 if a sync forced it.
  [[nodiscard]] std::uint32_t tears(std::size_t open, std::uint32_t steps) const noexcept;

  [[nodiscard]] TornCount count() const;

  [[nodiscard]] FileVariant lowest() const;
  [[nodiscard]] FileVariant highest() const;
  // Everything but what `keep` refuses and what waits for it.
  [[nodiscard]] FileVariant without(const Keep& keep) const;
  // Adds an operation, whole, and what it waits for.
  void raise(FileVariant& variant, std::uint32_t operation) const;

  [[nodiscard]] HashSum hash(FileHashes& hashes, const FileVariant& variant) const;
  // The part of the hash that is the same for all variants with `sizes` size steps.
  [[nodiscard]] HashSum constant_hash(FileHashes& hashes, std::uint32_t sizes) const;
  [[nodiscard]] Bytes compose(ContentBuffers& buffers, const FileVariant& variant) const;

  // Calls visit(operation) for each step that did not persist in whole; an operation may come more
  // than once.
  template <class Visit>
  void each_lost(const FileVariant& variant, Visit&& visit) const {
    for (std::uint32_t step = variant.sizes; step < sizes_highest_; ++step) {
      visit(contents_->sizes()[step].operation);
    }
    for (std::size_t index = 0; index < open_.size(); ++index) {
      const BlockChain& source = chain(index);
      for (std::uint32_t step = variant.steps[index]; step < open_[index].highest; ++step) {
        visit(source.steps[step].operation);
      }
    }
    if (variant.torn != no_index) {
      visit(chain(variant.torn).steps[variant.steps[variant.torn] - 1].operation);
    }
  }

 private:
  void add_open(std::uint32_t chain, std::size_t forced);
  void raise_sizes(FileVariant& variant, std::uint32_t sizes) const;
  void raise_block(FileVariant& variant, std::size_t open, std::uint32_t steps) const;

  const Contents* contents_;
  InodeId inode_;
  std::size_t forced_;
  std::size_t end_;
  std::uint32_t sizes_lowest_;
  std::uint32_t sizes_highest_;
  bool cuts_open_ = false;
  std::vector<OpenBlock> open_;
};

}  // namespace untorn::crash
