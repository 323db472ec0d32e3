// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/stack_test_support.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <unordered_map>

namespace untorn::prove::test {
namespace {

constexpr int syscall_stop = SIGTRAP | 0x80;

// ptrace takes numbers where its prototype has pointers.
void* as_argument(std::uintptr_t value) {
  void* result = nullptr;
  std::memcpy(&result, &value, sizeof result);
  return result;
}

pid_t process_of(pid_t thread) {
  std::ifstream status("/proc/" + std::to_string(thread) + "/status");
  std::string word;
  while (status >> word) {
    if (word == "Tgid:") {
      pid_t process = -1;
      status >> process;
      return process;
    }
  }
  return thread;
}

std::string read_text(pid_t process, std::uint64_t address, std::size_t size) {
  std::string text(size, '\0');
  const iovec local{.iov_base = text.data(), .iov_len = size};
  const iovec remote{.iov_base = as_argument(address), .iov_len = size};
  const ssize_t count = process_vm_readv(process, &local, 1, &remote, 1, 0);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

[[noreturn]] void run_child(const TracedOptions& options, int output) {
  ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  if (chdir(options.working_directory.c_str()) != 0) _exit(126);
  dup2(output, STDOUT_FILENO);
  for (const std::string& entry : options.environment) {
    const std::size_t equals = entry.find('=');
    setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
  }
  std::vector<char*> arguments;
  std::vector<std::string> command = options.command;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  raise(SIGSTOP);
  execv(arguments.front(), arguments.data());
  _exit(127);
}

class Tracer {
 public:
  Tracer(const TracedOptions& options, StackCollector& stacks)
      : options_(options), stacks_(stacks), output_(memfd_create("output", MFD_CLOEXEC)) {}
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;
  ~Tracer() { close(output_); }

  TracedRun run() {
    main_ = fork();
    if (main_ == 0) run_child(options_, output_);
    int status = 0;
    waitpid(main_, &status, 0);
    constexpr std::uintptr_t flags = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
                                     PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
                                     PTRACE_O_EXITKILL;
    ptrace(PTRACE_SETOPTIONS, main_, nullptr, as_argument(flags));
    ptrace(PTRACE_SYSCALL, main_, nullptr, nullptr);
    for (;;) {
      const pid_t thread = waitpid(-1, &status, __WALL);
      if (thread < 0) break;
      handle(thread, status);
    }
    return finish();
  }

 private:
  void handle(pid_t thread, int status) {
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      stacks_.forget(thread);
      if (thread == main_ && WIFEXITED(status)) result_.exit_code = WEXITSTATUS(status);
      return;
    }
    std::uintptr_t signal = 0;
    const int event = status >> 16;
    if (WSTOPSIG(status) == syscall_stop) {
      on_call(thread);
    } else if (event == PTRACE_EVENT_EXEC) {
      stacks_.forget(thread);
    } else if (event == 0 && WSTOPSIG(status) != SIGSTOP) {
      signal = static_cast<std::uintptr_t>(WSTOPSIG(status));
    }
    ptrace(PTRACE_SYSCALL, thread, nullptr, as_argument(signal));
  }

  void on_call(pid_t thread) {
    bool& inside = inside_call_[thread];
    inside = !inside;
    if (!inside) return;
    user_regs_struct registers;
    ptrace(PTRACE_GETREGS, thread, nullptr, &registers);
    if (registers.orig_rax != SYS_write) return;
    const std::size_t size = options_.mark.size();
    if (registers.rdx < size || read_text(thread, registers.rsi, size) != options_.mark) return;
    const pid_t process = process_of(thread);
    const auto before = std::chrono::steady_clock::now();
    result_.stacks.push_back(stacks_.capture(process, thread, registers));
    const std::chrono::duration<double, std::micro> elapsed =
        std::chrono::steady_clock::now() - before;
    times_us_.push_back(elapsed.count());
    result_.processes.push_back(process);
  }

  TracedRun finish() {
    std::array<char, 65536> buffer;
    off_t at = 0;
    for (;;) {
      const ssize_t count = pread(output_, buffer.data(), buffer.size(), at);
      if (count <= 0) break;
      result_.output.append(buffer.data(), static_cast<std::size_t>(count));
      at += count;
    }
    constexpr std::ptrdiff_t warm_up = 10;
    if (std::ssize(times_us_) > warm_up) {
      times_us_.erase(times_us_.begin(), times_us_.begin() + warm_up);
      std::ranges::sort(times_us_);
      result_.capture_us_median = times_us_[times_us_.size() / 2];
    }
    return std::move(result_);
  }

  const TracedOptions& options_;
  StackCollector& stacks_;
  int output_;
  pid_t main_ = -1;
  std::unordered_map<pid_t, bool> inside_call_;
  std::vector<double> times_us_;
  TracedRun result_;
};

}  // namespace

TracedRun run_traced(const TracedOptions& options, StackCollector& stacks) {
  return Tracer(options, stacks).run();
}

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = std::filesystem::temp_directory_path().string() + "/untorn-stack-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(const std::string& name, std::string_view content) const {
  std::string path = path_ + "/" + name;
  std::ofstream(path) << content;
  return path;
}

std::vector<std::string> python_interpreters(int minor) {
  const std::string name = "python3." + std::to_string(minor);
  std::vector<std::string> candidates{"/usr/bin/" + name, "/usr/local/bin/" + name};
  const char* home = std::getenv("HOME");
  const auto versions = std::filesystem::path(home == nullptr ? "/" : home) / ".pyenv/versions";
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(versions, error)) {
    candidates.push_back(entry.path().string() + "/bin/" + name);
  }
  std::set<std::string> found;
  for (const std::string& candidate : candidates) {
    if (access(candidate.c_str(), X_OK) == 0) {
      found.insert(std::filesystem::canonical(candidate).string());
    }
  }
  return {found.begin(), found.end()};
}

bool is_required(std::string_view tier) {
  const char* value = std::getenv("UNTORN_REQUIRE");
  std::string_view list = value == nullptr ? "" : value;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (list.substr(0, end) == tier) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

std::string describe(const Stack& stack) {
  std::string text;
  for (const Frame& frame : stack) {
    text += (frame.runtime ? "* " : "  ") + frame.path + ":" + std::to_string(frame.line) + " " +
            frame.function + "\n";
  }
  return text;
}

}  // namespace untorn::prove::test
