// SPDX-License-Identifier: Apache-2.0
//
// What may have persisted of one file in one epoch. A variant is a prefix of the size chain and of
// each block chain, at least what was forced and at most what the epoch and the names that
// persisted allow, so that both chains agree on each truncation that frees a block.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "crash/content_buffers.h"
#include "crash/contents.h"
#include "crash/count.h"
#include "crash/file_hashes.h"
#include "crash/history.h"
#include "crash/models/rules.h"

namespace untorn::crash {

// A block chain with steps that the epoch leaves open.
struct OpenBlock {
  std::uint32_t chain = 0;  // in Contents::blocks()
  std::uint32_t lowest = 0;
  std::uint32_t highest = 0;
};

struct FileVariant {
  std::uint32_t sizes = 0;
  std::vector<std::uint32_t> steps;  // by open block; see garbage_bit
  std::uint32_t torn = no_index;     // the open block whose last kept steps are torn
  Tear tear;
};

// The part of an operation that a pass may lose on its own.
enum class Part : std::uint8_t { size, block };
using Keep = std::function<bool(std::uint32_t operation, Part part, std::uint64_t block)>;

class FileVariants {
 public:
  // What `floor` holds persisted, operations from `end` on had not begun, and of the size chain at
  // most `sizes_highest` steps persisted.
  FileVariants(const History::Impl& history, const Rules& rules, InodeId inode,
               const FileFloor& floor, std::size_t end, std::uint32_t sizes_highest);

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
  [[nodiscard]] StepRange range(std::size_t open, std::uint32_t sizes) const noexcept;
  // Where the steps of a block after `over` are torn when `steps` of them persisted; nowhere if one
  // of them must have persisted: `range` is that of the block.
  [[nodiscard]] TearPlaces tears(std::size_t open, StepRange range, std::uint32_t over,
                                 std::uint32_t steps) const noexcept;
  // Calls visit(steps, tear) for each tear of an open block until it returns true, and returns
  // whether it did: those of single steps first, then more and more steps torn as one.
  template <class Visit>
  bool any_tear(std::size_t open, StepRange range, const Visit& visit) const {
    if (!rules_->blocks_tear) return false;
    std::vector<Sectors> sectors(range.highest - range.lowest);  // of those that end with each step
    for (std::uint32_t joined = 1; joined <= sectors.size(); ++joined) {
      for (std::uint32_t steps = range.highest; steps >= range.lowest + joined; --steps) {
        const std::uint32_t over = steps - joined;
        Sectors& torn = sectors[steps - range.lowest - 1];
        torn.add(chain(open).steps[over]);
        const TearPlaces places = torn.places();
        for (std::uint32_t place = 0; place < places.count; ++place) {
          if (visit(steps, Tear{over, places.at[place]})) return true;
        }
      }
    }
    return false;
  }
  // How many pairs of steps of the open blocks may be the first and the last of those torn as one.
  [[nodiscard]] std::uint64_t joined_steps() const noexcept;
  // May the block hold garbage when `steps` of its steps persisted?
  [[nodiscard]] bool may_hold_garbage(std::size_t open, std::uint32_t steps) const noexcept;
  // Does the range of a block depend on the size?
  [[nodiscard]] bool sizes_bind_blocks() const noexcept {
    return cuts_open_ || rules_->size_waits_for_data;
  }

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
    for (std::uint32_t step = variant.sizes; step < sizes_begun_; ++step) {
      visit(contents_->sizes()[step].operation);
    }
    for (std::size_t index = 0; index < open_.size(); ++index) {
      const BlockChain& source = chain(index);
      for (std::uint32_t step = steps_of(variant.steps[index]); step < open_[index].highest;
           ++step) {
        visit(source.steps[step].operation);
      }
    }
    if (variant.torn == no_index) return;
    const auto& torn = chain(variant.torn).steps;
    for (std::uint32_t step = variant.tear.over; step < variant.steps[variant.torn]; ++step) {
      if (torn[step].end > variant.tear.at) visit(torn[step].operation);
    }
  }

 private:
  void add_open(std::uint32_t chain, const FileFloor& floor);
  [[nodiscard]] std::uint32_t sizes_backed(const FileVariant& variant) const;
  void raise_sizes(FileVariant& variant, std::uint32_t sizes) const;
  void raise_block(FileVariant& variant, std::size_t open, std::uint32_t steps) const;

  const Contents* contents_;
  const Rules* rules_;
  InodeId inode_;
  std::size_t forced_;
  std::size_t end_;
  std::uint32_t sizes_lowest_;
  std::uint32_t sizes_highest_;
  std::uint32_t sizes_begun_;
  bool cuts_open_ = false;
  std::vector<OpenBlock> open_;
  std::vector<std::uint32_t> settled_;  // chains with steps since forced(), all of which persisted
};

}  // namespace untorn::crash
