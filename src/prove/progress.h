// SPDX-License-Identifier: Apache-2.0
//
// A line on stderr that is rewritten, only for runs that take long enough to wonder.
//
// Threads: one thread.
#pragma once
#include <chrono>
#include <cstdint>

#include "prove/prove.h"

namespace untorn::prove {

class Progress {
 public:
  // Shows nothing unless `wanted`.
  explicit Progress(bool wanted) : wanted_(wanted) {}
  // Takes the line away.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // How many states an engine has judged. At most ten times a second something is written.
  void show(Engine engine, std::uint64_t states);

 private:
  using Clock = std::chrono::steady_clock;

  bool wanted_;
  bool shown_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_;
};

}  // namespace untorn::prove
