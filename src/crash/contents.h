// SPDX-License-Identifier: Apache-2.0
//
// The content of one inode as the log changed it: a chain of sizes, and for each block of 4 KiB a
// chain of writes. What persisted of an inode is a prefix of each chain (rule P5).
//
// A truncation that shrinks the file stands in the size chain and in the chain of every block that
// it frees (a *cut*), so that later writes to such a block wait for it. In the block that the new
// end divides it adds a write of zeros after the new end. Once the truncation itself persisted,
// nothing written before it after the new end can be read any more, zeroed or not (a *mask*).
#pragma once
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
};

// If size step `size_step` persisted, the bytes from `begin` on that the first `steps` steps of the
// chain left are zeros.
struct Mask {
  std::uint32_t steps = 0;
  std::uint32_t size_step = 0;
  std::uint16_t begin = 0;
};

struct BlockChain {
  std::uint64_t block = 0;  // offset / block_bytes
  std::vector<BlockStep> steps;
  std::vector<Mask> masks;

  // How many steps come from operations [0, count).
  [[nodiscard]] std::uint32_t steps_before(std::size_t count) const noexcept;
};

// Part of a block write that persisted when the power went in the middle of it (rule P8).
enum class Tear : std::uint8_t { none, first_sector, all_but_last_sector };

// The bytes [begin, end) of a torn step, begin <= end.
struct ByteRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};
[[nodiscard]] ByteRange torn_range(const BlockStep& step, Tear tear) noexcept;
// 0 for a step within one sector or a cut, 1 for one over two sectors (both tears are the same
// one), else 2: the tears Tear::first_sector and so on are numbered 1, 2.
[[nodiscard]] std::uint32_t tears_count(const BlockStep& step) noexcept;

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

  // The size after `steps` steps of the size chain.
  [[nodiscard]] std::uint64_t size_after(std::uint32_t steps) const noexcept;
  [[nodiscard]] std::uint32_t sizes_before(std::size_t count) const noexcept;
  // Is there a step of this operation at all? A truncation to the present size has none.
  [[nodiscard]] bool changes(std::uint32_t operation) const;
  // The chains that hold blocks which operation `operation` wrote, as positions in blocks().
  [[nodiscard]] std::pair<std::size_t, std::size_t> chains_of(std::uint32_t operation) const;

  // Block `chain` when `steps` of its steps persisted, the last one torn by `tear`, and `sizes`
  // steps of the size chain. Bytes that were never written are zeros.
  void compose_block(const BlockChain& chain, std::uint32_t steps, Tear tear, std::uint32_t sizes,
                     std::span<std::byte, block_bytes> out) const;
  // The bytes that no block chain covers, for a content with `sizes` size steps: `out` must be
  // zeroed and receives the initial content.
  void compose_untouched(std::uint32_t sizes, std::span<std::byte> out) const;

 private:
  BlockChain& chain(std::uint64_t block);
  void add_write(std::uint32_t operation);
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
