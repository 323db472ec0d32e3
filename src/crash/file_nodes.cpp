// SPDX-License-Identifier: Apache-2.0
#include "crash/file_nodes.h"

#include <unordered_map>

namespace untorn::crash {

namespace {
// Sizes times blocks of one file; beyond this the combinations would not fit a budget anyway.
constexpr std::uint64_t work_max = 1U << 22U;
// Pairs of steps that may be torn as one: each may be a block to compose.
constexpr std::uint64_t joined_max = 1U << 17U;
}  // namespace

std::optional<ChoiceSpace::NodeId> FileNodes::node(std::uint32_t file) {
  if (nodes_[file]) return nodes_[file];
  const FileVariants& variants = epoch_.variants()[file];
  const std::uint64_t sizes = variants.sizes_highest() - variants.sizes_lowest() + 1U;
  if (multiply_counts(sizes, variants.open().size() + 1) > work_max) return std::nullopt;
  const std::uint64_t joined = variants.joined_steps();
  if (joined > joined_max || multiply_counts(sizes, joined) > work_max) return std::nullopt;
  std::vector<ChoiceSpace::Child> any;
  std::uint64_t combinations = 0;
  for (std::uint32_t step = variants.sizes_highest() + 1; step > variants.sizes_lowest(); --step) {
    const ChoiceSpace::NodeId node = size_node(file, step - 1);
    combinations = add_counts(combinations, space_.combinations(node).all());
    if (combinations > combinations_max_) return std::nullopt;
    any.push_back({node, {1, 1}});
  }
  nodes_[file] = space_.any_of(std::move(any));
  return nodes_[file];
}

ChoiceSpace::NodeId FileNodes::size_node(std::uint32_t file, std::uint32_t sizes) {
  const FileVariants& variants = epoch_.variants()[file];
  Leaf head{
      variants.constant_hash(hashes_, sizes), {1, 0}, Decision::sizes, no_tear, file, 0, sizes};
  std::vector<ChoiceSpace::Child> all;
  for (std::uint32_t open = 0; open < variants.open().size(); ++open) {
    const Alternatives& found = shared_alternatives(file, open, sizes);
    if (found.leaves.size() == 1) {
      head.hash += found.leaves.front().hash;
      head.states = head.states * found.leaves.front().states;
    } else {
      all.push_back({found.node, {1, 1}});
    }
  }
  all.insert(all.begin(), {space_.leaf(head), {1, 1}});
  return space_.all_of(std::move(all));
}

const FileNodes::Alternatives& FileNodes::shared_alternatives(std::uint32_t file,
                                                              std::uint32_t open,
                                                              std::uint32_t sizes) {
  const FileVariants& variants = epoch_.variants()[file];
  const std::uint64_t end = (variants.chain(open).block + 1) * block_bytes;
  if (variants.sizes_bind_blocks() || end > variants.contents().size_after(sizes)) {
    scratch_ = alternatives(file, open, sizes);
    return scratch_;
  }
  const auto [entry, is_new] = whole_.try_emplace({file, open});
  if (is_new) entry->second = alternatives(file, open, sizes);
  return entry->second;
}

FileNodes::Alternatives FileNodes::alternatives(std::uint32_t file, std::uint32_t open,
                                                std::uint32_t sizes) {
  const FileVariants& variants = epoch_.variants()[file];
  const StepRange range = variants.range(open, sizes);
  Alternatives result;
  std::unordered_map<Hash128, std::size_t, Hash128Hasher> known;
  const auto add = [&](std::uint32_t steps, Tear tear) {
    const HashSum hash =
        hashes_.block(variants.inode(), variants.open()[open].chain, steps, tear, sizes);
    const auto [entry, is_new] =
        known.try_emplace(Hash128{hash.first, hash.second}, result.leaves.size());
    if (is_new) result.leaves.push_back({hash, {}, Decision::block, tear, file, open, steps});
    TornCount& states = result.leaves[entry->second].states;
    (tear.any() ? states.torn : states.plain) += 1;
  };
  // Whole writes first, so that a content which one of them leaves is never shown as a torn write.
  for (std::uint32_t steps = range.highest + 1; steps > range.lowest; --steps) {
    add(steps - 1, no_tear);
    if (variants.may_hold_garbage(open, steps - 1)) add((steps - 1) | garbage_bit, no_tear);
  }
  (void)variants.any_tear(open, range, [&](std::uint32_t steps, Tear tear) {
    add(steps, tear);
    return false;
  });
  if (result.leaves.size() > 1) {
    std::vector<ChoiceSpace::Child> any;
    for (const Leaf& leaf : result.leaves) any.push_back({space_.leaf(leaf), {1, 1}});
    result.node = space_.any_of(std::move(any));
  }
  return result;
}

}  // namespace untorn::crash
