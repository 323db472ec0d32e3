// SPDX-License-Identifier: Apache-2.0
#include "crash/file_variants.h"

#include <algorithm>
#include <utility>

namespace untorn::crash {

namespace {
// Sizes times blocks of one file; with more of both its states are past counting.
constexpr std::uint64_t work_max = 1U << 22U;
}  // namespace

FileVariants::FileVariants(const History::Impl& history, const Rules& rules, InodeId inode,
                           const FileFloor& floor, std::size_t end, std::uint32_t sizes_highest)
    : contents_(&history.contents[inode]),
      rules_(&rules),
      inode_(inode),
      forced_(floor.forced),
      end_(end),
      sizes_lowest_(contents_->sizes_in(floor)),
      sizes_highest_(sizes_highest),
      sizes_begun_(contents_->sizes_before(end)) {
  const auto& sizes = contents_->sizes();
  const std::uint32_t first_open = contents_->sizes_before(forced_);
  cuts_open_ = std::any_of(sizes.begin() + first_open, sizes.begin() + sizes_begun_,
                           [](const SizeStep& step) { return step.cuts; });
  if (cuts_open_) {
    for (std::uint32_t chain = 0; chain < contents_->blocks().size(); ++chain) {
      add_open(chain, floor);
    }
    return;
  }
  std::vector<std::uint32_t> chains;
  const auto& operations = contents_->operations();
  for (auto operation = std::ranges::lower_bound(operations, forced_);
       operation != operations.end() && *operation < end; ++operation) {
    const auto [first, last] = contents_->chains_of(*operation);
    for (std::size_t chain = first; chain < last; ++chain) {
      chains.push_back(static_cast<std::uint32_t>(chain));
    }
  }
  std::ranges::sort(chains);
  chains.erase(std::ranges::unique(chains).begin(), chains.end());
  for (const std::uint32_t chain : chains) add_open(chain, floor);
}

void FileVariants::add_open(std::uint32_t chain, const FileFloor& floor) {
  const std::uint32_t lowest = contents_->steps_in(floor, chain, rules_->size_waits_for_data);
  const std::uint32_t highest = contents_->blocks()[chain].steps_before(end_);
  if (lowest < highest) {
    open_.push_back({chain, lowest, highest});
  } else {
    settled_.push_back(chain);
  }
}

StepRange FileVariants::range(std::size_t open, std::uint32_t sizes) const noexcept {
  const StepRange range{open_[open].lowest, open_[open].highest};
  if (!sizes_bind_blocks()) return range;
  return agreeing_steps(chain(open), range, sizes, rules_->size_waits_for_data);
}

TearPlaces FileVariants::tears(std::size_t open, StepRange range, std::uint32_t over,
                               std::uint32_t steps) const noexcept {
  if (!rules_->blocks_tear || over < range.lowest || over >= steps) return {};
  return tear_places(chain(open), over, steps);
}

std::uint64_t FileVariants::joined_steps() const noexcept {
  std::uint64_t pairs = 0;
  for (const OpenBlock& open : open_) {
    const std::uint64_t steps = open.highest - open.lowest;
    if (rules_->blocks_tear) pairs = add_counts(pairs, steps * (steps - 1) / 2);
  }
  return pairs;
}

bool FileVariants::may_hold_garbage(std::size_t open, std::uint32_t steps) const noexcept {
  return rules_->garbage_in_new_blocks && steps < open_[open].highest &&
         contents_->may_hold_garbage(chain(open), steps);
}

TornCount FileVariants::count() const {
  if (rules_->size_waits_for_data &&
      multiply_counts(sizes_highest_ - sizes_lowest_ + 1U, open_.size()) > work_max) {
    return {count_max, 0};
  }
  TornCount total;
  std::uint32_t sizes = sizes_lowest_;
  while (sizes <= sizes_highest_) {
    // Between two truncations the blocks do not depend on the size, unless it waits for them.
    std::uint32_t next = sizes + 1;
    if (!rules_->size_waits_for_data) {
      while (next <= sizes_highest_ && !contents_->sizes()[next - 1].cuts) ++next;
    }
    TornCount group{next - sizes, 0};
    for (std::size_t index = 0; index < open_.size(); ++index) {
      const StepRange allowed = range(index, sizes);
      TornCount block;
      for (std::uint32_t steps = allowed.lowest; steps <= allowed.highest; ++steps) {
        block.plain += may_hold_garbage(index, steps) ? 2U : 1U;
        if (rules_->blocks_tear) block.torn += tears_count(chain(index), allowed.lowest, steps);
      }
      group = group * block;
    }
    total += group;
    sizes = next;
  }
  return total;
}

FileVariant FileVariants::lowest() const {
  FileVariant variant;
  variant.sizes = sizes_lowest_;
  for (std::size_t index = 0; index < open_.size(); ++index) {
    variant.steps.push_back(range(index, variant.sizes).lowest);
  }
  return variant;
}

FileVariant FileVariants::highest() const {
  FileVariant variant;
  variant.sizes = sizes_highest_;
  for (std::size_t index = 0; index < open_.size(); ++index) {
    variant.steps.push_back(range(index, variant.sizes).highest);
  }
  return variant;
}

FileVariant FileVariants::without(const Keep& keep) const {
  FileVariant variant;
  variant.sizes = sizes_lowest_;
  while (variant.sizes < sizes_highest_ &&
         keep(contents_->sizes()[variant.sizes].operation, Part::size, 0)) {
    ++variant.sizes;
  }
  for (std::size_t index = 0; index < open_.size(); ++index) {
    const BlockChain& source = chain(index);
    std::uint32_t steps = open_[index].lowest;
    while (steps < open_[index].highest &&
           (source.steps[steps].kind == BlockStepKind::cut ||
            keep(source.steps[steps].operation, Part::block, source.block))) {
      ++steps;
    }
    variant.steps.push_back(steps);
    // A truncation waits for the writes to the blocks that it frees.
    for (std::uint32_t step = steps; step < open_[index].highest; ++step) {
      if (source.steps[step].kind != BlockStepKind::cut) continue;
      variant.sizes = std::min(variant.sizes, source.steps[step].size_step);
      break;
    }
  }
  variant.sizes = std::max(sizes_backed(variant), sizes_lowest_);
  for (std::size_t index = 0; index < open_.size(); ++index) {
    const StepRange allowed = range(index, variant.sizes);
    variant.steps[index] = std::clamp(variant.steps[index], allowed.lowest, allowed.highest);
  }
  return variant;
}

// The sizes up to the first that waits for a block write which is missing.
std::uint32_t FileVariants::sizes_backed(const FileVariant& variant) const {
  std::uint32_t sizes = variant.sizes;
  if (!rules_->size_waits_for_data) return sizes;
  for (std::size_t index = 0; index < open_.size(); ++index) {
    for (const Growth& growth : chain(index).growths) {
      if (growth.size_step >= sizes) break;
      if (growth.steps > variant.steps[index]) sizes = growth.size_step;
    }
  }
  return sizes;
}

void FileVariants::raise_sizes(FileVariant& variant, std::uint32_t sizes) const {
  if (sizes <= variant.sizes) return;
  const std::uint32_t before = std::exchange(variant.sizes, sizes);
  const auto& chain = contents_->sizes();
  const bool cuts = std::any_of(chain.begin() + before, chain.begin() + sizes,
                                [](const SizeStep& step) { return step.cuts; });
  if (!cuts && !rules_->size_waits_for_data) return;
  for (std::size_t index = 0; index < open_.size(); ++index) {
    raise_block(variant, index, range(index, sizes).lowest);
  }
}

void FileVariants::raise_block(FileVariant& variant, std::size_t open, std::uint32_t steps) const {
  if (steps <= variant.steps[open]) return;
  const std::uint32_t before = std::exchange(variant.steps[open], steps);
  for (std::uint32_t step = before; step < steps; ++step) {
    const BlockStep& source = chain(open).steps[step];
    if (source.kind == BlockStepKind::cut) raise_sizes(variant, source.size_step + 1);
  }
}

void FileVariants::raise(FileVariant& variant, std::uint32_t operation) const {
  // A write inside the file waits for no size.
  const std::uint32_t sizes = contents_->sizes_before(operation + 1U);
  if (sizes > contents_->sizes_before(operation)) {
    raise_sizes(variant, std::clamp(sizes, sizes_lowest_, sizes_highest_));
  }
  for (std::size_t index = 0; index < open_.size(); ++index) {
    const BlockChain& source = chain(index);
    for (std::uint32_t step = open_[index].highest; step > variant.steps[index]; --step) {
      if (source.steps[step - 1].operation != operation) continue;
      raise_block(variant, index, step);
      break;
    }
  }
}

HashSum FileVariants::constant_hash(FileHashes& hashes, std::uint32_t sizes) const {
  const HashSum head = type_term(FileType::regular) + size_term(contents_->size_after(sizes));
  if (!cuts_open_) {
    // Without a truncation every other block lies below the smallest size.
    HashSum sum = hashes.at(inode_, end_) - type_term(FileType::regular) -
                  size_term(contents_->size_after(sizes_highest_));
    for (const OpenBlock& open : open_) sum -= hashes.block_at(inode_, end_, open.chain);
    for (const std::uint32_t settled : settled_) {
      const std::uint32_t steps = contents_->blocks()[settled].steps_before(end_);
      sum -= hashes.block_at(inode_, end_, settled);
      sum += hashes.block(inode_, settled, steps, no_tear, sizes);
    }
    return head + sum;
  }
  HashSum sum = head + hashes.untouched(inode_, sizes);
  std::size_t next_open = 0;
  for (std::uint32_t chain = 0; chain < contents_->blocks().size(); ++chain) {
    if (next_open < open_.size() && open_[next_open].chain == chain) {
      ++next_open;
      continue;
    }
    const std::uint32_t steps = contents_->blocks()[chain].steps_before(end_);
    sum += hashes.block(inode_, chain, steps, no_tear, sizes);
  }
  return sum;
}

HashSum FileVariants::hash(FileHashes& hashes, const FileVariant& variant) const {
  HashSum sum = constant_hash(hashes, variant.sizes);
  for (std::uint32_t index = 0; index < open_.size(); ++index) {
    const Tear tear = variant.torn == index ? variant.tear : no_tear;
    sum += hashes.block(inode_, open_[index].chain, variant.steps[index], tear, variant.sizes);
  }
  return sum;
}

Bytes FileVariants::compose(ContentBuffers& buffers, const FileVariant& variant) const {
  ContentBuffers::Variant whole;
  whole.count = end_;
  whole.sizes = variant.sizes;
  for (std::uint32_t index = 0; index < open_.size(); ++index) {
    if (variant.steps[index] == open_[index].highest) continue;
    whole.changes.emplace_back(open_[index].chain, variant.steps[index]);
  }
  if (variant.torn != no_index) {
    whole.torn = open_[variant.torn].chain;
    whole.tear = variant.tear;
  }
  return buffers.compose(inode_, std::move(whole));
}

}  // namespace untorn::crash
