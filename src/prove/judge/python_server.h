// SPDX-License-Identifier: Apache-2.0
//
// A Python interpreter that has imported what a program imports, and forks for each run of it: a
// run then costs a fork instead of a start.
//
// Each run has the working directory, environment, arguments and __main__ that the interpreter
// would give it, and reads the program and everything below the states anew. Imported in advance is
// only what the first runs imported from outside the states. At the end the run's exit handlers and
// finalizers are run as at the end of the interpreter.
//
// Not served: interactive interpreters, programs from standard input, and programs whose imports
// start threads, since a fork would lose them.
//
// Threads: one; the follower waits for the server's children.
#pragma once
#include <linux/filter.h>
#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "prove/judge/bounded_command.h"
#include "prove/judge/follow.h"
#include "prove/judge/output_pipe.h"
#include "prove/sandbox/sandbox.h"

namespace untorn::prove {

// A command that runs a Python program.
struct PythonProgram {
  std::string interpreter;             // a path
  std::vector<std::string> options;    // of the interpreter
  std::vector<std::string> arguments;  // "check.py", "-m" "module" or "-c" "code", and its own
};

// Nothing if the words are no such command, or one that cannot be served. `#!` lines of programs
// are not looked at.
[[nodiscard]] std::optional<PythonProgram> python_program(const std::vector<std::string>& words);

class PythonServer {
 public:
  // `first` is the run that is asked for first: all have its working directory and environment.
  // nullptr: the interpreter does not start.
  [[nodiscard]] static std::unique_ptr<PythonServer> start(const PythonProgram& program,
                                                           const std::vector<StatePlace>& places,
                                                           const BoundedCommand& first,
                                                           std::vector<sock_filter>& filter,
                                                           Follower& follower);

  // Asks for one run; then Follower::run(0, …) follows it. False: the server is gone.
  [[nodiscard]] bool ask(const BoundedCommand& run);
  [[nodiscard]] OutputPipe& output() noexcept { return output_; }

 private:
  PythonServer() = default;

  OutputPipe output_;
  Descriptor requests_;
};

}  // namespace untorn::prove
