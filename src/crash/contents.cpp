// SPDX-License-Identifier: Apache-2.0
#include "crash/contents.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace untorn::crash {

std::uint32_t BlockChain::steps_before(std::size_t count) const noexcept {
  const auto first = std::ranges::lower_bound(steps, count, {}, &BlockStep::operation);
  return static_cast<std::uint32_t>(first - steps.begin());
}

namespace {

constexpr std::size_t block_sectors = block_bytes / sector_bytes;

std::uint32_t first_sector(const BlockStep& step) noexcept {
  return static_cast<std::uint32_t>(step.begin / sector_bytes);
}
std::uint32_t last_sector(const BlockStep& step) noexcept {
  return static_cast<std::uint32_t>((step.end - 1U) / sector_bytes);
}

// Fills BlockStep::torn_from. The more steps are torn as one, the more sectors they lie over; so it
// is enough to know which step lay over each sector last, as its first one and as its last one.
void find_tears(BlockChain& chain) noexcept {
  std::array<std::uint32_t, block_sectors> begun{};  // counts of steps; 0: none
  std::array<std::uint32_t, block_sectors> ended{};
  for (std::uint32_t position = 0; position < chain.steps.size(); ++position) {
    BlockStep& step = chain.steps[position];
    if (step.kind == BlockStepKind::cut) {
      // Nothing is torn over a truncation that freed the block.
      begun = {};
      ended = {};
      continue;
    }
    begun[first_sector(step)] = ended[last_sector(step)] = position + 1;
    for (std::size_t first = 0; first < block_sectors; ++first) {
      for (std::size_t last = first + 1; last < block_sectors; ++last) {
        const std::uint32_t from = std::min(begun[first], ended[last]);
        step.torn_from[0] = std::max(step.torn_from[0], from);
        if (last > first + 1) step.torn_from[1] = std::max(step.torn_from[1], from);
      }
    }
  }
}

}  // namespace

void Sectors::add(const BlockStep& step) noexcept {
  first = std::min(first, first_sector(step));
  last = std::max(last, last_sector(step));
}

TearPlaces Sectors::places() const noexcept {
  if (first >= last) return {};
  return {last - first == 1 ? 1U : 2U,
          {static_cast<std::uint16_t>((first + 1) * sector_bytes),
           static_cast<std::uint16_t>(last * sector_bytes)}};
}

TearPlaces tear_places(const BlockChain& chain, std::uint32_t over, std::uint32_t steps) noexcept {
  Sectors sectors;
  for (std::uint32_t position = over; position < steps; ++position) {
    sectors.add(chain.steps[position]);
  }
  return sectors.places();
}

std::uint64_t tears_count(const BlockChain& chain, std::uint32_t lowest,
                          std::uint32_t steps) noexcept {
  if (steps <= lowest) return 0;
  std::uint64_t count = 0;
  for (const std::uint32_t from : chain.steps[steps - 1].torn_from) {
    count += from - std::min(from, lowest);
  }
  return count;
}

Contents::Contents(const OperationLog& log, InodeId inode) : log_(&log) {
  const Inode& source = log.inodes[inode];
  // What an inode made by the log holds at first (a link's target) is not a file's content.
  if (source.type == FileType::regular && source.initial) initial_ = source.content.view();
  size_ = initial_.size();
}

void Contents::add(std::uint32_t operation) {
  operations_.push_back(operation);
  if (log_->operations[operation].kind == OperationKind::write) {
    add_write(operation);
  } else {
    add_truncation(operation);
  }
}

void Contents::finish() {
  blocks_.reserve(building_.size());
  for (auto& [block, chain] : building_) {
    find_tears(chain);
    blocks_.push_back(std::move(chain));
  }
  building_.clear();
  truncations_.clear();
  truncations_.shrink_to_fit();
}

BlockChain& Contents::chain(std::uint64_t block) {
  const auto [entry, is_new] = building_.try_emplace(block);
  if (is_new) {
    entry->second.block = block;
    for (const Truncation& truncation : truncations_) {
      if (block < truncation.first_block || block >= truncation.end_block) continue;
      entry->second.steps.push_back(
          {truncation.operation, truncation.size_step, 0, 0, BlockStepKind::cut});
      entry->second.has_cuts = true;
    }
  }
  return entry->second;
}

void Contents::add_write(std::uint32_t operation) {
  const Operation& write = log_->operations[operation];
  const std::uint64_t begin = write.offset;
  const std::uint64_t end = begin + write.payload.size();
  if (begin == end) return;
  if (begin != size_) only_appended_ = false;
  for (std::uint64_t block = begin / block_bytes; block * block_bytes < end; ++block) {
    const std::uint64_t start = block * block_bytes;
    const std::uint64_t first = std::max(begin, start) - start;
    const std::uint64_t last = std::min(end, start + block_bytes) - start;
    chain(block).steps.push_back({operation, no_index, static_cast<std::uint16_t>(first),
                                  static_cast<std::uint16_t>(last), BlockStepKind::write});
  }
  if (end <= size_) return;
  // The kernel raises the size page by page as it copies: at each boundary that the written bytes
  // pass, never inside a hole before them.
  const std::uint64_t from = std::max(begin, size_);
  for (std::uint64_t size = (from / block_bytes + 1) * block_bytes; size < end;
       size += block_bytes) {
    add_growth(operation, size);
  }
  add_growth(operation, end);
  size_ = end;
}

void Contents::add_growth(std::uint32_t operation, std::uint64_t size) {
  BlockChain& ended = chain((size - 1) / block_bytes);
  ended.growths.push_back(
      {static_cast<std::uint32_t>(sizes_.size()), static_cast<std::uint32_t>(ended.steps.size())});
  sizes_.push_back({operation, false, size});
}

void Contents::add_truncation(std::uint32_t operation) {
  const std::uint64_t size = log_->operations[operation].size;
  if (size == size_) return;
  only_appended_ = false;
  const bool cuts = size < size_;
  const auto size_step = static_cast<std::uint32_t>(sizes_.size());
  if (cuts) {
    const std::uint64_t first_block = (size + block_bytes - 1) / block_bytes;
    const std::uint64_t end_block = (size_ + block_bytes - 1) / block_bytes;
    for (auto entry = building_.lower_bound(first_block);
         entry != building_.end() && entry->first < end_block; ++entry) {
      entry->second.steps.push_back({operation, size_step, 0, 0, BlockStepKind::cut});
      entry->second.has_cuts = true;
    }
    if (size % block_bytes != 0) {
      BlockChain& divided = chain(size / block_bytes);
      const auto begin = static_cast<std::uint16_t>(size % block_bytes);
      divided.masks.push_back({static_cast<std::uint32_t>(divided.steps.size()), size_step, begin});
      divided.steps.push_back({operation, no_index, begin, static_cast<std::uint16_t>(block_bytes),
                               BlockStepKind::zero});
    }
    truncations_.push_back({operation, size_step, first_block, end_block});
  }
  sizes_.push_back({operation, cuts, size});
  size_ = size;
}

StepRange agreeing_steps(const BlockChain& chain, StepRange range, std::uint32_t sizes,
                         bool size_waits_for_data) noexcept {
  for (std::uint32_t step = range.lowest; chain.has_cuts && step < range.highest; ++step) {
    if (chain.steps[step].kind != BlockStepKind::cut) continue;
    if (chain.steps[step].size_step >= sizes) {
      range.highest = step;
      break;
    }
    range.lowest = step + 1;
  }
  if (size_waits_for_data) {
    const auto later = std::ranges::lower_bound(chain.growths, sizes, {}, &Growth::size_step);
    if (later != chain.growths.begin()) {
      range.lowest = std::max(range.lowest, std::prev(later)->steps);
    }
  }
  return range;
}

std::uint32_t Contents::sizes_in(const FileFloor& floor) const noexcept {
  return std::max(floor.sizes, sizes_before(floor.forced));
}

std::uint32_t Contents::steps_in(const FileFloor& floor, std::uint32_t chain,
                                 bool size_waits_for_data) const noexcept {
  const BlockChain& source = blocks_[chain];
  StepRange range{source.steps_before(floor.forced),
                  static_cast<std::uint32_t>(source.steps.size())};
  if (const auto beside = floor.steps.find(chain); beside != floor.steps.end()) {
    range.lowest = std::max(range.lowest, beside->second);
  }
  return agreeing_steps(source, range, sizes_in(floor), size_waits_for_data).lowest;
}

std::pair<std::size_t, std::size_t> Contents::chains_with_steps_of(std::uint32_t operation) const {
  if (log_->operations[operation].kind == OperationKind::write) return chains_of(operation);
  // Of a truncation: the block that the new end divides. The blocks that it frees go with its size.
  const std::uint64_t block = log_->operations[operation].size / block_bytes;
  const auto divided = std::ranges::lower_bound(blocks_, block, {}, &BlockChain::block);
  if (divided == blocks_.end() || divided->block != block) return {0, 0};
  const auto chain = static_cast<std::size_t>(divided - blocks_.begin());
  return {chain, chain + 1};
}

bool Contents::raises(const FileFloor& lower, const FileFloor& higher,
                      bool size_waits_for_data) const {
  if (sizes_in(higher) > sizes_in(lower)) return true;
  for (const auto& [chain, steps] : higher.steps) {
    if (steps > steps_in(lower, chain, size_waits_for_data)) return true;
  }
  for (auto operation = std::ranges::lower_bound(operations_, lower.forced);
       operation != operations_.end() && *operation < higher.forced; ++operation) {
    const auto [first, last] = chains_with_steps_of(*operation);
    for (std::size_t chain = first; chain < last; ++chain) {
      const auto number = static_cast<std::uint32_t>(chain);
      if (blocks_[chain].steps_before(higher.forced) >
          steps_in(lower, number, size_waits_for_data)) {
        return true;
      }
    }
  }
  return false;
}

void Contents::settle(FileFloor& floor, std::size_t end, bool size_waits_for_data) const {
  for (auto operation = std::ranges::lower_bound(operations_, floor.forced);
       operation != operations_.end() && *operation < end; ++operation) {
    FileFloor next = floor;
    next.forced = *operation + std::size_t{1};
    if (raises(floor, next, size_waits_for_data)) break;
    floor.forced = next.forced;
  }
  std::erase_if(floor.steps, [&](const auto& beside) {
    return beside.second <= blocks_[beside.first].steps_before(floor.forced);
  });
}

std::uint64_t Contents::size_after(std::uint32_t steps) const noexcept {
  return steps == 0 ? initial_.size() : sizes_[steps - 1].size;
}

std::uint32_t Contents::sizes_before(std::size_t count) const noexcept {
  const auto first = std::ranges::lower_bound(sizes_, count, {}, &SizeStep::operation);
  return static_cast<std::uint32_t>(first - sizes_.begin());
}

bool Contents::changes(std::uint32_t operation) const {
  const auto [first, last] = chains_of(operation);
  return first != last || sizes_before(operation + 1U) > sizes_before(operation);
}

std::pair<std::size_t, std::size_t> Contents::chains_of(std::uint32_t operation) const {
  const Operation& source = log_->operations[operation];
  if (source.kind != OperationKind::write || source.payload.size() == 0) return {0, 0};
  const std::uint64_t first = source.offset / block_bytes;
  const std::uint64_t last = (source.offset + source.payload.size() - 1) / block_bytes;
  const auto begin = std::ranges::lower_bound(blocks_, first, {}, &BlockChain::block);
  const auto end = std::ranges::upper_bound(blocks_, last, {}, &BlockChain::block);
  return {static_cast<std::size_t>(begin - blocks_.begin()),
          static_cast<std::size_t>(end - blocks_.begin())};
}

bool Contents::may_hold_garbage(const BlockChain& chain, std::uint32_t steps) const noexcept {
  if (steps >= chain.steps.size() || chain.steps[steps].kind != BlockStepKind::write) return false;
  if (steps == 0) return chain.block * block_bytes >= initial_.size();
  return chain.steps[steps - 1].kind == BlockStepKind::cut;
}

void Contents::compose_block(const BlockChain& chain, std::uint32_t persisted, Tear tear,
                             std::uint32_t sizes, std::span<std::byte, block_bytes> out) const {
  const std::uint64_t start = chain.block * block_bytes;
  const std::uint32_t steps = steps_of(persisted);
  std::ranges::fill(out, std::byte{0});
  if (start < initial_.size()) {
    const std::span<const std::byte> source = initial_.subspan(start);
    std::memcpy(out.data(), source.data(), std::min<std::size_t>(source.size(), block_bytes));
  }
  std::size_t mask = 0;
  const auto apply_masks = [&](std::uint32_t position) {
    for (; mask < chain.masks.size() && chain.masks[mask].steps == position; ++mask) {
      if (chain.masks[mask].size_step >= sizes) continue;
      std::ranges::fill(out.subspan(chain.masks[mask].begin), std::byte{0});
    }
  };
  for (std::uint32_t position = 0; position < steps; ++position) {
    apply_masks(position);
    const BlockStep& step = chain.steps[position];
    if (step.kind == BlockStepKind::cut) {
      std::ranges::fill(out, std::byte{0});
      continue;
    }
    std::uint32_t end = step.end;
    if (tear.any() && position >= tear.over)
      end = std::clamp<std::uint32_t>(tear.at, step.begin, end);
    const std::span<std::byte> target = out.subspan(step.begin, end - step.begin);
    if (step.kind == BlockStepKind::zero) {
      std::ranges::fill(target, std::byte{0});
    } else {
      const Operation& write = log_->operations[step.operation];
      const std::size_t from = start + step.begin - write.offset;
      std::memcpy(target.data(), write.payload.view().data() + from, target.size());
    }
  }
  if (steps != persisted) std::ranges::fill(out, garbage_byte);
  // A truncation may persist although steps before it in this block did not: what is left of them
  // after the new end is gone all the same.
  while (mask < chain.masks.size()) apply_masks(chain.masks[mask].steps);
}

void Contents::compose_untouched(std::uint32_t sizes, std::span<std::byte> out) const {
  std::uint64_t readable = initial_.size();
  for (std::uint32_t step = 0; step < sizes; ++step) {
    if (sizes_[step].cuts) readable = std::min(readable, sizes_[step].size);
  }
  const std::size_t size = std::min<std::uint64_t>(readable, out.size());
  if (size > 0) std::memcpy(out.data(), initial_.data(), size);
}

}  // namespace untorn::crash
