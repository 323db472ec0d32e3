// SPDX-License-Identifier: Apache-2.0
//
// From a native capture to source lines, by the unwinding tables and debugging information of its
// modules, or by frame pointers where there are no tables. Slow; for after the run.
#pragma once
#include <memory>

#include "prove/stack/native.h"
#include "prove/stack/stack.h"

namespace untorn::prove {

class Unwinder {
 public:
  Unwinder();
  ~Unwinder();

  // The stack, innermost first, with a frame for each inlined function.
  [[nodiscard]] Stack unwind(const NativeCapture& capture);

 private:
  class Session;  // one address space
  [[nodiscard]] Session& session(const std::shared_ptr<const ModuleMap>& modules);

  std::vector<std::unique_ptr<Session>> sessions_;  // most recently used first
};

}  // namespace untorn::prove
