// SPDX-License-Identifier: Apache-2.0
#include "crash/file_hashes.h"

#include <algorithm>
#include <array>

namespace untorn::crash {

namespace {

std::uint64_t visible_bytes(std::uint64_t block, std::uint64_t size) {
  const std::uint64_t start = block * block_bytes;
  return start >= size ? 0 : std::min(block_bytes, size - start);
}

}  // namespace

HashSum FileHashes::at(InodeId inode, std::size_t count) {
  const Inode& source = history_.log.inodes[inode];
  if (source.type == FileType::symlink) {
    return type_term(source.type) + link_term(history_.content_at(inode, count).text());
  }
  if (source.type != FileType::regular) return type_term(source.type);
  const Live& live = advance(inode, count);
  const std::uint64_t size = history_.contents[inode].size_after(live.sizes);
  return type_term(source.type) + size_term(size) + live.blocks + live.untouched;
}

HashSum FileHashes::block_at(InodeId inode, std::size_t count, std::size_t chain) {
  return advance(inode, count).terms[chain];
}

FileHashes::Live& FileHashes::advance(InodeId inode, std::size_t count) {
  const Contents& contents = history_.contents[inode];
  const std::vector<std::uint32_t>& operations = contents.operations();
  Live& live = live_[inode];
  const bool back = live.position > 0 && operations[live.position - 1] >= count;
  bool all = !live.started || back;
  if (all) live = {};
  std::size_t last = live.position;
  while (last < operations.size() && operations[last] < count) ++last;
  if (!all && last == live.position) return live;
  const std::uint32_t sizes = contents.sizes_before(count);
  for (std::uint32_t step = live.sizes; step < sizes; ++step) {
    if (contents.sizes()[step].cuts) all = true;
  }
  std::vector<std::size_t> changed;
  for (std::size_t position = live.position; position < last && !all; ++position) {
    const auto [begin, end] = contents.chains_of(operations[position]);
    for (std::size_t chain = begin; chain < end; ++chain) changed.push_back(chain);
  }
  live.started = true;
  live.position = last;
  live.sizes = sizes;
  if (all) {
    live.terms.assign(contents.blocks().size(), {});
    live.blocks = {};
    for (std::size_t chain = 0; chain < live.terms.size(); ++chain) {
      refresh(live, inode, count, chain);
    }
    live.untouched = untouched(inode, sizes);
    return live;
  }
  std::ranges::sort(changed);
  const auto repeated = std::ranges::unique(changed);
  changed.erase(repeated.begin(), repeated.end());
  for (const std::size_t chain : changed) refresh(live, inode, count, chain);
  return live;
}

void FileHashes::refresh(Live& live, InodeId inode, std::size_t count, std::size_t chain) {
  const std::uint32_t steps = history_.contents[inode].blocks()[chain].steps_before(count);
  const HashSum term = block(inode, chain, steps, no_tear, live.sizes);
  live.blocks += term - live.terms[chain];
  live.terms[chain] = term;
}

HashSum FileHashes::block(InodeId inode, std::size_t chain, std::uint32_t steps, Tear tear,
                          std::uint32_t sizes) {
  const Contents& contents = history_.contents[inode];
  const BlockChain& source = contents.blocks()[chain];
  const std::uint64_t visible = visible_bytes(source.block, contents.size_after(sizes));
  if (visible == 0) return {};
  if (steps == 0 && source.block * block_bytes >= contents.initial().size()) return {};
  std::uint64_t masks = 0;
  for (const Mask& mask : source.masks) masks += mask.size_step < sizes ? 1 : 0;
  Hash128 key = combine(Hash128{inode, chain}, std::uint64_t{steps} << 32U | masks);
  key = combine(key, visible);
  // Steps that end before the tear are whole, and bytes that cannot be read are not missed.
  if (tear.at >= visible) tear = no_tear;
  const auto is_whole = [&] { return source.steps[tear.over].end <= tear.at; };
  while (tear.any() && tear.over < steps_of(steps) && is_whole()) ++tear.over;
  if (tear.over >= steps_of(steps)) tear = no_tear;
  if (tear.any()) key = combine(key, std::uint64_t{tear.over} << 16U | tear.at);
  const auto [entry, is_new] = blocks_.try_emplace(key);
  if (is_new) {
    std::array<std::byte, block_bytes> bytes;
    contents.compose_block(source, steps, tear, sizes, bytes);
    entry->second = block_term(source.block, std::span(bytes).first(visible));
  }
  return entry->second;
}

HashSum FileHashes::untouched(InodeId inode, std::uint32_t sizes) {
  const Contents& contents = history_.contents[inode];
  std::uint64_t readable = contents.size_after(0);
  for (std::uint32_t step = 0; step < sizes; ++step) {
    if (contents.sizes()[step].cuts) readable = std::min(readable, contents.sizes()[step].size);
  }
  if (readable == 0) return {};
  const auto [entry, is_new] = untouched_.try_emplace(combine(Hash128{inode, 0}, readable));
  if (!is_new) return entry->second;
  HashSum sum;
  auto chain = contents.blocks().begin();
  for (std::uint64_t block = 0; block * block_bytes < readable; ++block) {
    while (chain != contents.blocks().end() && chain->block < block) ++chain;
    if (chain != contents.blocks().end() && chain->block == block) continue;
    const std::uint64_t start = block * block_bytes;
    const std::uint64_t size = visible_bytes(block, readable);
    sum += block_term(block, contents.initial().subspan(start, size));
  }
  return entry->second = sum;
}

}  // namespace untorn::crash
