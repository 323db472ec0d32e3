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

#include "prove/trace/filter.h"

namespace untorn::prove {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds tick_ms{10};           // how often output and deadlines are looked at
constexpr milliseconds alone_ms{1000};        // a call that takes longer no longer holds others up
constexpr milliseconds descendants_ms{2000};  // after the main process has ended
constexpr milliseconds terminate_ms{2000};    // between SIGTERM and SIGKILL
constexpr std::size_t output_bytes_max = 16U << 20U;  // kept; all of it is passed on

// Raw ptrace: glibc's declaration has an enum for the request and pointers for numbers.
long trace_request(int request, pid_t thread, unsigned long address, unsigned long data) {
  return ::syscall(SYS_ptrace, request, thread, address, data);
}
template <class T>
unsigned long address_of(T& value) {
  return reinterpret_cast<unsigned long>(&value);
}

}  // namespace

TickTimer::TickTimer() {
  struct sigaction tick = {};
  tick.sa_handler = [](int) {};  // without SA_RESTART: the wait returns EINTR
  (void)::sigaction(SIGALRM, &tick, &action_);
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
  (void)::sigprocmask(SIG_SETMASK, &signals_, nullptr);
}

Tracer::Tracer(const Sandbox& sandbox, const TraceOptions& options, StackCollector* stacks,
               Trace& trace, const Child& child, FileKey output)
    : options_(options),
      stacks_(options.stacks ? stacks : nullptr),
      trace_(trace),
      child_(child),
      recorder_({sandbox, options, trace, output, [this] { return take_output(); },
                 [this] { return live_processes(); }}) {
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
  drain_output();
  recorder_.finish_run();
}

Tracer::TracedThread& Tracer::add_thread(pid_t id, pid_t process) {
  TracedThread& added = threads_[id];
  added.thread.id = id;
  added.thread.process = process;
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
    case PTRACE_EVENT_CLONE: {
      unsigned long made = 0;
      (void)trace_request(PTRACE_GETEVENTMSG, id, 0, address_of(made));
      if (made != 0) (void)thread_of(static_cast<pid_t>(made));
      return resume(thread);
    }
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

void Tracer::handle_entry(TracedThread& thread) {
  ++trace_.calls_traced;
  if (ending_) return resume(thread);
  if (alone_ != 0 && Clock::now() < alone_until_) {
    waiting_.push_back(thread.thread.id);
    return;
  }
  enter_call(thread);
}

void Tracer::enter_call(TracedThread& thread) {
  const pid_t id = thread.thread.id;
  __ptrace_syscall_info info = {};
  if (trace_request(PTRACE_GET_SYSCALL_INFO, id, sizeof info, address_of(info)) <= 0) {
    return resume(thread);
  }
  if (info.op != PTRACE_SYSCALL_INFO_SECCOMP || info.seccomp.ret_data == filter_foreign_call) {
    if (foreign_.insert(thread.thread.process).second) {
      trace_.unexplained.emplace_back("a 32-bit program ran: its calls were not recorded");
    }
    return resume(thread);
  }
  PendingCall call;
  call.thread = thread.thread;
  call.number = info.seccomp.nr;
  std::copy(std::begin(info.seccomp.args), std::end(info.seccomp.args), call.arguments.begin());
  const Handling handling = recorder_.begin(call);
  thread.thread.own_files = call.thread.own_files;
  switch (handling) {
    case Handling::ignore:
      return resume(thread);
    case Handling::refuse:
      return refuse(thread, call.refusal);
    case Handling::escape:
      return end_run(RunEnd::escaped);
    case Handling::record:
      break;
  }
  if (call.changes && options_.kill_at_call == trace_.calls_changing) {
    return end_run(RunEnd::killed_at_call);
  }
  if (stacks_ != nullptr && !call.output) {
    user_regs_struct registers = {};
    if (trace_request(PTRACE_GETREGS, id, 0, address_of(registers)) == 0) {
      call.stack = stacks_->capture(thread.thread.process, id, registers);
    }
  }
  thread.pending = std::move(call);
  alone_ = id;
  alone_until_ = Clock::now() + alone_ms;
  resume(thread);
}

void Tracer::refuse(TracedThread& thread, int reason) {
  user_regs_struct registers = {};
  const pid_t id = thread.thread.id;
  if (trace_request(PTRACE_GETREGS, id, 0, address_of(registers)) == 0) {
    registers.orig_rax = ~0ULL;  // no such call: the kernel skips it
    registers.rax = static_cast<unsigned long long>(-static_cast<long long>(reason));
    (void)trace_request(PTRACE_SETREGS, id, 0, address_of(registers));
  }
  resume(thread);
}

void Tracer::handle_exit(TracedThread& thread) {
  __ptrace_syscall_info info = {};
  const pid_t id = thread.thread.id;
  if (thread.pending &&
      trace_request(PTRACE_GET_SYSCALL_INFO, id, sizeof info, address_of(info)) > 0 &&
      info.op == PTRACE_SYSCALL_INFO_EXIT) {
    if (info.exit.is_error != 0) {
      recorder_.fail(*thread.pending, static_cast<int>(-info.exit.rval));
    } else {
      recorder_.finish(*thread.pending, static_cast<std::uint64_t>(info.exit.rval));
    }
    if (recorder_.payload_bytes() > options_.payload_bytes_max && !ending_) {
      trace_.why =
          "more than " + std::to_string(options_.payload_bytes_max) + " bytes were written";
      end_run(RunEnd::too_much);
    } else if (recorder_.longest_file_bytes() > options_.file_bytes_max && !ending_) {
      trace_.why = "a file of " + std::to_string(recorder_.longest_file_bytes()) +
                   " bytes was written; more than " + std::to_string(options_.file_bytes_max) +
                   " cannot be judged";
      end_run(RunEnd::too_much);
    }
  }
  thread.pending.reset();
  resume(thread);
  release(id);
}

void Tracer::release(pid_t id) {
  if (alone_ != id) return;
  alone_ = 0;
  while (alone_ == 0 && !waiting_.empty()) {
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
  drain_output();
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
  drain_output();
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
  const bool may_kill = alone_ == 0 || now - alone_ms >= kill_at_;
  if (now >= kill_at_ && may_kill) {
    if (main_ended_ && !ending_ && trace_.end != RunEnd::stopped) {
      recorder_.note("processes that outlived the command were killed");
    }
    kill_all();  // again and again: a fork may have been on its way
  }
  if (ending_) kill_all();
}

namespace {

// What waits in a pipe, which is also passed on to our standard error.
std::string drain(int pipe) {
  std::string text;
  char buffer[1U << 14U];
  for (;;) {
    const ssize_t count = ::read(pipe, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(STDERR_FILENO, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  return text;
}

}  // namespace

void Tracer::drain_output() {
  if (child_.errors.valid()) (void)drain(child_.errors.get());
  const std::string text = drain(child_.output.get());
  const std::size_t room = output_bytes_max - std::min(output_bytes_max, trace_.output.size());
  trace_.output.append(text, 0, std::min(room, text.size()));
  new_output_ += text;
}

std::string Tracer::take_output() {
  drain_output();
  return std::exchange(new_output_, {});
}

}  // namespace untorn::prove
