// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <bit>
#include <cstring>

namespace untorn {
namespace {

constexpr std::uint64_t multiplier_first = 0x87C37B91114253D5U;
constexpr std::uint64_t multiplier_second = 0x4CF5AD432745937FU;
constexpr std::size_t block_bytes = 16;

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

Hash128 hash128(std::span<const std::byte> bytes, Hash128 seed) noexcept {
  std::uint64_t first = seed.first;
  std::uint64_t second = seed.second;
  std::span<const std::byte> rest = bytes;
  for (; rest.size() >= block_bytes; rest = rest.subspan(block_bytes)) {
    const Block block = load(rest.first(block_bytes));
    first ^= mix_first(block.first);
    first = (std::rotl(first, 27) + second) * 5 + 0x52DCE729U;
    second ^= mix_second(block.second);
    second = (std::rotl(second, 31) + first) * 5 + 0x38495AB5U;
  }
  if (!rest.empty()) {
    const Block block = load(rest);
    second ^= mix_second(block.second);
    first ^= mix_first(block.first);
  }
  // The length is part of the hash: a short block and the same block with zeros differ.
  first ^= bytes.size();
  second ^= bytes.size();
  first += second;
  second += first;
  first = scramble(first);
  second = scramble(second);
  first += second;
  second += first;
  return {first, second};
}

}  // namespace untorn
