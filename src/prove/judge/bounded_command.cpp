// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/bounded_command.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "prove/judge/output_pipe.h"
#include "prove/judge/start_command.h"
#include "prove/sandbox/descriptor.h"

namespace untorn::prove {

namespace {

using Clock = std::chrono::steady_clock;

// Follows a running command until it ends.
class Watch {
 public:
  Watch(const BoundedCommand& command, pid_t process, OutputPipe& output)
      : command_(command), process_(process), output_(output) {
    ended_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  }

  CommandResult follow() {
    const auto deadline = Clock::now() + command_.time_max;
    while (!has_ended() && !result_.timed_out && !result_.interrupted) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      result_.timed_out = left.count() <= 0;
      result_.interrupted = command_.stop != nullptr && *command_.stop;
      // Not longer than this, because a signal may arrive between the look at *stop and the wait.
      wait_for_news(static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 200)));
    }
    (void)::kill(-process_, SIGKILL);  // what it left behind in the background
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    result_.output = output_.take();
    result_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool has_ended() const {
    siginfo_t info = {};
    return ::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == process_;
  }

  void wait_for_news(int time_ms) {
    std::array<pollfd, 2> events = {pollfd{ended_.get(), POLLIN, 0},
                                    pollfd{output_.output(), POLLIN, 0}};
    (void)::poll(events.data(), events.size(), time_ms);
    if (events[1].revents != 0) output_.drain();
  }

  const BoundedCommand& command_;
  pid_t process_;
  OutputPipe& output_;
  Descriptor ended_;
  CommandResult result_;
};

}  // namespace

Result<CommandResult> run_bounded(const BoundedCommand& command) {
  OutputPipe output;
  if (!output.valid()) {
    return std::unexpected(Error::from_errno(errno, Step::inspect, Outcome::not_applied,
                                             command.arguments.front(), "no pipe for its output"));
  }
  StartCommand start;
  const auto program = find_in_path(command.arguments.front());
  start.program = program.value_or(command.arguments.front());
  start.arguments = command.arguments;
  start.working_directory = command.working_directory;
  start.environment = command.environment;
  start.output = output.input();
  const auto process = start_command(start);
  if (!process) return std::unexpected(process.error());
  output.close_input();
  return Watch(command, *process, output).follow();
}

}  // namespace untorn::prove
