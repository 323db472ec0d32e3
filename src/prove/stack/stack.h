// SPDX-License-Identifier: Apache-2.0
//
// Where in its source a traced program was when it made a call.
//
// capture() is called in a syscall stop, while the thread cannot run: it copies what will be gone
// afterwards (registers and a piece of the stack; for Python the frames themselves, read from the
// interpreter's memory) and nothing more. resolve() does the slow part, after the run.
//
// Threads: one collector per tracer, used by its thread alone.
#pragma once
#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::prove {

struct Frame {
  std::string path;        // absolute where known; "" if unknown
  std::uint32_t line = 0;  // 1-based; 0 if unknown
  std::string function;    // "" if unknown
  bool runtime = false;    // the interpreter's or a system library's own code, not the program's
};
inline constexpr std::uint32_t no_stack = std::numeric_limits<std::uint32_t>::max();
using Stack = std::vector<Frame>;  // innermost first; Python frames before native ones

class StackCollector {
 public:
  StackCollector();
  ~StackCollector();

  // Returns a number for resolve(). Equal stacks may share a number. Never fails: what cannot be
  // read is missing from the stack.
  std::uint32_t capture(pid_t process, pid_t thread, const user_regs_struct& registers);

  // The program told its own stack (node_script.h). Until it ends, or for calls with its keys,
  // this is the stack that capture_told() finds.
  void tell(pid_t process, pid_t thread, std::string_view text);

  // Whether a process has told anything that may still count.
  [[nodiscard]] bool has_told(pid_t process) const;

  // The stack that the process told for a call of the thread: the one that has begun, else that of
  // the first key that was told of; no_stack if there is none.
  [[nodiscard]] std::uint32_t capture_told(pid_t process, pid_t thread,
                                           const std::vector<std::string>& keys) const;

  // A key means something else from now on.
  void forget_told(pid_t process, const std::string& key);

  // The process has replaced its program, or has gone: forget what was known of its memory.
  void forget(pid_t process);

  [[nodiscard]] const Stack& resolve(std::uint32_t number);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The frame to show: the innermost one of the program itself that has a line; else the innermost
// one of the program that has a name; else the innermost one with a line; else nullptr.
[[nodiscard]] const Frame* source_frame(const Stack& stack);

}  // namespace untorn::prove
