// SPDX-License-Identifier: Apache-2.0
//
// The hash of a tree as a sum, so that a state which differs from another in one block of one file
// costs one addition: hash(tree) = sum over paths of m(path) * h(file), and h(file) = the terms of
// its type, its size and its blocks. m(path) is odd and as good as random; two lanes of 64 bits.
//
// Modes are not in it: no model varies them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/hash.h"
#include "filesystem/operation_log.h"

namespace untorn::crash {

struct HashSum {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  constexpr HashSum() = default;
  constexpr HashSum(std::uint64_t a, std::uint64_t b) : first(a), second(b) {}
  constexpr explicit HashSum(Hash128 hash) : first(hash.first), second(hash.second) {}

  constexpr HashSum& operator+=(HashSum other) noexcept {
    first += other.first;
    second += other.second;
    return *this;
  }
  constexpr HashSum& operator-=(HashSum other) noexcept {
    first -= other.first;
    second -= other.second;
    return *this;
  }
  friend constexpr HashSum operator+(HashSum a, HashSum b) noexcept { return a += b; }
  friend constexpr HashSum operator-(HashSum a, HashSum b) noexcept { return a -= b; }
  friend constexpr HashSum operator*(HashSum a, HashSum b) noexcept {
    return {a.first * b.first, a.second * b.second};
  }
  friend constexpr bool operator==(HashSum, HashSum) = default;
};

[[nodiscard]] inline HashSum path_factor(std::string_view path) noexcept {
  const Hash128 hash = hash128(path);
  return {hash.first | 1U, hash.second | 1U};
}

[[nodiscard]] constexpr HashSum type_term(FileType type) noexcept {
  return HashSum(combine(Hash128{0x74797065U, 1}, static_cast<std::uint64_t>(type)));
}

[[nodiscard]] constexpr HashSum size_term(std::uint64_t size) noexcept {
  return HashSum(combine(Hash128{0x73697A65U, 2}, size));
}

// Of what can be read of a block; zeros at its end do not count, so that a hole and a block of
// zeros are the same.
[[nodiscard]] inline HashSum block_term(std::uint64_t block,
                                        std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty() && bytes.back() == std::byte{0}) bytes = bytes.first(bytes.size() - 1);
  if (bytes.empty()) return {};
  return HashSum(combine(hash128(bytes), block));
}

[[nodiscard]] inline HashSum link_term(std::string_view target) noexcept {
  return HashSum(hash128(target, {0x6C696E6BU, 3}));
}

}  // namespace untorn::crash
