// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupt.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

namespace untorn::cli {
namespace {

constexpr std::array held_signals = {SIGINT, SIGTERM, SIGHUP};

bool is_ignored(int signal) {
  struct sigaction action = {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t signals_to_hold() {
  sigset_t held;
  sigemptyset(&held);
  for (const int signal : held_signals) {
    if (!is_ignored(signal)) sigaddset(&held, signal);
  }
  return held;
}

}  // namespace

DelayedSignals::DelayedSignals() {
  const sigset_t held = signals_to_hold();
  sigprocmask(SIG_BLOCK, &held, &mask_before_);
}

DelayedSignals::~DelayedSignals() {
  sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

// The signals stay blocked throughout and are taken with sigtimedwait: no handler, so no state that
// a handler would share. The descriptor wakes a poll; without it (no descriptors left) a signal is
// seen with the next piece of input.
InterruptGuard::InterruptGuard() : held_(signals_to_hold()) {
  sigprocmask(SIG_BLOCK, &held_, &mask_before_);
  descriptor_ = signalfd(-1, &held_, SFD_CLOEXEC | SFD_NONBLOCK);
}

InterruptGuard::~InterruptGuard() {
  const timespec no_wait = {};
  while (sigtimedwait(&held_, nullptr, &no_wait) > 0) {
  }
  if (descriptor_ >= 0) (void)close(descriptor_);
  sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

bool InterruptGuard::interrupted() {
  const timespec no_wait = {};
  if (signal_ == 0) signal_ = std::max(sigtimedwait(&held_, nullptr, &no_wait), 0);
  return signal_ != 0;
}

bool InterruptGuard::wait_readable(int descriptor) {
  while (!interrupted()) {
    std::array<pollfd, 2> watched = {pollfd{.fd = descriptor, .events = POLLIN, .revents = 0},
                                     pollfd{.fd = descriptor_, .events = POLLIN, .revents = 0}};
    const int ready = poll(watched.data(), watched.size(), -1);
    if (ready < 0 && errno != EINTR) return true;  // let the read say what is wrong
    if (watched[1].revents == 0 && watched[0].revents != 0) return true;
  }
  return false;
}

}  // namespace untorn::cli
