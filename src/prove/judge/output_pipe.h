// SPDX-License-Identifier: Apache-2.0
//
// What a command prints: a pipe whose end is ours, of which the beginning is kept and the rest
// thrown away.
#pragma once
#include <string>

#include "prove/sandbox/descriptor.h"

namespace untorn::prove {

class OutputPipe {
 public:
  // errno says why if it is not valid() afterwards.
  OutputPipe();
  [[nodiscard]] bool valid() const noexcept { return output_.valid(); }
  [[nodiscard]] int output() const noexcept { return output_.get(); }  // to be read by poll
  [[nodiscard]] int input() const noexcept { return input_.get(); }    // for the command
  void close_input() noexcept { input_.reset(); }
  // Takes what is there. After the last writer is gone, output() is -1.
  void drain();
  [[nodiscard]] std::string take();

 private:
  Descriptor output_;
  Descriptor input_;
  std::string text_;
};

}  // namespace untorn::prove
