// SPDX-License-Identifier: Apache-2.0
//
// A fast 128-bit hash for telling contents apart in memory: MurmurHash3, x64, 128 bits.
//
// With 2^32 different contents the chance that any two collide is below 2^-64. It is no defence
// against someone who chooses contents that collide. A file format that stores its values names the
// algorithm (src/document/generations.h does); everywhere else they stay in memory.
#pragma once
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace untorn {

struct Hash128 {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  friend constexpr auto operator<=>(const Hash128&, const Hash128&) = default;
};

[[nodiscard]] Hash128 hash128(std::span<const std::byte> bytes, Hash128 seed = {}) noexcept;

[[nodiscard]] inline Hash128 hash128(std::string_view text, Hash128 seed = {}) noexcept {
  return hash128(std::as_bytes(std::span(text.data(), text.size())), seed);
}

// The same of content that comes in pieces: any division gives hash128 of the whole.
class Hash128Stream {
 public:
  explicit Hash128Stream(Hash128 seed = {}) noexcept : state_(seed) {}

  void add(std::span<const std::byte> bytes) noexcept;
  // Of everything so far; more may be added.
  [[nodiscard]] Hash128 result() const noexcept;

 private:
  static constexpr std::size_t block_bytes = 16;

  void add_block(std::span<const std::byte> block) noexcept;

  Hash128 state_;
  std::uint64_t length_bytes_ = 0;
  std::array<std::byte, block_bytes> rest_{};  // what did not fill a block
  std::size_t rest_bytes_ = 0;
};

// The avalanche of MurmurHash3: every bit of the input moves about half of the output's bits.
[[nodiscard]] constexpr std::uint64_t scramble(std::uint64_t value) noexcept {
  value ^= value >> 33U;
  value *= 0xFF51AFD7ED558CCDU;
  value ^= value >> 33U;
  value *= 0xC4CEB9FE1A85EC53U;
  value ^= value >> 33U;
  return value;
}

// A hash of a sequence, one element at a time: combine(combine(h, a), b) differs from
// combine(combine(h, b), a).
[[nodiscard]] constexpr Hash128 combine(Hash128 hash, std::uint64_t value) noexcept {
  const std::uint64_t first = scramble(hash.first + 0x9E3779B97F4A7C15U) ^ value;
  const std::uint64_t second = hash.second * 0x87C37B91114253D5U + value + 0x52DCE729U;
  return {scramble(first + second), scramble(second ^ (first << 1U | first >> 63U))};
}

[[nodiscard]] constexpr Hash128 combine(Hash128 hash, Hash128 value) noexcept {
  return combine(combine(hash, value.first), value.second);
}

// For the hashed containers of the standard library.
struct Hash128Hasher {
  [[nodiscard]] constexpr std::size_t operator()(const Hash128& hash) const noexcept {
    return hash.first;
  }
};

}  // namespace untorn
