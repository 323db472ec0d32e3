// SPDX-License-Identifier: Apache-2.0
#include "crash/content_buffers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

namespace untorn::crash {

namespace {

// The chains whose blocks reach into the bytes [begin, end).
std::pair<std::uint32_t, std::uint32_t> chains_in(const Contents& contents, std::uint64_t begin,
                                                  std::uint64_t end) {
  const auto& blocks = contents.blocks();
  const auto first = std::ranges::lower_bound(blocks, begin / block_bytes, {}, &BlockChain::block);
  const auto last = std::ranges::lower_bound(blocks, (end + block_bytes - 1) / block_bytes, {},
                                             &BlockChain::block);
  return {static_cast<std::uint32_t>(first - blocks.begin()),
          static_cast<std::uint32_t>(last - blocks.begin())};
}

}  // namespace

// Does everything persisted that can be read? Then an append-only file holds a prefix of its last
// content.
bool ContentBuffers::is_prefix(const Contents& contents, const Variant& variant) {
  if (!contents.only_appended()) return false;
  const std::uint64_t size = contents.size_after(variant.sizes);
  const auto readable = [&](std::uint32_t chain) {
    return contents.blocks()[chain].block * block_bytes < size;
  };
  if (variant.torn != no_index && readable(variant.torn)) return false;
  return std::ranges::all_of(variant.changes, [&](const auto& change) {
    return !readable(change.first) ||
           change.second == contents.blocks()[change.first].steps_before(variant.count);
  });
}

// A buffer serves another variant if nobody else sees it and no truncation lies between the two,
// neither among the sizes that they kept nor among the operations that they count: then only
// written blocks and the size differ.
bool ContentBuffers::can_change(const Buffer& buffer, const Contents& contents,
                                const Variant& variant) {
  if (!buffer.bytes || buffer.bytes.use_count() != 1) return false;
  const auto cuts_between = [&](std::uint32_t a, std::uint32_t b) {
    const auto [first, last] = std::minmax({a, b});
    const auto& sizes = contents.sizes();
    return std::any_of(sizes.begin() + first, sizes.begin() + last,
                       [](const SizeStep& step) { return step.cuts; });
  };
  return !cuts_between(buffer.variant.sizes, variant.sizes) &&
         !cuts_between(contents.sizes_before(buffer.variant.count),
                       contents.sizes_before(variant.count));
}

// The chains in which two variants may differ: those that are special in one of them, those that
// operations between them wrote, and those between their sizes.
std::vector<std::uint32_t> ContentBuffers::stale_chains(const Buffer& buffer,
                                                        const Contents& contents,
                                                        const Variant& variant) {
  std::vector<std::uint32_t> chains;
  for (const Variant* side : {&buffer.variant, &variant}) {
    for (const auto& [chain, steps] : side->changes) chains.push_back(chain);
    if (side->torn != no_index) chains.push_back(side->torn);
  }
  const auto add = [&](std::size_t first, std::size_t last) {
    for (std::size_t chain = first; chain < last; ++chain) {
      chains.push_back(static_cast<std::uint32_t>(chain));
    }
  };
  const auto [begin, end] = std::minmax({buffer.variant.count, variant.count});
  const auto& operations = contents.operations();
  for (auto operation = std::ranges::lower_bound(operations, begin);
       operation != operations.end() && *operation < end; ++operation) {
    const auto [first, last] = contents.chains_of(*operation);
    add(first, last);
  }
  const std::uint64_t size = contents.size_after(variant.sizes);
  const auto [smaller, larger] = std::minmax({std::uint64_t{buffer.bytes->size()}, size});
  const auto [first, last] = chains_in(contents, smaller, larger);
  if (smaller != larger) add(first, last);
  std::ranges::sort(chains);
  chains.erase(std::ranges::unique(chains).begin(), chains.end());
  return chains;
}

Bytes ContentBuffers::compose(InodeId inode, Variant&& variant) {
  const Contents& contents = history_.contents[inode];
  const std::uint64_t size = contents.size_after(variant.sizes);
  if (is_prefix(contents, variant)) {
    if (std::optional<Bytes> prefix = history_.appended_prefix(inode, size)) return *prefix;
  }
  Buffer& buffer = buffers_[inode];
  if (buffer.bytes && buffer.variant == variant) return Bytes(buffer.bytes, *buffer.bytes);
  std::vector<std::uint32_t> chains;
  if (can_change(buffer, contents, variant)) {
    chains = stale_chains(buffer, contents, variant);
    buffer.bytes->resize(size);
  } else {
    chains.resize(contents.blocks().size());
    std::iota(chains.begin(), chains.end(), 0U);
    buffer.bytes = std::make_shared<std::vector<std::byte>>(size);
    contents.compose_untouched(variant.sizes, *buffer.bytes);
  }
  std::array<std::byte, block_bytes> block;
  auto change = variant.changes.begin();
  for (const std::uint32_t index : chains) {
    const BlockChain& chain = contents.blocks()[index];
    const std::uint64_t start = chain.block * block_bytes;
    if (start >= size) break;
    while (change != variant.changes.end() && change->first < index) ++change;
    const bool changed = change != variant.changes.end() && change->first == index;
    const std::uint32_t steps = changed ? change->second : chain.steps_before(variant.count);
    const Tear tear = variant.torn == index ? variant.tear : no_tear;
    contents.compose_block(chain, steps, tear, variant.sizes, block);
    std::memcpy(buffer.bytes->data() + start, block.data(), std::min(block_bytes, size - start));
  }
  buffer.variant = std::move(variant);
  return Bytes(buffer.bytes, *buffer.bytes);
}

Bytes ContentBuffers::compose_at(InodeId inode, std::size_t count) {
  const Contents& contents = history_.contents[inode];
  if (!contents.touched()) return history_.content_at(inode, count);
  Variant variant;
  variant.count = count;
  variant.sizes = contents.sizes_before(count);
  return compose(inode, std::move(variant));
}

}  // namespace untorn::crash
