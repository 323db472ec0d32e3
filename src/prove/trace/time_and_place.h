// SPDX-License-Identifier: Apache-2.0
//
// Where and when the tracer looks: on one core, and at the clock every few milliseconds.
#pragma once
#include <sched.h>
#include <signal.h>
#include <sys/time.h>

#include <chrono>

namespace untorn::prove {

inline constexpr std::chrono::milliseconds tick_ms{
    10};  // how often output and deadlines are looked at

// Pins this process, and with it the children to come, to the core that it is on.
class CorePin {
 public:
  CorePin() {
    CPU_ZERO(&before_);
    restore_ = ::sched_getaffinity(0, sizeof before_, &before_) == 0;
    cpu_set_t one;
    CPU_ZERO(&one);
    const int core = ::sched_getcpu();
    if (core < 0) return;
    CPU_SET(static_cast<unsigned>(core), &one);
    (void)::sched_setaffinity(0, sizeof one, &one);
  }
  ~CorePin() {
    if (restore_) (void)::sched_setaffinity(0, sizeof before_, &before_);
  }
  CorePin(const CorePin&) = delete;
  CorePin& operator=(const CorePin&) = delete;

 private:
  cpu_set_t before_ = {};
  bool restore_ = false;
};

// Interrupts a blocking wait every few milliseconds, so that the clock can be looked at. One
// blocking call for each stop is half of what waiting for signals costs.
class TickTimer {
 public:
  TickTimer();
  ~TickTimer();
  TickTimer(const TickTimer&) = delete;
  TickTimer& operator=(const TickTimer&) = delete;

  // What the program shall start with.
  [[nodiscard]] const sigset_t& signals() const noexcept { return signals_; }

 private:
  sigset_t signals_ = {};
  struct sigaction action_ = {};
  struct sigaction lease_action_ = {};
  struct sigaction child_action_ = {};
  itimerval timer_ = {};
};

}  // namespace untorn::prove
