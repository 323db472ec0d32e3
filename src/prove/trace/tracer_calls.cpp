// SPDX-License-Identifier: Apache-2.0
//
// One traced call, from its entry to its exit.
#include <sys/user.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "prove/stack/node_script.h"
#include "prove/trace/filter.h"
#include "prove/trace/ptrace_request.h"
#include "prove/trace/tracer.h"

namespace untorn::prove {
namespace {

constexpr std::int64_t errno_max = 4095;  // results from -errno_max to -1 are errors

void set_arguments(user_regs_struct& registers, const std::array<std::uint64_t, 6>& arguments) {
  registers.rdi = arguments[0];
  registers.rsi = arguments[1];
  registers.rdx = arguments[2];
  registers.r10 = arguments[3];
  registers.r8 = arguments[4];
  registers.r9 = arguments[5];
}

}  // namespace

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
  if (info.seccomp.nr == SYS_write && stacks_ != nullptr &&
      static_cast<int>(info.seccomp.args[0]) == told_stack_descriptor) {
    return take_told_stack(thread, info.seccomp.args[1], info.seccomp.args[2]);
  }
  PendingCall call;
  call.thread = thread.thread;
  call.arrival = thread.arrival;
  call.number = info.seccomp.nr;
  std::copy(std::begin(info.seccomp.args), std::end(info.seccomp.args), call.arguments.begin());
  const Handling handling = recorder_.begin(call);
  thread.thread.own_files = call.thread.own_files;
  if (recorder_.collides(call)) {
    if (Clock::now() < thread.patience) return waiting_.push_back(id);
    recorder_.add_collision(call);
  }
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
  // At least: while two threads are in calls of theirs the number grows by two between two entries.
  if (call.changes && options_.kill_at_call && trace_.calls_changing >= *options_.kill_at_call) {
    return end_run(RunEnd::killed_at_call);
  }
  run_call(thread, std::move(call));
}

// A program that tells where it is: see node_script.h.
void Tracer::take_told_stack(TracedThread& thread, std::uint64_t address, std::uint64_t size) {
  std::string text(std::min<std::uint64_t>(size, told_stack_bytes_max), '\0');
  if (read_memory(thread.thread.id, address, std::as_writable_bytes(std::span(text)))) {
    stacks_->tell(thread.thread.process, thread.thread.id, text);
  }
  user_regs_struct registers = {};
  if (trace_request(PTRACE_GETREGS, thread.thread.id, 0, address_of(registers)) == 0) {
    answer(thread.thread.id, static_cast<std::int64_t>(size), registers);
  }
  resume(thread);
}

void Tracer::refuse(TracedThread& thread, int reason) {
  user_regs_struct registers = {};
  const pid_t id = thread.thread.id;
  if (trace_request(PTRACE_GETREGS, id, 0, address_of(registers)) == 0) {
    answer(id, -reason, registers);
  }
  resume(thread);
}

void Tracer::run_call(TracedThread& thread, PendingCall call) {
  const pid_t id = thread.thread.id;
  user_regs_struct registers = {};
  if (trace_request(PTRACE_GETREGS, id, 0, address_of(registers)) != 0) return resume(thread);
  if (stacks_ != nullptr && !call.output) {
    const pid_t process = thread.thread.process;
    if (stacks_->has_told(process)) {
      call.stack = stacks_->capture_told(process, id, recorder_.keys_of(call));
    }
    if (call.stack == no_stack) call.stack = stacks_->capture(process, id, registers);
  }
  if (options_.injector != nullptr) {
    thread.injection = options_.injector->at_entry(call, recorder_.now().operations);
    if (inject_at_entry(thread, call, registers)) return;
  } else if (const auto result = recorder_.perform(call)) {
    answer(id, *result, registers);
    complete(call, *result);
    return resume(thread);
  } else if (recorder_.may_end_unseen(call) &&
             (stacks_ == nullptr || !stacks_->has_told(thread.thread.process))) {
    recorder_.end_unseen(std::move(call));
    return resume(thread);
  }
  thread.pending = std::move(call);
  alone_ = id;
  alone_until_ = Clock::now() + alone_ms;
  resume(thread);
}

// True if the call is over: it was answered instead of run.
bool Tracer::inject_at_entry(TracedThread& thread, PendingCall& call,
                             const user_regs_struct& registers) {
  const Injection& injection = thread.injection;
  if (injection.error != 0 && !injection.executes_first) {
    answer(thread.thread.id, -injection.error, registers);
    complete(call, -injection.error);
    resume(thread);
    return true;
  }
  if (injection.instead) {
    thread.own_registers = registers;
    user_regs_struct changed = registers;
    changed.orig_rax = injection.instead->number;
    set_arguments(changed, injection.instead->arguments);
    (void)trace_request(PTRACE_SETREGS, thread.thread.id, 0, address_of(changed));
  }
  return false;
}

// What the program sees afterwards: its own arguments again, and the error of a call that ran.
std::int64_t Tracer::inject_at_exit(TracedThread& thread, std::int64_t result) {
  const Injection injection = std::exchange(thread.injection, {});
  const pid_t id = thread.thread.id;
  user_regs_struct registers = {};
  if (injection.error == 0 && !injection.instead) return result;
  if (trace_request(PTRACE_GETREGS, id, 0, address_of(registers)) != 0) return result;
  if (injection.instead) {
    const user_regs_struct& own = thread.own_registers;
    registers.orig_rax = own.orig_rax;
    set_arguments(registers, {own.rdi, own.rsi, own.rdx, own.r10, own.r8, own.r9});
  }
  if (injection.error != 0) {
    result = -injection.error;
    registers.rax = static_cast<unsigned long long>(result);
  }
  (void)trace_request(PTRACE_SETREGS, id, 0, address_of(registers));
  return result;
}

void Tracer::answer(pid_t id, std::int64_t result, user_regs_struct registers) {
  registers.orig_rax = ~0ULL;  // no such call: the kernel skips it
  registers.rax = static_cast<unsigned long long>(result);
  (void)trace_request(PTRACE_SETREGS, id, 0, address_of(registers));
}

void Tracer::handle_exit(TracedThread& thread) {
  __ptrace_syscall_info info = {};
  const pid_t id = thread.thread.id;
  if (thread.pending &&
      trace_request(PTRACE_GET_SYSCALL_INFO, id, sizeof info, address_of(info)) > 0 &&
      info.op == PTRACE_SYSCALL_INFO_EXIT) {
    const std::int64_t result = inject_at_exit(thread, info.exit.rval);
    complete(*thread.pending, result);
    if (stacks_ != nullptr && result >= 0 && Recorder::opens(*thread.pending)) {
      stacks_->forget_told(thread.thread.process, "#" + std::to_string(result));
    }
  }
  thread.pending.reset();
  resume(thread);
  release(id);
}

void Tracer::complete(PendingCall& call, std::int64_t result) {
  if (result < 0 && result >= -errno_max) {
    recorder_.fail(call, static_cast<int>(-result));
  } else {
    recorder_.finish(call, static_cast<std::uint64_t>(result));
  }
  if (ending_) return;
  if (recorder_.payload_bytes() > options_.payload_bytes_max) {
    trace_.why = "more than " + std::to_string(options_.payload_bytes_max) + " bytes were written";
    end_run(RunEnd::too_much);
  } else if (recorder_.longest_file_bytes() > options_.file_bytes_max) {
    trace_.why = "a file of " + std::to_string(recorder_.longest_file_bytes()) +
                 " bytes was written; more than " + std::to_string(options_.file_bytes_max) +
                 " cannot be judged";
    end_run(RunEnd::too_much);
  }
}

}  // namespace untorn::prove
