// SPDX-License-Identifier: Apache-2.0
//
// The tracer's loop. Invariants:
//   L1  at most one recorded call runs at a time: a thread that reaches another one waits at its
//       entry. So the log has one order, and it is the order in which things happened. The making
//       of a file is excepted: it may still run, and is in the log from when its name is there;
//   L2  tracer and program share one core: whoever runs, the other one is not in the middle of
//       something, and no wake-up crosses cores;
//   L3  a write or sync that the recorder can do in place of the program takes one stop instead of
//       two; to the program it looks like its own;
//   L4  every traced process ends with the run, whatever ends it.
#pragma once
#include <sys/user.h>

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "prove/stack/stack.h"
#include "prove/trace/child.h"
#include "prove/trace/inject.h"
#include "prove/trace/output.h"
#include "prove/trace/recorder.h"
#include "prove/trace/time_and_place.h"
#include "prove/trace/trace.h"

namespace untorn::prove {

class Tracer {
 public:
  Tracer(const Sandbox& sandbox, const TraceOptions& options, StackCollector* stacks, Trace& trace,
         const Child& child, FileKey output);
  void run();
  Recorder& recorder() noexcept { return recorder_; }

 private:
  using Clock = std::chrono::steady_clock;
  // A call that takes longer no longer holds others up.
  static constexpr std::chrono::milliseconds alone_ms{1000};

  struct TracedThread {
    Thread thread;
    Recorder::Moment arrival;    // at the entry of its call
    Clock::time_point patience;  // until when it waits there for another call on the same name
    std::optional<PendingCall> pending;   // its recorded call runs
    Injection injection;                  // into that
    user_regs_struct own_registers = {};  // what Injection::instead took the place of
  };

  TracedThread& add_thread(pid_t id, pid_t process);
  TracedThread& thread_of(pid_t id);
  std::vector<pid_t> live_processes() const;
  void resume(TracedThread& thread, int signal = 0);
  void handle(pid_t id, int status);
  void handle_birth(TracedThread& parent);
  void handle_entry(TracedThread& thread);
  void enter_call(TracedThread& thread);
  void run_call(TracedThread& thread, PendingCall call);
  bool inject_at_entry(TracedThread& thread, PendingCall& call, const user_regs_struct& registers);
  std::int64_t inject_at_exit(TracedThread& thread, std::int64_t result);
  // The call at whose entry the thread stands does not run: it returns `result`.
  static void answer(pid_t id, std::int64_t result, user_regs_struct registers);
  void refuse(TracedThread& thread, int reason);
  void take_told_stack(TracedThread& thread, std::uint64_t address, std::uint64_t size);
  void handle_exit(TracedThread& thread);
  // A recorded call is over.
  void complete(PendingCall& call, std::int64_t result);

  // The thread does no longer run alone: the next threads at an entry, until one of them does.
  void release(pid_t id);
  void release_waiting();

  // execve ends all other threads; the one that called it takes over the process's own id.
  void handle_new_program(pid_t process);
  void handle_end(pid_t id, int status);
  void handle_main_end(int status);

  // The first reason to end counts.
  void end_run(RunEnd end);
  void kill_all();
  void look_at_the_clock();

  const TraceOptions& options_;
  StackCollector* stacks_;
  Trace& trace_;
  const Child& child_;
  ProgramOutput output_;
  Recorder recorder_;
  std::map<pid_t, TracedThread> threads_;
  std::map<pid_t, int> processes_;  // process → its threads
  std::set<pid_t> foreign_;
  pid_t alone_ = 0;  // the thread whose recorded call runs
  Clock::time_point alone_until_;
  std::deque<pid_t> waiting_;
  Clock::time_point next_look_;
  bool main_ended_ = false;
  bool ending_ = false;
  Clock::time_point stop_at_ = Clock::time_point::max();
  Clock::time_point kill_at_ = Clock::time_point::max();
};

}  // namespace untorn::prove
