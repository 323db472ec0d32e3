// SPDX-License-Identifier: Apache-2.0
//
// The tracer's loop. Invariants:
//   L1  at most one recorded call runs at a time: a thread that reaches another one waits at its
//       entry. So the log has one order, and it is the order in which things happened;
//   L2  tracer and program share one core: whoever runs, the other one is not in the middle of
//       something, and no wake-up crosses cores;
//   L3  every traced process ends with the run, whatever ends it.
#pragma once
#include <sched.h>
#include <signal.h>
#include <sys/time.h>

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "prove/stack/stack.h"
#include "prove/trace/child.h"
#include "prove/trace/recorder.h"
#include "prove/trace/trace.h"

namespace untorn::prove {

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
  itimerval timer_ = {};
};

class Tracer {
 public:
  Tracer(const Sandbox& sandbox, const TraceOptions& options, StackCollector* stacks, Trace& trace,
         const Child& child, FileKey output);
  void run();
  Recorder& recorder() noexcept { return recorder_; }

 private:
  using Clock = std::chrono::steady_clock;

  struct TracedThread {
    Thread thread;
    std::optional<PendingCall> pending;  // its recorded call runs
  };

  TracedThread& add_thread(pid_t id, pid_t process);
  TracedThread& thread_of(pid_t id);
  std::vector<pid_t> live_processes() const;
  void resume(TracedThread& thread, int signal = 0);
  void handle(pid_t id, int status);
  void handle_entry(TracedThread& thread);
  void enter_call(TracedThread& thread);
  void refuse(TracedThread& thread, int reason);
  void handle_exit(TracedThread& thread);

  // The next threads at an entry, until one of them runs alone again.
  void release(pid_t id);

  // execve ends all other threads; the one that called it takes over the process's own id.
  void handle_new_program(pid_t process);
  void handle_end(pid_t id, int status);
  void handle_main_end(int status);

  // The first reason to end counts.
  void end_run(RunEnd end);
  void kill_all();
  void look_at_the_clock();
  // Standard output: collected and passed on; and what has come since the last question.
  void drain_output();
  std::string take_output();

  const TraceOptions& options_;
  StackCollector* stacks_;
  Trace& trace_;
  const Child& child_;
  Recorder recorder_;
  std::map<pid_t, TracedThread> threads_;
  std::map<pid_t, int> processes_;  // process → its threads
  std::set<pid_t> foreign_;
  pid_t alone_ = 0;  // the thread whose recorded call runs
  Clock::time_point alone_until_;
  std::deque<pid_t> waiting_;
  std::string new_output_;  // not yet asked for
  Clock::time_point next_look_;
  bool main_ended_ = false;
  bool ending_ = false;
  Clock::time_point stop_at_ = Clock::time_point::max();
  Clock::time_point kill_at_ = Clock::time_point::max();
};

}  // namespace untorn::prove
