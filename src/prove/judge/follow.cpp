// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/follow.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "prove/trace/filter.h"
#include "prove/trace/process.h"
#include "prove/trace/tracer.h"

namespace untorn::prove {

namespace {

constexpr unsigned long follow_options =
    PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
    PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP;

// Raw ptrace: glibc's declaration has an enum for the request and pointers for numbers.
long request(int what, pid_t thread, unsigned long address, unsigned long data) {
  return ::syscall(SYS_ptrace, what, thread, address, data);
}

void resume(pid_t thread, int signal = 0) {
  (void)request(PTRACE_CONT, thread, 0, static_cast<unsigned long>(signal));
}

// What a served run does first; nothing that is imported in advance ever does. It fails: the path
// is empty.
constexpr std::uint64_t served_run_mark = SYS_chroot;

std::vector<Follower*>& all_followers() {
  static std::vector<Follower*> followers;
  return followers;
}

bool stops_a_process(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

}  // namespace

Follower::Follower() {
  // What loses its parent becomes our child, so that it is seen to its end.
  (void)::prctl(PR_SET_CHILD_SUBREAPER, 1);
  all_followers().push_back(this);
}

Follower::~Follower() {
  end_all();
  std::erase(all_followers(), this);
}

void Follower::dispatch(pid_t id, int status) {
  for (Follower* other : all_followers()) {
    if (other->threads_.contains(id)) return other->handle(id, status);
  }
  handle(id, status);
}

bool Follower::adopt(pid_t process, int& status) {
  while (::waitpid(process, &status, __WALL) < 0) {
    if (errno != EINTR) return false;
  }
  // The stop behind its first execve: it starts no call with a path before we are ready.
  if (!WIFSTOPPED(status)) return false;
  if (request(PTRACE_SETOPTIONS, process, 0, follow_options) != 0) {
    (void)::kill(process, SIGKILL);
    (void)::waitpid(process, nullptr, __WALL);
    return false;
  }
  threads_[process] = {process, true};
  resume(process);
  return true;
}

Follower::Thread& Follower::thread_of(pid_t id) {
  const auto [place, fresh] = threads_.try_emplace(id);
  if (fresh) {
    const pid_t process = process_of(id);
    place->second.process = process > 0 ? process : id;
  }
  return place->second;
}

void Follower::handle_call(pid_t id, Thread& thread) {
  if (!ending_ && thread.process != server_) {
    __ptrace_syscall_info info = {};
    if (request(PTRACE_GET_SYSCALL_INFO, id, sizeof info, reinterpret_cast<unsigned long>(&info)) >
            0 &&
        info.op == PTRACE_SYSCALL_INFO_SECCOMP) {
      FollowedCall call;
      call.process = thread.process;
      call.thread = id;
      call.number = info.seccomp.ret_data == filter_foreign_call ? FollowedCall::foreign_call
                                                                 : info.seccomp.nr;
      std::copy(std::begin(info.seccomp.args), std::end(info.seccomp.args), call.arguments.begin());
      if (main_ == 0 && call.number == served_run_mark) {
        main_ = call.process;
      } else if (main_ != 0 && visit) {
        visit(call);
      }
    }
  }
  resume(id);
}

void Follower::handle(pid_t id, int status) {
  if (WIFEXITED(status) || WIFSIGNALED(status)) {
    threads_.erase(id);
    if (id == server_) server_ = 0;
    if (id == main_) {
      main_ended_ = true;
      main_status_ = status;
    }
    return;
  }
  if (!WIFSTOPPED(status)) return;
  Thread& thread = thread_of(id);
  const int signal = WSTOPSIG(status);
  switch (status >> 16) {
    case PTRACE_EVENT_SECCOMP:
      thread.started = true;
      return handle_call(id, thread);
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE: {
      unsigned long made = 0;
      (void)request(PTRACE_GETEVENTMSG, id, 0, reinterpret_cast<unsigned long>(&made));
      const auto child = static_cast<pid_t>(made);
      if (made != 0) (void)thread_of(child);
      return resume(id);
    }
    case PTRACE_EVENT_EXEC:
      return resume(id);
    default:
      break;
  }
  // A new thread begins with a stop; a stop that sticks would look like a command that hangs.
  const bool passes = thread.started && !stops_a_process(signal);
  thread.started = true;
  resume(id, passes ? signal : 0);
}

bool Follower::only_server_left() const {
  return std::all_of(threads_.begin(), threads_.end(), [&](const auto& entry) {
    return server_ != 0 && entry.second.process == server_;
  });
}

void Follower::kill_others() const {
  for (const auto& [id, thread] : threads_) {
    if (server_ == 0 || thread.process != server_) (void)::kill(thread.process, SIGKILL);
  }
}

// A process that was killed while its parent was told of it may have ended before it was known, and
// a thread that called execve goes on under another number: nothing is ever heard of them again.
void Follower::forget_gone() {
  std::erase_if(threads_, [](const auto& entry) {
    return ::syscall(SYS_tgkill, entry.second.process, entry.first, 0) != 0 && errno == ESRCH;
  });
}

// Who ended before its parent is heard of twice: as one that is followed, and as an orphan once the
// parent has gone.
void Follower::reap_orphans() {
  int status = 0;
  pid_t id = ::waitpid(-1, &status, __WALL | WNOHANG);
  while (id > 0) {
    dispatch(id, status);
    id = ::waitpid(-1, &status, __WALL | WNOHANG);
  }
}

// Again and again: a fork may have been on its way.
void Follower::end_others() {
  ending_ = true;
  for (forget_gone(); !only_server_left(); forget_gone()) {
    kill_others();
    int status = 0;
    const pid_t id = ::waitpid(-1, &status, __WALL);
    if (id > 0) dispatch(id, status);
    if (id < 0 && errno == ECHILD) break;
  }
  reap_orphans();
  std::erase_if(threads_,
                [&](const auto& entry) { return server_ == 0 || entry.second.process != server_; });
  ending_ = false;
}

void Follower::end_all() {
  server_ = 0;
  end_others();
}

Follower::End Follower::run(pid_t process, const Limits& limits) {
  const TickTimer timer;
  End end;
  main_ = process;
  main_ended_ = false;
  auto next_look = Clock::now();
  while (!main_ended_ && !end.timed_out && !end.interrupted) {
    int status = 0;
    const pid_t id = ::waitpid(-1, &status, __WALL);
    if (id > 0) dispatch(id, status);
    end.lost = (id < 0 && errno == ECHILD) || (process == 0 && main_ == 0 && server_ == 0);
    if (end.lost) break;
    if (id > 0 && threads_.size() < 64 && status >> 16 != 0 && Clock::now() < next_look) continue;
    const auto now = Clock::now();
    next_look = now + std::chrono::milliseconds(5);
    if (limits.every_tick) limits.every_tick();
    end.timed_out = !main_ended_ && now >= limits.deadline;
    end.interrupted = limits.stop != nullptr && *limits.stop;
  }
  end_others();
  end.status = main_status_;
  main_ = 0;
  return end;
}

}  // namespace untorn::prove
