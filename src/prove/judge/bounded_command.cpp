// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/bounded_command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "prove/sandbox/descriptor.h"

namespace untorn::prove {

namespace {

using Clock = std::chrono::steady_clock;

Error start_error(const BoundedCommand& command, std::string what) {
  return Error::from_errno(errno, Step::inspect, Outcome::not_applied, command.arguments.front(),
                           std::move(what));
}

// In the child, after fork: only what ends in exec or in _exit.
[[noreturn]] void become(const BoundedCommand& command, int output) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)::setpgid(0, 0);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) (void)::signal(signal, SIG_DFL);
  const int nothing = ::open("/dev/null", O_RDONLY);
  (void)::dup2(nothing, STDIN_FILENO);
  (void)::dup2(output, STDOUT_FILENO);
  (void)::dup2(output, STDERR_FILENO);
  for (const auto& [name, value] : command.environment) {
    (void)::setenv(name.c_str(), value.c_str(), 1);
  }
  if (::chdir(command.working_directory.c_str()) == 0) {
    std::vector<std::string> texts = command.arguments;
    std::vector<char*> arguments;
    for (std::string& text : texts) arguments.push_back(text.data());
    arguments.push_back(nullptr);
    (void)::execvp(arguments.front(), arguments.data());
  }
  ::_exit(127);
}

// Follows a running command until it ends.
class Watch {
 public:
  Watch(const BoundedCommand& command, pid_t process, Descriptor output)
      : command_(command), process_(process), output_(std::move(output)) {
    ended_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
    (void)::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
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
    read_output();
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
                                    pollfd{output_.get(), POLLIN, 0}};
    (void)::poll(events.data(), events.size(), time_ms);
    if (events[1].revents != 0) read_output();
  }

  void read_output() {
    std::array<char, 4096> buffer;
    while (output_.valid()) {
      const ssize_t count = ::read(output_.get(), buffer.data(), buffer.size());
      if (count < 0) return;
      if (count == 0) return output_.reset();  // an open end would make poll return at once
      const std::size_t room = CommandResult::output_bytes_max - result_.output.size();
      result_.output.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
    }
  }

  const BoundedCommand& command_;
  pid_t process_;
  Descriptor output_;
  Descriptor ended_;
  CommandResult result_;
};

}  // namespace

Result<CommandResult> run_bounded(const BoundedCommand& command) {
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return std::unexpected(start_error(command, "no pipe for its output"));
  }
  Descriptor output(ends[0]);
  Descriptor input(ends[1]);
  const pid_t process = ::fork();
  if (process < 0) return std::unexpected(start_error(command, "cannot be started"));
  if (process == 0) become(command, input.get());
  (void)::setpgid(process, process);  // here too: whoever comes first
  input.reset();
  return Watch(command, process, std::move(output)).follow();
}

}  // namespace untorn::prove
