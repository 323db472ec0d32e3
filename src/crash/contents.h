// SPDX-License-Identifier: Apache-2.0
//
// The content of one inode as the log changed it: a chain of sizes, and for each block of 4 KiB a
// chain of writes. What persisted of an inode is a prefix of each chain (rule R5).
//
// A truncation that shrinks the file stands in the size chain and in the chain of every block that
// it frees (a *cut*), so that later writes to such a block wait for it. In the block that the new
// end divides it adds a write of zeros after the new end. Once the truncation itself persisted,
// nothing written before it after the new end can be read any more, zeroed or not (a *mask*).
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "filesystem/operation_log.h"

namespace untorn::crash {

inline constexpr std::uint64_t block_bytes = 4096;
inline constexpr std::uint64_t sector_bytes = 512;

struct SizeStep {
  std::uint32_t operation = 0;
  bool cuts = false;  // a truncation that shrinks
  std::uint64_t size = 0;
};

enum class BlockStepKind : std::uint8_t { write, zero, cut };

struct BlockStep {
  std::uint32_t operation = 0;
  std::uint32_t size_step = no_index;  // of a cut: its place in the size chain
  std::uint16_t begin = 0;             // the bytes of the block that are written
  std::uint16_t end = 0;
  BlockStepKind kind = BlockStepKind::write;
  // Steps of the chain that end with this one can be torn in one place if the first of them is one
  // of the first so many, and in two places if it is one of the second so many.
  std::array<std::uint32_t, 2> torn_from{};
};

// If size step `size_step` persisted, the bytes from `begin` on that the first `steps` steps of the
// chain left are zeros.
struct Mask {
  std::uint32_t steps = 0;
  std::uint32_t size_step = 0;
  std::uint16_t begin = 0;
};

// Size step `size_step` grew the file to an end inside this block; its bytes up to there were
// written when `steps` steps of the chain were done.
struct Growth {
  std::uint32_t size_step = 0;
  std::uint32_t steps = 0;
};

struct BlockChain {
  std::uint64_t block = 0;  // offset / block_bytes
  std::vector<BlockStep> steps;
  std::vector<Mask> masks;
  std::vector<Growth> growths;  // in the order of the size chain
  bool has_cuts = false;

  // How many steps come from operations [0, count).
  [[nodiscard]] std::uint32_t steps_before(std::size_t count) const noexcept;
};

// How many steps of a chain may have persisted.
struct StepRange {
  std::uint32_t lowest = 0;
  std::uint32_t highest = 0;
};
// Narrows `range` to what agrees with `sizes` steps of the size chain: truncations stand in both
// chains (rule R5), and with `size_waits_for_data` a size implies the write that ends at it.
[[nodiscard]] StepRange agreeing_steps(const BlockChain& chain, StepRange range,
                                       std::uint32_t sizes, bool size_waits_for_data) noexcept;

// At least what persisted of a file: the whole of its operations before `forced`, and beside that
// `sizes` steps of its size chain and so many steps of some block chains.
struct FileFloor {
  std::size_t forced = 0;
  std::uint32_t sizes = 0;
  std::map<std::uint32_t, std::uint32_t> steps;  // by chain
};

// The power went in the middle of writing a block (rule R7): the kernel makes one request of all
// that changed in a block since it was written last, so each of the last kept steps may have
// persisted before `at` alone, and after it there is what the `over` steps before them left.
struct Tear {
  std::uint32_t over = 0;
  std::uint16_t at = 0;  // in the block; 0: nothing is torn

  [[nodiscard]] constexpr bool any() const noexcept { return at != 0; }
  bool operator==(const Tear&) const = default;
};
inline constexpr Tear no_tear{};

// A count of block steps with this bit: so many persisted, and the block, which was added to the
// file and not written yet, holds garbage instead of zeros (rule O2).
inline constexpr std::uint32_t garbage_bit = std::uint32_t{1} << 31U;
[[nodiscard]] constexpr std::uint32_t steps_of(std::uint32_t steps) noexcept {
  return steps & ~garbage_bit;
}
inline constexpr std::byte garbage_byte{0xDB};

// Where the steps [over, steps) of a chain, none of them a cut, are torn as one request: after
// their first sector and before their last one. 0 places if they lie within one sector, 1 over two
// sectors, else 2.
struct TearPlaces {
  std::uint32_t count = 0;
  std::array<std::uint16_t, 2> at{};
};
// The sectors that some steps lie over, for that.
struct Sectors {
  std::uint32_t first = block_bytes / sector_bytes;
  std::uint32_t last = 0;

  void add(const BlockStep& step) noexcept;
  [[nodiscard]] TearPlaces places() const noexcept;
};
[[nodiscard]] TearPlaces tear_places(const BlockChain& chain, std::uint32_t over,
                                     std::uint32_t steps) noexcept;
// How many tears there are whose last step is that before `steps`, over `lowest` steps or more.
[[nodiscard]] std::uint64_t tears_count(const BlockChain& chain, std::uint32_t lowest,
                                        std::uint32_t steps) noexcept;

class Contents {
 public:
  Contents() = default;
  Contents(const OperationLog& log, InodeId inode);

  // Operations are added in the order of the log: writes and truncations of this inode.
  void add(std::uint32_t operation);
  void finish();

  [[nodiscard]] std::span<const std::byte> initial() const noexcept { return initial_; }
  [[nodiscard]] const std::vector<SizeStep>& sizes() const noexcept { return sizes_; }
  // Sorted by block.
  [[nodiscard]] const std::vector<BlockChain>& blocks() const noexcept { return blocks_; }
  [[nodiscard]] const std::vector<std::uint32_t>& operations() const noexcept {
    return operations_;
  }
  [[nodiscard]] bool touched() const noexcept { return !operations_.empty(); }
  // Every write began at the end of the file of that moment and nothing was truncated: each
  // content that the file ever had is a prefix of the last one.
  [[nodiscard]] bool only_appended() const noexcept { return only_appended_; }

  // How many steps a floor holds.
  [[nodiscard]] std::uint32_t sizes_in(const FileFloor& floor) const noexcept;
  [[nodiscard]] std::uint32_t steps_in(const FileFloor& floor, std::uint32_t chain,
                                       bool size_waits_for_data) const noexcept;
  // Does `higher` hold more than `lower`, which it includes?
  [[nodiscard]] bool raises(const FileFloor& lower, const FileFloor& higher,
                            bool size_waits_for_data) const;
  // Counts operations [0, end) that a floor holds in whole among those before `forced`.
  void settle(FileFloor& floor, std::size_t end, bool size_waits_for_data) const;

  // The size after `steps` steps of the size chain.
  [[nodiscard]] std::uint64_t size_after(std::uint32_t steps) const noexcept;
  [[nodiscard]] std::uint32_t sizes_before(std::size_t count) const noexcept;
  // Is there a step of this operation at all? A truncation to the present size has none.
  [[nodiscard]] bool changes(std::uint32_t operation) const;
  // The chains that hold blocks which operation `operation` wrote, as positions in blocks().
  [[nodiscard]] std::pair<std::size_t, std::size_t> chains_of(std::uint32_t operation) const;

  // May the block hold garbage when `steps` of its steps persisted and the next one had begun?
  [[nodiscard]] bool may_hold_garbage(const BlockChain& chain, std::uint32_t steps) const noexcept;
  // Block `chain` when `persisted` of its steps did, the last ones torn by `tear`, and `sizes`
  // steps of the size chain. Bytes that were never written are zeros.
  void compose_block(const BlockChain& chain, std::uint32_t persisted, Tear tear,
                     std::uint32_t sizes, std::span<std::byte, block_bytes> out) const;
  // The bytes that no block chain covers, for a content with `sizes` size steps: `out` must be
  // zeroed and receives the initial content.
  void compose_untouched(std::uint32_t sizes, std::span<std::byte> out) const;

 private:
  BlockChain& chain(std::uint64_t block);
  [[nodiscard]] std::pair<std::size_t, std::size_t> chains_with_steps_of(
      std::uint32_t operation) const;
  void add_write(std::uint32_t operation);
  void add_growth(std::uint32_t operation, std::uint64_t size);
  void add_truncation(std::uint32_t operation);

  struct Truncation {
    std::uint32_t operation;
    std::uint32_t size_step;
    std::uint64_t first_block;  // the first one that it frees
    std::uint64_t end_block;
  };

  const OperationLog* log_ = nullptr;
  std::span<const std::byte> initial_;
  std::vector<SizeStep> sizes_;
  std::vector<BlockChain> blocks_;
  std::vector<std::uint32_t> operations_;
  std::map<std::uint64_t, BlockChain> building_;
  std::vector<Truncation> truncations_;
  std::uint64_t size_ = 0;
  bool only_appended_ = true;
};

}  // namespace untorn::crash
