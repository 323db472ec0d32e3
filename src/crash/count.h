// SPDX-License-Identifier: Apache-2.0
//
// Counting states: numbers that stop at the largest value instead of wrapping round, and the count
// of a set of states in two parts, those without a torn request and those with one. At most one
// request of a state is torn, so the product of two independent parts is
//   (p, t) * (q, u) = (p q, p u + t q).
#pragma once
#include <cstdint>
#include <limits>

namespace untorn::crash {

inline constexpr std::uint64_t count_max = std::numeric_limits<std::uint64_t>::max();

[[nodiscard]] constexpr std::uint64_t add_counts(std::uint64_t a, std::uint64_t b) noexcept {
  return a > count_max - b ? count_max : a + b;
}
[[nodiscard]] constexpr std::uint64_t multiply_counts(std::uint64_t a, std::uint64_t b) noexcept {
  if (a == 0 || b == 0) return 0;
  return a > count_max / b ? count_max : a * b;
}

struct TornCount {
  std::uint64_t plain = 0;
  std::uint64_t torn = 0;

  [[nodiscard]] constexpr std::uint64_t all() const noexcept { return add_counts(plain, torn); }
  constexpr TornCount& operator+=(TornCount other) noexcept {
    plain = add_counts(plain, other.plain);
    torn = add_counts(torn, other.torn);
    return *this;
  }
  friend constexpr TornCount operator*(TornCount a, TornCount b) noexcept {
    return {multiply_counts(a.plain, b.plain),
            add_counts(multiply_counts(a.plain, b.torn), multiply_counts(a.torn, b.plain))};
  }
};

}  // namespace untorn::crash
