// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/tracer.h"

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "prove/trace/ptrace_request.h"

namespace untorn::prove {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds descendants_ms{2000};  // after the main process has ended
constexpr milliseconds terminate_ms{2000};    // between SIGTERM and SIGKILL

}  // namespace

Tracer::Tracer(const Sandbox& sandbox, const TraceOptions& options, StackCollector* stacks,
               Trace& trace, const Child& child, FileKey output)
    : options_(options),
      stacks_(options.stacks ? stacks : nullptr),
      trace_(trace),
      child_(child),
      output_(child, trace.output),
      recorder_({sandbox, options, trace, output, [this] { return output_.take(); },
                 [this] { return live_processes(); }, [this] { return threads_.size(); }}) {
  add_thread(child.process, child.process);
}

void Tracer::run() {
  if (options_.stop_after) stop_at_ = Clock::now() + *options_.stop_after;
  while (!threads_.empty()) {
    int status = 0;
    const pid_t id = ::waitpid(-1, &status, __WALL);
    if (id > 0) handle(id, status);
    if (id < 0 && errno == ECHILD) break;
    look_at_the_clock();
  }
  output_.drain();
  recorder_.finish_run();
}

Tracer::TracedThread& Tracer::add_thread(pid_t id, pid_t process) {
  TracedThread& added = threads_[id];
  added.thread.id = id;
  added.thread.process = process;
  added.thread.own_files = id != process && has_own_files(process, id);
  ++processes_[process];
  if (ending_) (void)::kill(process, SIGKILL);  // it was made while the others were being killed
  if (threads_.size() > options_.processes_max && !ending_) {
    trace_.why =
        "more than " + std::to_string(options_.processes_max) + " processes and threads at once";
    end_run(RunEnd::too_much);
  }
  return added;
}

Tracer::TracedThread& Tracer::thread_of(pid_t id) {
  const auto known = threads_.find(id);
  if (known != threads_.end()) return known->second;
  const pid_t process = process_of(id);
  return add_thread(id, process > 0 ? process : id);
}

std::vector<pid_t> Tracer::live_processes() const {
  std::vector<pid_t> processes;
  processes.reserve(processes_.size());
  for (const auto& [process, count] : processes_) processes.push_back(process);
  return processes;
}

void Tracer::resume(TracedThread& thread, int signal) {
  const bool wants_exit = thread.pending.has_value();
  (void)trace_request(wants_exit ? PTRACE_SYSCALL : PTRACE_CONT, thread.thread.id, 0,
                      static_cast<unsigned long>(signal));
}

void Tracer::handle(pid_t id, int status) {
  if (recorder_.look_at_creations(id)) release_waiting();
  if (WIFEXITED(status) || WIFSIGNALED(status)) return handle_end(id, status);
  if (!WIFSTOPPED(status)) return;
  TracedThread& thread = thread_of(id);
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  switch (event) {
    case PTRACE_EVENT_SECCOMP:
      return handle_entry(thread);
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
      return handle_birth(thread);
    case PTRACE_EVENT_EXEC:
      return handle_new_program(id);
    case PTRACE_EVENT_STOP:
      // A stop of the whole process stays one; the first stop of a new thread does not.
      if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
        (void)trace_request(PTRACE_LISTEN, id, 0, 0);
      } else {
        resume(thread);
      }
      return;
    default:
      if (signal == (SIGTRAP | 0x80)) return handle_exit(thread);
      return resume(thread, signal);
  }
}

void Tracer::handle_birth(TracedThread& parent) {
  unsigned long message = 0;
  (void)trace_request(PTRACE_GETEVENTMSG, parent.thread.id, 0, address_of(message));
  const auto made = static_cast<pid_t>(message);
  if (made != 0 && !threads_.contains(made)) {
    const pid_t process = parent.thread.process;
    (void)add_thread(made, is_thread_of(process, made) ? process : made);
  }
  resume(parent);
}

void Tracer::handle_entry(TracedThread& thread) {
  ++trace_.calls_traced;
  if (ending_) return resume(thread);
  thread.arrival = recorder_.now();
  thread.patience = Clock::now() + alone_ms;
  if (alone_ != 0 && Clock::now() < alone_until_) {
    waiting_.push_back(thread.thread.id);
    return;
  }
  enter_call(thread);
}

void Tracer::release(pid_t id) {
  if (alone_ != id) return;
  alone_ = 0;
  release_waiting();
}

void Tracer::release_waiting() {
  // One that cannot enter yet goes to the end again.
  for (std::size_t left = waiting_.size(); alone_ == 0 && left > 0; --left) {
    const pid_t next = waiting_.front();
    waiting_.pop_front();
    const auto thread = threads_.find(next);
    if (thread == threads_.end()) continue;
    if (ending_) {
      resume(thread->second);
    } else {
      enter_call(thread->second);
    }
  }
}

void Tracer::handle_new_program(pid_t process) {
  for (auto entry = threads_.begin(); entry != threads_.end();) {
    const bool gone = entry->second.thread.process == process && entry->first != process;
    const pid_t id = entry->first;
    if (gone) {
      --processes_[process];
      entry = threads_.erase(entry);
      release(id);
    } else {
      ++entry;
    }
  }
  TracedThread& thread = thread_of(process);
  thread.pending.reset();
  thread.thread.own_files = false;
  release(process);
  if (stacks_ != nullptr) stacks_->forget(process);
  recorder_.look_at_mappings();
  recorder_.note_program(process);
  resume(thread);
}

void Tracer::handle_end(pid_t id, int status) {
  const auto known = threads_.find(id);
  if (known == threads_.end()) return;
  const pid_t process = known->second.thread.process;
  threads_.erase(known);
  const auto count = processes_.find(process);
  if (count != processes_.end() && --count->second <= 0) processes_.erase(count);
  if (id == process) {
    processes_.erase(process);
    recorder_.forget_process(process);
    if (stacks_ != nullptr) stacks_->forget(process);
  }
  if (id == child_.process) handle_main_end(status);
  release(id);
}

void Tracer::handle_main_end(int status) {
  main_ended_ = true;
  output_.drain();
  const bool by_itself = trace_.end == RunEnd::exited;
  if (WIFEXITED(status)) trace_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) {
    trace_.signal = WTERMSIG(status);
    if (by_itself) trace_.end = RunEnd::signalled;
  }
  recorder_.finish_main(by_itself && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  kill_at_ = std::min(kill_at_, Clock::now() + descendants_ms);
}

void Tracer::end_run(RunEnd end) {
  if (ending_) return;
  trace_.end = end;
  kill_all();
}

void Tracer::kill_all() {
  ending_ = true;
  for (const auto& [process, count] : processes_) (void)::kill(process, SIGKILL);
}

void Tracer::look_at_the_clock() {
  const auto now = Clock::now();
  if (threads_.empty() || now < next_look_) return;
  next_look_ = now + tick_ms;
  output_.drain();
  if (options_.stop != nullptr && *options_.stop && !ending_) end_run(RunEnd::interrupted);
  if (now >= stop_at_ && !main_ended_ && !ending_) {
    stop_at_ = Clock::time_point::max();
    trace_.end = RunEnd::stopped;
    for (const auto& [process, count] : processes_) (void)::kill(process, SIGTERM);
    kill_at_ = std::min(kill_at_, now + terminate_ms);
  }
  if (alone_ != 0 && now >= alone_until_ && !waiting_.empty()) {
    recorder_.note("a call took over a second; others ran beside it");
    release(alone_);
  }
  (void)recorder_.look_at_creations(0);
  if (alone_ == 0) release_waiting();
  const bool may_kill = alone_ == 0 || now - alone_ms >= kill_at_;
  if (now >= kill_at_ && may_kill) {
    if (main_ended_ && !ending_ && trace_.end != RunEnd::stopped) {
      recorder_.note("processes that outlived the command were killed");
    }
    kill_all();  // again and again: a fork may have been on its way
  }
  if (ending_) kill_all();
}

}  // namespace untorn::prove
