// SPDX-License-Identifier: Apache-2.0
//
// Durations for counters. Where nobody counts, no clock is read.
#pragma once
#include <chrono>
#include <optional>

#include "untorn/counters.h"

namespace untorn::counters {

// Makes the sync call and counts how long it took, also when it failed.
//   auto synced = counters::timed_sync(counters, [&] { return fs.sync(file); });
template <class Sync>
[[nodiscard]] auto timed_sync(Counters* counters, const Sync& sync) {
  if (counters == nullptr) return sync();
  const auto begin = std::chrono::steady_clock::now();
  auto synced = sync();
  counters->count_sync(std::chrono::steady_clock::now() - begin);
  return synced;
}

// How long ago it was made.
class Stopwatch {
 public:
  explicit Stopwatch(const Counters* counters) {
    if (counters != nullptr) begin_ = std::chrono::steady_clock::now();
  }
  [[nodiscard]] std::chrono::nanoseconds elapsed() const {
    if (!begin_) return std::chrono::nanoseconds(0);
    return std::chrono::steady_clock::now() - *begin_;
  }

 private:
  std::optional<std::chrono::steady_clock::time_point> begin_;
};

}  // namespace untorn::counters
