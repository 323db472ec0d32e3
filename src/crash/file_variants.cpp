// SPDX-License-Identifier: Apache-2.0
#include "crash/file_variants.h"

#include <algorithm>
#include <utility>

namespace untorn::crash {

FileVariants::FileVariants(const History::Impl& history, InodeId inode, std::size_t forced,
                           std::size_t end)
    : contents_(&history.contents[inode]),
      inode_(inode),
      forced_(forced),
      end_(end),
      sizes_lowest_(contents_->sizes_before(forced)),
      sizes_highest_(contents_->sizes_before(end)) {
  const auto& sizes = contents_->sizes();
  cuts_open_ = std::any_of(sizes.begin() + sizes_lowest_, sizes.begin() + sizes_highest_,
                           [](const SizeStep& step) { return step.cuts; });
  if (cuts_open_) {
    for (std::uint32_t chain = 0; chain < contents_->blocks().size(); ++chain) {
      add_open(chain, forced);
    }
    return;
  }
  std::vector<std::uint32_t> chains;
  const auto& operations = contents_->operations();
  for (auto operation = std::ranges::lower_bound(operations, forced);
       operation != operations.end() && *operation < end; ++operation) {
    const auto [first, last] = contents_->chains_of(*operation);
    for (std::size_t chain = first; chain < last; ++chain) {
      chains.push_back(static_cast<std::uint32_t>(chain));
    }
  }
  std::ranges::sort(chains);
  chains.erase(std::ranges::unique(chains).begin(), chains.end());
  for (const std::uint32_t chain : chains) add_open(chain, forced);
}

void FileVariants::add_open(std::uint32_t chain, std::size_t forced) {
  const BlockChain& source = contents_->blocks()[chain];
  const std::uint32_t lowest = source.steps_before(forced);
  const std::uint32_t highest = source.steps_before(end_);
  if (lowest < highest) open_.push_back({chain, lowest, highest});
}

FileVariants::Range FileVariants::range(std::size_t open, std::uint32_t sizes) const noexcept {
  Range range{open_[open].lowest, open_[open].highest};
  if (!cuts_open_) return range;
  const BlockChain& source = chain(open);
  for (std::uint32_t step = range.lowest; step < range.highest; ++step) {
    if (source.steps[step].kind != BlockStepKind::cut) continue;
    if (source.steps[step].size_step >= sizes) {
      range.highest = step;
      break;
    }
    range.lowest = step + 1;
  }
  return range;
}

std::uint32_t FileVariants::tears(std::size_t open, std::uint32_t steps) const noexcept {
  return steps <= open_[open].lowest ? 0 : tears_count(chain(open).steps[steps - 1]);
}

TornCount FileVariants::count() const {
  TornCount total;
  std::uint32_t sizes = sizes_lowest_;
  while (sizes <= sizes_highest_) {
    // Between two truncations the blocks do not depend on the size.
    std::uint32_t next = sizes + 1;
    while (next <= sizes_highest_ && !contents_->sizes()[next - 1].cuts) ++next;
    TornCount group{next - sizes, 0};
    for (std::size_t index = 0; index < open_.size(); ++index) {
      const Range allowed = range(index, sizes);
      TornCount block{allowed.highest - allowed.lowest + 1U, 0};
      for (std::uint32_t steps = allowed.lowest; steps <= allowed.highest; ++steps) {
        block.torn += tears(index, steps);
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
  for (const OpenBlock& open : open_) variant.steps.push_back(open.highest);
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
  for (std::size_t index = 0; index < open_.size(); ++index) {
    variant.steps[index] = std::min(variant.steps[index], range(index, variant.sizes).highest);
  }
  return variant;
}

void FileVariants::raise_sizes(FileVariant& variant, std::uint32_t sizes) const {
  if (sizes <= variant.sizes) return;
  const std::uint32_t before = std::exchange(variant.sizes, sizes);
  const auto& chain = contents_->sizes();
  const bool cuts = std::any_of(chain.begin() + before, chain.begin() + sizes,
                                [](const SizeStep& step) { return step.cuts; });
  if (!cuts) return;
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
    // Without a truncation every block outside the open ones lies below the smallest size.
    HashSum sum = hashes.at(inode_, end_) - type_term(FileType::regular) -
                  size_term(contents_->size_after(sizes_highest_));
    for (const OpenBlock& open : open_) sum -= hashes.block_at(inode_, end_, open.chain);
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
    sum += hashes.block(inode_, chain, steps, Tear::none, sizes);
  }
  return sum;
}

HashSum FileVariants::hash(FileHashes& hashes, const FileVariant& variant) const {
  HashSum sum = constant_hash(hashes, variant.sizes);
  for (std::uint32_t index = 0; index < open_.size(); ++index) {
    const Tear tear = variant.torn == index ? variant.tear : Tear::none;
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
