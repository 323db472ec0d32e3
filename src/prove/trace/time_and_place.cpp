// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/time_and_place.h"

namespace untorn::prove {

TickTimer::TickTimer() {
  struct sigaction tick = {};
  tick.sa_handler = [](int) {};  // without SA_RESTART: the wait returns EINTR
  (void)::sigaction(SIGALRM, &tick, &action_);
  // Stops are waited for; their signals would only be thrown away.
  struct sigaction quiet = {};
  quiet.sa_handler = SIG_DFL;
  quiet.sa_flags = SA_NOCLDSTOP;
  (void)::sigaction(SIGCHLD, &quiet, &child_action_);
  // Sent when a file is opened for writing in the moment in which a lease asks for its writers.
  struct sigaction ignored = {};
  ignored.sa_handler = SIG_IGN;
  (void)::sigaction(SIGIO, &ignored, &lease_action_);
  (void)::sigprocmask(SIG_BLOCK, nullptr, &signals_);
  sigset_t alarm;
  ::sigemptyset(&alarm);
  ::sigaddset(&alarm, SIGALRM);
  (void)::sigprocmask(SIG_UNBLOCK, &alarm, nullptr);
  constexpr long tick_us = std::chrono::microseconds(tick_ms).count();
  const itimerval timer = {{0, tick_us}, {0, tick_us}};
  (void)::setitimer(ITIMER_REAL, &timer, &timer_);
}

TickTimer::~TickTimer() {
  (void)::setitimer(ITIMER_REAL, &timer_, nullptr);
  (void)::sigaction(SIGALRM, &action_, nullptr);
  (void)::sigaction(SIGIO, &lease_action_, nullptr);
  (void)::sigaction(SIGCHLD, &child_action_, nullptr);
  (void)::sigprocmask(SIG_SETMASK, &signals_, nullptr);
}

}  // namespace untorn::prove
