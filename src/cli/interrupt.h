// SPDX-License-Identifier: Apache-2.0
//
// Ctrl-C between two steps of the work, never inside one.
//
//   InterruptGuard guard;  // before anything that must be cleaned up is made
//   while (guard.wait_readable(STDIN_FILENO)) { … }
//   if (guard.signal() != 0) { clean up; return guard.exit_code(); }
//
// While the guard lives, SIGINT, SIGTERM and SIGHUP are held back and only seen by wait_readable()
// and interrupted(); signals that the caller ignores (nohup) stay ignored. One that comes too late
// to stop anything is dropped with the guard: then the work is done, and the exit code must say so.
// One guard at a time.
#pragma once
#include <csignal>

#include "cli/command.h"

namespace untorn::cli {

// Holds the same signals back for a few steps that end by cleaning up; they arrive afterwards.
class DelayedSignals {
 public:
  DelayedSignals();
  DelayedSignals(const DelayedSignals&) = delete;
  DelayedSignals& operator=(const DelayedSignals&) = delete;
  ~DelayedSignals();

 private:
  sigset_t mask_before_ = {};
};

class InterruptGuard {
 public:
  InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();

  // Waits until a read would not block (end of file and errors included). False: a signal came.
  [[nodiscard]] bool wait_readable(int descriptor);
  // Has a signal come? Does not wait.
  [[nodiscard]] bool interrupted();
  // The signal that came, or 0.
  [[nodiscard]] int signal() const noexcept { return signal_; }
  // 128 and the signal's number, as shells report it: 130 for Ctrl-C.
  [[nodiscard]] ExitCode exit_code() const noexcept { return static_cast<ExitCode>(128 + signal_); }

 private:
  sigset_t held_ = {};
  sigset_t mask_before_ = {};
  int descriptor_ = -1;  // a signalfd
  int signal_ = 0;
};

}  // namespace untorn::cli
