// SPDX-License-Identifier: Apache-2.0
//
// Starting a program without copying the address space of this process, which holds whole logs:
// vfork, and in the child nothing but what leads to execve.
//
// Cost: what execve costs, whatever the size of this process. Threads: call it from a process of
// one thread.
#pragma once
#include <linux/filter.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "untorn/error.h"

namespace untorn::prove {

// The fourth argument of the first execve of a followed program: a filter lets this one pass,
// because whoever follows it is not ready before it has succeeded.
inline constexpr std::uint32_t first_execve_mark = 0x756E746FU;

struct StartCommand {
  std::string program;  // a path, looked up in the working directory if it is relative
  std::vector<std::string> arguments;
  std::string working_directory;
  std::vector<std::pair<std::string, std::string>> environment;  // on top of our own
  int output = -1;                                               // its stdout and stderr
  int requests = -1;                           // if set, what it finds as descriptor 3
  std::vector<sock_filter>* filter = nullptr;  // if set, it is traced by us and has this filter
};

// The path that execvp would take for `name` in the PATH of this process; nothing if there is none.
// A name with a slash is its own path.
[[nodiscard]] std::optional<std::string> find_in_path(const std::string& name);

// The process runs in a group of its own, with /dev/null as its input, and dies with us. If it
// could not be executed it ends with exit code 127. Errors: io, when there is no process for it.
[[nodiscard]] Result<pid_t> start_command(const StartCommand& command);

}  // namespace untorn::prove
