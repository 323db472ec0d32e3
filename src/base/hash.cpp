// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace untorn {
namespace {

constexpr std::uint64_t multiplier_first = 0x87C37B91114253D5U;
constexpr std::uint64_t multiplier_second = 0x4CF5AD432745937FU;
struct Block {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

// The last block may be short: its missing bytes count as zeros.
Block load(std::span<const std::byte> bytes) noexcept {
  Block block;
  std::memcpy(&block, bytes.data(), bytes.size());
  if constexpr (std::endian::native == std::endian::big) {
    block = {__builtin_bswap64(block.first), __builtin_bswap64(block.second)};
  }
  return block;
}

std::uint64_t mix_first(std::uint64_t value) noexcept {
  return std::rotl(value * multiplier_first, 31) * multiplier_second;
}

std::uint64_t mix_second(std::uint64_t value) noexcept {
  return std::rotl(value * multiplier_second, 33) * multiplier_first;
}

}  // namespace

void Hash128Stream::add_block(std::span<const std::byte> block) noexcept {
  const Block halves = load(block);
  state_.first ^= mix_first(halves.first);
  state_.first = (std::rotl(state_.first, 27) + state_.second) * 5 + 0x52DCE729U;
  state_.second ^= mix_second(halves.second);
  state_.second = (std::rotl(state_.second, 31) + state_.first) * 5 + 0x38495AB5U;
}

void Hash128Stream::add(std::span<const std::byte> bytes) noexcept {
  length_bytes_ += bytes.size();
  if (rest_bytes_ != 0) {
    const std::size_t taken = std::min(bytes.size(), block_bytes - rest_bytes_);
    std::copy_n(bytes.begin(), taken, std::span(rest_).subspan(rest_bytes_).begin());
    rest_bytes_ += taken;
    bytes = bytes.subspan(taken);
    if (rest_bytes_ < block_bytes) return;
    add_block(rest_);
    rest_bytes_ = 0;
  }
  for (; bytes.size() >= block_bytes; bytes = bytes.subspan(block_bytes)) {
    add_block(bytes.first(block_bytes));
  }
  std::copy(bytes.begin(), bytes.end(), rest_.begin());
  rest_bytes_ = bytes.size();
}

Hash128 Hash128Stream::result() const noexcept {
  std::uint64_t first = state_.first;
  std::uint64_t second = state_.second;
  if (rest_bytes_ != 0) {
    const Block block = load(std::span(rest_).first(rest_bytes_));
    second ^= mix_second(block.second);
    first ^= mix_first(block.first);
  }
  // The length is part of the hash: a short block and the same block with zeros differ.
  first ^= length_bytes_;
  second ^= length_bytes_;
  first += second;
  second += first;
  first = scramble(first);
  second = scramble(second);
  first += second;
  second += first;
  return {first, second};
}

Hash128 hash128(std::span<const std::byte> bytes, Hash128 seed) noexcept {
  Hash128Stream stream(seed);
  stream.add(bytes);
  return stream.result();
}

}  // namespace untorn
