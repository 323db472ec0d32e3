// SPDX-License-Identifier: Apache-2.0
//
// Runs a command to its end or to a time limit, in a process group of its own that is gone
// afterwards.
//
// Threads: forks; call it from a process of one thread.
#pragma once
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "untorn/error.h"

namespace untorn::prove {

struct BoundedCommand {
  std::vector<std::string> arguments;  // [0] is searched in PATH
  std::string working_directory;
  std::vector<std::pair<std::string, std::string>> environment;  // on top of our own
  std::chrono::milliseconds time_max{10'000};
  const bool* stop = nullptr;
};

struct CommandResult {
  int exit_code = 0;  // 128 + n after signal n; 127 if it could not be started
  bool timed_out = false;
  bool interrupted = false;
  std::string output;  // stdout and stderr, at most output_bytes_max of them

  static constexpr std::size_t output_bytes_max = 16'384;
  [[nodiscard]] bool good() const noexcept { return exit_code == 0 && !timed_out && !interrupted; }
};

[[nodiscard]] Result<CommandResult> run_bounded(const BoundedCommand& command);

}  // namespace untorn::prove
