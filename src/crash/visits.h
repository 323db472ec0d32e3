// SPDX-License-Identifier: Apache-2.0
//
// What all ways of enumerating share: each distinct state is shown once, and the budget is kept.
#pragma once
#include <cstdint>
#include <unordered_set>

#include "crash/count.h"
#include "crash/engine.h"
#include "crash/tree_hash.h"

namespace untorn::crash {

class Visits {
 public:
  Visits(const Budget& budget, const Visitor& visitor) : budget_(budget), visitor_(visitor) {}

  // Two states are the same if their trees on the footprint are equal and as much had been
  // acknowledged when they arose.
  [[nodiscard]] bool is_new(HashSum tree, std::uint32_t acknowledged) {
    const Hash128 key = combine(Hash128{tree.first, tree.second}, acknowledged);
    return seen_.insert(key).second;
  }

  // False: the enumeration ends here.
  bool show(const CrashState& state) {
    ++distinct_;
    ended_ = ended_ || !visitor_(state);
    return !ended_;
  }

  // Asked before each state: false when the enumeration must end.
  [[nodiscard]] bool may_go_on() {
    if (ended_) return false;
    if (budget_.stop != nullptr && *budget_.stop) ended_ = true;
    if (budget_.deadline != std::chrono::steady_clock::time_point::max() &&
        std::chrono::steady_clock::now() >= budget_.deadline) {
      ended_ = true;
    }
    return !ended_;
  }

  void add_checked(std::uint64_t states) { checked_ = add_counts(checked_, states); }

  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] std::uint64_t checked() const noexcept { return checked_; }
  [[nodiscard]] std::uint64_t distinct() const noexcept { return distinct_; }

 private:
  const Budget& budget_;
  const Visitor& visitor_;
  std::unordered_set<Hash128, Hash128Hasher> seen_;
  std::uint64_t checked_ = 0;
  std::uint64_t distinct_ = 0;
  bool ended_ = false;
};

}  // namespace untorn::crash
