// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "prove/trace/filter.h"

namespace untorn::prove {
namespace {

constexpr int output_pipe_bytes = 1 << 20;

constexpr long trace_options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
                               PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
                               PTRACE_O_TRACESECCOMP;

Error start_error(Code code, int os_errno, const std::string& path, std::string what) {
  return Error(code, Step::open_directory, Outcome::not_applied, os_errno, path, std::move(what));
}

// `environ` with the settings of the options on top.
std::vector<std::string> make_environment(const TraceOptions& options) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    bool replaced = false;
    for (const auto& [set, value] : options.environment) replaced = replaced || set == name;
    if (!replaced) environment.emplace_back(text);
  }
  for (const auto& [set, value] : options.environment) environment.push_back(set + "=" + value);
  return environment;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// A terminal would make the run depend on who looks at it.
bool keeps_input() {
  struct stat status = {};
  return ::fstat(STDIN_FILENO, &status) == 0 &&
         (S_ISFIFO(status.st_mode) || S_ISREG(status.st_mode) || S_ISSOCK(status.st_mode));
}

// A descriptor from outside leads to the real file, past the sandbox, and can be opened again for
// writing by its name in /proc. Opened by path, the same file is the sandbox's.
bool open_input_again() {
  struct stat status = {};
  if (::fstat(STDIN_FILENO, &status) != 0 || !S_ISREG(status.st_mode)) return true;
  std::array<char, PATH_MAX> path = {};
  const char* link = "/proc/self/fd/0";
  if (::readlink(link, path.data(), path.size() - 1) <= 0) return false;
  int input = ::open(path.data(), O_RDONLY);
  if (input < 0) input = ::open(link, O_RDONLY);  // it has no name any more
  const off_t position = ::lseek(STDIN_FILENO, 0, SEEK_CUR);
  return input >= 0 && ::lseek(input, position, SEEK_SET) >= 0 && ::dup2(input, STDIN_FILENO) >= 0;
}

struct ChildPlan {
  std::string program;
  std::string working_directory;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::vector<sock_filter> filter;
  sigset_t signals = {};
  int output = -1;   // writing end
  int errors = -1;   // the same for the standard error; -1: the inherited one
  int go = -1;       // a byte comes when we are being traced
  int failure = -1;  // errno of what went wrong, closed by a successful execve
  pid_t tracer = -1;
};

// In the child. Everything was allocated before the fork.
[[noreturn]] void run_child(ChildPlan& plan, std::vector<char*>& arguments,
                            std::vector<char*>& environment) {
  const auto fail = [&plan] {
    const int reason = errno;
    const bool told = ::write(plan.failure, &reason, sizeof reason) == sizeof reason;
    ::_exit(told ? 127 : 126);
  };
  char byte = 0;
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.tracer || ::read(plan.go, &byte, 1) != 1) ::_exit(127);
  (void)::setsid();
  if (!keeps_input()) {
    const int null = ::open("/dev/null", O_RDONLY);
    if (null < 0 || ::dup2(null, STDIN_FILENO) < 0) fail();
  } else if (!open_input_again()) {
    fail();
  }
  if (plan.errors >= 0 && ::dup2(plan.errors, STDERR_FILENO) < 0) fail();
  if ((::fcntl(STDERR_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY) {
    // The place of a closed standard error: the program's messages are nobody's, not failures.
    const int null = ::open("/dev/null", O_WRONLY);
    if (null < 0 || ::dup2(null, STDERR_FILENO) < 0) fail();
  }
  if (::dup2(plan.output, STDOUT_FILENO) < 0) fail();
  if (::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
    for (int fd = STDERR_FILENO + 1; fd < 1024; ++fd) (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  if (::chdir(plan.working_directory.c_str()) != 0) fail();
  for (const int signal : {SIGINT, SIGTERM, SIGCHLD, SIGPIPE, SIGHUP, SIGQUIT, SIGALRM, SIGIO}) {
    (void)::signal(signal, SIG_DFL);
  }
  (void)::sigprocmask(SIG_SETMASK, &plan.signals, nullptr);
  // Equal runs, and processes of one program, have equal addresses: fewer stacks to look at, and
  // programs that order things by address do the same each time.
  const int personality = ::personality(0xffffffffUL);
  if (personality >= 0) {
    (void)::personality(static_cast<unsigned long>(personality) | ADDR_NO_RANDOMIZE);
  }
  if (!install_filter(plan.filter)) fail();
  (void)::execve(plan.program.c_str(), arguments.data(), environment.data());
  if (errno == ENOEXEC) {
    // As shells do with a script without a first line; there is room for one more argument.
    arguments[0] = plan.program.data();
    char shell[] = "/bin/sh";
    arguments.insert(arguments.begin(), shell);
    (void)::execve(shell, arguments.data(), environment.data());
  }
  fail();
  ::_exit(127);
}

// Our ends.
struct ChildPipes {
  Descriptor output;
  Descriptor errors;
  Descriptor go;
  Descriptor failure;
};

// Whether the program would write its messages into a real file, as if it were its own.
bool errors_are_a_file() {
  struct stat status = {};
  return ::fstat(STDERR_FILENO, &status) == 0 && S_ISREG(status.st_mode);
}

Result<Child> adopt_child(pid_t process, ChildPipes pipes, const std::string& program) {
  if (::ptrace(PTRACE_SEIZE, process, nullptr, trace_options) != 0) {
    const int reason = errno;
    (void)::kill(process, SIGKILL);
    (void)::waitpid(process, nullptr, 0);
    return std::unexpected(
        start_error(Code::unsupported, reason, program, "this machine forbids tracing (ptrace)"));
  }
  const char byte = 'g';
  if (::write(pipes.go.get(), &byte, 1) != 1) {
    return std::unexpected(start_error(Code::io, errno, program, "cannot be started"));
  }
  return Child{process, std::move(pipes.output), std::move(pipes.errors), std::move(pipes.failure)};
}

}  // namespace

int start_failure(const Child& child) {
  int reason = 0;
  (void)::fcntl(child.failure.get(), F_SETFL, O_NONBLOCK);
  return ::read(child.failure.get(), &reason, sizeof reason) == sizeof reason ? reason : 0;
}

namespace {

bool is_program(const std::string& path, const std::string& working_directory) {
  const std::string full = path.starts_with('/') ? path : working_directory + "/" + path;
  struct stat status = {};
  return ::stat(full.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::faccessat(AT_FDCWD, full.c_str(), X_OK, AT_EACCESS) == 0;
}

// As a path that execve takes; "" if it is not in PATH.
std::string find_in_path(const std::string& name, const TraceOptions& options,
                         const std::string& working_directory) {
  const char* present = std::getenv("PATH");
  std::string path = present == nullptr ? "/usr/local/bin:/usr/bin:/bin" : present;
  for (const auto& [set, value] : options.environment) {
    if (set == "PATH") path = value;
  }
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string folder = path.substr(begin, end - begin);
    std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (is_program(candidate, working_directory)) return candidate;
    begin = end + 1;
  }
  return {};
}

}  // namespace

bool is_in_path(const std::string& name, const TraceOptions& options) {
  return !find_in_path(name, options, options.working_directory).empty();
}

Result<std::string> find_program(const TraceOptions& options,
                                 const std::string& working_directory) {
  if (options.command.empty() || options.command[0].empty()) {
    return std::unexpected(start_error(Code::invalid_argument, 0, "", "no command was given"));
  }
  const std::string& name = options.command[0];
  if (name.find('/') != std::string::npos) {
    if (is_program(name, working_directory)) return name;
    const std::string full = name.starts_with('/') ? name : working_directory + "/" + name;
    const bool there = ::access(full.c_str(), F_OK) == 0;
    return std::unexpected(start_error(there ? Code::permission_denied : Code::not_found,
                                       there ? EACCES : ENOENT, name,
                                       there ? "the command cannot be executed; nothing was run"
                                             : "there is no such command; nothing was run"));
  }
  std::string found = find_in_path(name, options, working_directory);
  if (!found.empty()) return found;
  return std::unexpected(start_error(Code::not_found, ENOENT, name,
                                     "there is no such command in PATH; nothing was run"));
}

Result<Child> start_child(const std::string& program, const TraceOptions& options,
                          const std::string& working_directory, const sigset_t& signals) {
  int output[2] = {-1, -1};
  int errors[2] = {-1, -1};
  int go[2] = {-1, -1};
  int failure[2] = {-1, -1};
  if (::pipe2(output, O_CLOEXEC) != 0 || ::pipe2(go, O_CLOEXEC) != 0 ||
      ::pipe2(failure, O_CLOEXEC) != 0 ||
      (errors_are_a_file() && ::pipe2(errors, O_CLOEXEC) != 0)) {
    return std::unexpected(start_error(Code::io, errno, program, "no pipes for the program"));
  }
  ChildPipes pipes = {Descriptor(output[0]), Descriptor(errors[0]), Descriptor(go[1]),
                      Descriptor(failure[0])};
  const Descriptor output_writer(output[1]);
  const Descriptor errors_writer(errors[1]);
  const Descriptor go_reader(go[0]);
  const Descriptor failure_writer(failure[1]);
  for (const Descriptor* reader : {&pipes.output, &pipes.errors}) {
    // A large pipe lets one large write finish without us.
    (void)::fcntl(reader->get(), F_SETPIPE_SZ, output_pipe_bytes);
    (void)::fcntl(reader->get(), F_SETFL, O_NONBLOCK);
  }
  ChildPlan plan;
  plan.program = program;
  plan.working_directory = working_directory;
  plan.arguments = options.command;
  plan.environment = make_environment(options);
  plan.filter = make_trace_filter(options.injector != nullptr);
  plan.signals = signals;
  plan.output = output_writer.get();
  plan.errors = errors_writer.valid() ? errors_writer.get() : -1;
  plan.go = go_reader.get();
  plan.failure = failure_writer.get();
  plan.tracer = ::getpid();
  std::vector<char*> arguments = pointers(plan.arguments);
  std::vector<char*> environment = pointers(plan.environment);
  arguments.reserve(arguments.size() + 1);
  const pid_t process = ::fork();
  if (process < 0) {
    return std::unexpected(start_error(Code::io, errno, program, "no process for the program"));
  }
  if (process == 0) run_child(plan, arguments, environment);
  return adopt_child(process, std::move(pipes), program);
}

}  // namespace untorn::prove
