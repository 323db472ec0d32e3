// SPDX-License-Identifier: Apache-2.0
//
// Run a command in a sandbox and write its operation log: ptrace with a seccomp filter, so that
// calls which change nothing run at full speed, tracer and program pinned to one core, so that the
// log has one order.
//
// What each call becomes in the log, and how stores into shared mappings come into it, stands in
// docs/internals/tracing.md. The tracer never guesses: a call on a tracked file that the log cannot
// express becomes OperationKind::unmodelled, and after the run the tree that the log explains is
// compared with the tree that is there (Trace::unexplained).
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "filesystem/operation_log.h"
#include "prove/sandbox/sandbox.h"
#include "prove/stack/stack.h"
#include "prove/trace/inject.h"
#include "untorn/error.h"

namespace untorn::prove {

struct TraceOptions {
  std::vector<std::string> command;                              // argv; [0] searched in PATH
  std::string working_directory;                                 // as the program shall see it
  std::vector<std::pair<std::string, std::string>> environment;  // set on top of our own
  std::optional<std::chrono::milliseconds> stop_after;  // then SIGTERM, and SIGKILL 2 s later
  std::string acknowledge_pattern;                // ECMAScript regex on stdout lines; "" = none
  std::uint64_t payload_bytes_max = 1ULL << 30U;  // logged content beyond this ends the run
  std::uint64_t file_bytes_max = 1ULL << 30U;     // a longer file, holes included, ends it too
  std::uint32_t processes_max = 4096;             // alive at once; beyond this the run ends
  bool stacks = true;
  // Validation of the kill model: SIGKILL everything at the entry of traced call number n (0-based,
  // counted over calls that change something in the trees) instead of letting it run.
  std::optional<std::uint64_t> kill_at_call;
  const volatile bool* stop = nullptr;  // Ctrl-C: ends the run
  CallInjector* injector = nullptr;     // makes calls fail; close(2) is then a recorded call too
};

enum class RunEnd : std::uint8_t {
  exited,          // by itself: exit_code
  signalled,       // by a signal that it did not get from us: signal
  stopped,         // by stop_after
  killed_at_call,  // by kill_at_call
  too_much,        // payload_bytes_max, file_bytes_max or processes_max: `why`
  escaped,         // Isolation::copy: the first write outside: `why` names it
  interrupted,     // by *stop
};

struct Trace {
  OperationLog log;
  RunEnd end = RunEnd::exited;
  int exit_code = 0;
  int signal = 0;
  std::string why;
  std::string output;  // the program's stdout as far as it was captured (it is passed on to stderr)
  std::uint64_t calls_traced = 0;    // syscall stops
  std::uint64_t calls_changing = 0;  // successful calls that changed something in the trees
  std::vector<std::string> notes;    // "io_uring was answered ENOSYS", …
  std::vector<std::string>
      unexplained;  // differences between the log and the tree, one phrase each
  double elapsed_s = 0;
};

// Errors: not_found when the command does not exist (nothing was run), unsupported when this
// machine forbids ptrace, io otherwise.
[[nodiscard]] Result<Trace> trace_command(Sandbox& sandbox, const TraceOptions& given,
                                          StackCollector* stacks);

}  // namespace untorn::prove
