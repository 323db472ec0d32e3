// SPDX-License-Identifier: Apache-2.0
//
// Follows a command and all that it starts, and tells which files they look at: ptrace with a
// seccomp filter that stops calls with a path at their entry, and no other call. What a call
// answered is not asked: whoever knows the tree knows the answer.
//
//   Follower follower;
//   follower.visit = [&](const FollowedCall& call) { reads.see(call); };
//   if (follower.adopt(process)) end = follower.run(process, limits);
//
// Invariants:
//   F1  whatever a followed command starts is followed from its first instruction, and no call with
//       a path escapes: the filter is inherited and cannot be taken off;
//   F2  when run() returns, nothing that the command started is alive, except a server (keep());
//   F3  if this process dies, so does everything that it follows.
//
// Several followers may live at once, each with a server; only one of them runs at a time.
//
// Cost: about 10 microseconds for each call with a path. Threads: one; all children of this process
// must be followed ones while run() waits.
#pragma once
#include <linux/filter.h>
#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace untorn::prove {

struct FollowedCall {
  pid_t process = 0;
  pid_t thread = 0;
  std::uint64_t number = 0;  // SYS_openat, …; foreign_call for a call of a 32-bit program
  std::array<std::uint64_t, 6> arguments = {};

  static constexpr std::uint64_t foreign_call = ~0ULL;
};

// Which calls stop: those that take a path, those that change what a path means, and those that
// reach files in other ways.
[[nodiscard]] std::vector<sock_filter> make_read_filter();

class Follower {
 public:
  using Clock = std::chrono::steady_clock;

  struct Limits {
    Clock::time_point deadline;
    const bool* stop = nullptr;
    std::function<void()> every_tick;  // called every few milliseconds: to empty pipes
  };
  struct End {
    int status = 0;  // as of waitpid
    bool timed_out = false;
    bool interrupted = false;
    bool lost = false;  // nothing was there to be followed
  };

  Follower();
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // Asked of every stopped call.
  std::function<void(const FollowedCall&)> visit;

  // Takes over a process that start_command() started with a filter. False: it could not be
  // executed, and has ended with `status`.
  [[nodiscard]] bool adopt(pid_t process, int& status);
  // A followed process that stays: its own calls are not told, and run() may wait for what it
  // forks.
  void keep(pid_t server) { server_ = server; }

  // Follows until `process` has ended, or the deadline or a stop has ended it; and then ends the
  // rest. 0 for `process`: the next process of the server's that makes itself known, by chroot("").
  [[nodiscard]] End run(pid_t process, const Limits& limits);
  // Ends everything, the server too.
  void end_all();

 private:
  struct Thread {
    pid_t process = 0;
    bool started = false;  // its first stop is over
  };

  // Hands news of a process to whoever follows it.
  void dispatch(pid_t id, int status);
  void handle(pid_t id, int status);
  void handle_call(pid_t id, Thread& thread);
  Thread& thread_of(pid_t id);
  void end_others();
  void forget_gone();
  void reap_orphans();
  void kill_others() const;
  [[nodiscard]] bool only_server_left() const;

  std::map<pid_t, Thread> threads_;
  pid_t server_ = 0;
  pid_t main_ = 0;
  bool main_ended_ = false;
  int main_status_ = 0;
  bool ending_ = false;
};

}  // namespace untorn::prove
