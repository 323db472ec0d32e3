// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/start_command.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "prove/trace/filter.h"

namespace untorn::prove {

namespace {

constexpr int exit_not_started = 127;
constexpr int requests_place = 3;

// Everything that the child needs, allocated before it exists: it shares our memory until execve.
struct Plan {
  const char* program = nullptr;
  const char* working_directory = nullptr;
  std::vector<char*> arguments;  // [0] stays free for a shell
  std::vector<char*> environment;
  sigset_t signals = {};
  int output = -1;
  int requests = -1;
  int nothing = -1;  // /dev/null
  std::vector<sock_filter>* filter = nullptr;
};

std::vector<std::string> merge_environment(
    const std::vector<std::pair<std::string, std::string>>& settings) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    bool replaced = false;
    for (const auto& [set, value] : settings) replaced = replaced || set == name;
    if (!replaced) merged.emplace_back(text);
  }
  for (const auto& [set, value] : settings) merged.push_back(set + "=" + value);
  return merged;
}

// In the child. No allocation, no return: the stack is the parent's.
[[noreturn]] void become(const Plan& plan) noexcept {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)::setpgid(0, 0);
  for (int signal = 1; signal < SIGRTMIN; ++signal) {
    if (signal != SIGKILL && signal != SIGSTOP) (void)::signal(signal, SIG_DFL);
  }
  (void)::sigprocmask(SIG_SETMASK, &plan.signals, nullptr);
  (void)::dup2(plan.nothing, STDIN_FILENO);
  (void)::dup2(plan.output, STDOUT_FILENO);
  (void)::dup2(plan.output, STDERR_FILENO);
  const int first_unused = plan.requests >= 0 ? requests_place + 1 : requests_place;
  if (plan.requests >= 0) (void)::dup2(plan.requests, requests_place);
  (void)::syscall(SYS_close_range, first_unused, ~0U, CLOSE_RANGE_CLOEXEC);
  if (::chdir(plan.working_directory) != 0) ::_exit(exit_not_started);
  if (plan.filter != nullptr &&
      (::syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0) != 0 || !install_filter(*plan.filter))) {
    ::_exit(exit_not_started);
  }
  char* const* arguments = plan.arguments.data();
  (void)::syscall(SYS_execve, plan.program, arguments + 1, plan.environment.data(),
                  first_execve_mark);
  if (errno == ENOEXEC) {
    // As shells do with a script without a first line.
    (void)::syscall(SYS_execve, "/bin/sh", arguments, plan.environment.data(), first_execve_mark);
  }
  ::_exit(exit_not_started);
}

}  // namespace

std::optional<std::string> find_in_path(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* present = std::getenv("PATH");
  const std::string path = present == nullptr ? "/usr/local/bin:/usr/bin:/bin" : present;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string folder = path.substr(begin, end - begin);
    std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    struct stat status = {};
    if (::stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
        ::faccessat(AT_FDCWD, candidate.c_str(), X_OK, AT_EACCESS) == 0) {
      return candidate;
    }
    begin = end + 1;
  }
  return {};
}

Result<pid_t> start_command(const StartCommand& command) {
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment = merge_environment(command.environment);
  std::string program = command.program;
  std::string shell = "/bin/sh";
  if (arguments.empty()) arguments.push_back(program);
  Plan plan;
  plan.program = program.c_str();
  plan.working_directory = command.working_directory.c_str();
  plan.arguments.push_back(shell.data());
  for (std::string& text : arguments) plan.arguments.push_back(text.data());
  plan.arguments.push_back(nullptr);
  for (std::string& text : environment) plan.environment.push_back(text.data());
  plan.environment.push_back(nullptr);
  plan.output = command.output;
  plan.requests = command.requests;
  plan.filter = command.filter;
  static const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  plan.nothing = nothing;
  sigset_t all;
  ::sigfillset(&all);
  // No handler of ours may run in the child.
  (void)::sigprocmask(SIG_SETMASK, &all, &plan.signals);
  // The parent holds memory that a fork would have to prepare for copying; the child only calls
  // what may be called after it.
  const pid_t process = ::vfork();  // NOLINT(bugprone-unsafe-functions)
  if (process == 0) become(plan);
  const int reason = errno;
  (void)::sigprocmask(SIG_SETMASK, &plan.signals, nullptr);
  if (process < 0) {
    return std::unexpected(Error::from_errno(reason, Step::inspect, Outcome::not_applied,
                                             command.program, "cannot be started"));
  }
  (void)::setpgid(process, process);  // here too: whoever comes first
  return process;
}

}  // namespace untorn::prove
