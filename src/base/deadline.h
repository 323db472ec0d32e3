// SPDX-License-Identifier: Apache-2.0
//
// When a wait is over. A caller may say "for ever" by the longest duration there is, which added to
// now is beyond what a clock can count.
#pragma once
#include <algorithm>
#include <chrono>

namespace untorn {

// The instant `wait` from now, or the last one that the clock knows. A negative wait is none.
[[nodiscard]] inline std::chrono::steady_clock::time_point deadline_after(
    std::chrono::milliseconds wait) {
  using std::chrono::steady_clock;
  const steady_clock::time_point now = steady_clock::now();
  const auto most =
      std::chrono::floor<std::chrono::milliseconds>(steady_clock::time_point::max() - now);
  return now + std::clamp(wait, std::chrono::milliseconds(0), most);
}

}  // namespace untorn
