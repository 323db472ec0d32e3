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
#include <memory>
#include <string>
#include <vector>

namespace untorn::prove {

struct Frame {
  std::string path;        // absolute where known; "" if unknown
  std::uint32_t line = 0;  // 1-based; 0 if unknown
  std::string function;    // "" if unknown
  bool runtime = false;    // the interpreter's or a system library's own code, not the program's
};
using Stack = std::vector<Frame>;  // innermost first; Python frames before native ones

class StackCollector {
 public:
  StackCollector();
  ~StackCollector();

  // Returns a number for resolve(). Equal stacks may share a number. Never fails: what cannot be
  // read is missing from the stack.
  std::uint32_t capture(pid_t process, pid_t thread, const user_regs_struct& registers);

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
