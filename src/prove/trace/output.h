// SPDX-License-Identifier: Apache-2.0
//
// What a traced program prints: kept, and passed on to our standard error.
#pragma once
#include <string>

#include "prove/trace/child.h"

namespace untorn::prove {

class ProgramOutput {
 public:
  // Standard output is appended to `kept`, up to 16 MiB; both must outlive this.
  ProgramOutput(const Child& child, std::string& kept) : child_(child), kept_(kept) {}

  // Takes what waits in the pipes. Never blocks.
  void drain();
  // Standard output since the last question.
  [[nodiscard]] std::string take();

 private:
  const Child& child_;
  std::string& kept_;
  std::string new_;  // not yet asked for
};

}  // namespace untorn::prove
