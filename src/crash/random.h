// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "base/hash.h"

namespace untorn::crash {

// SplitMix64: the same numbers from the same seed on every machine, which the distributions of the
// standard library do not promise.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    state_ += 0x9E3779B97F4A7C15U;
    return scramble(state_);
  }
  // In [0, bound); bound > 0. The bias is below bound / 2^64.
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  bool one_in(std::uint64_t n) noexcept { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace untorn::crash
