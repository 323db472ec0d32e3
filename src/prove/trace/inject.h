// SPDX-License-Identifier: Apache-2.0
//
// Making calls of a traced program fail, or write less than they were asked to.
//
// The tracer asks once for each call that it records, while the thread stands at its entry:
//
//   Injection FullDisk::at_entry(const PendingCall& call) {
//     if (call.number != SYS_write) return {};
//     return {.error = ENOSPC};
//   }
//
// A call that is given an error does not run at all, unless `executes_first`; its failure is in the
// log where a real one would be (OperationKind::sync_failed).
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace untorn::prove {

struct PendingCall;

// What the kernel is given in place of the program's own registers, for the time of the call.
struct CallRegisters {
  std::uint64_t number = 0;
  std::array<std::uint64_t, 6> arguments = {};
};

struct Injection {
  int error = 0;                // errno that the call answers; 0: none
  bool executes_first = false;  // it does its work, and then answers the error: close(2)
  // Another call, or lower counts: a write that is really short. The program sees its own arguments
  // again afterwards; the log is written by those and by the result.
  std::optional<CallRegisters> instead = {};
};

// Threads: asked by the tracer's thread alone.
class CallInjector {
 public:
  CallInjector() = default;
  CallInjector(const CallInjector&) = delete;
  CallInjector& operator=(const CallInjector&) = delete;
  virtual ~CallInjector() = default;

  // `call` is complete: number, arguments, the inode or place it leads to, and its stack.
  // `operations`: how many the log has at this moment.
  [[nodiscard]] virtual Injection at_entry(const PendingCall& call, std::size_t operations) = 0;
};

}  // namespace untorn::prove
