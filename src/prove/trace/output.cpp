// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace untorn::prove {
namespace {

constexpr std::size_t output_bytes_max = 16U << 20U;  // kept; all of it is passed on

// What waits in a pipe, which is also passed on to our standard error.
std::string drain_pipe(int pipe) {
  std::string text;
  char buffer[1U << 14U];
  for (;;) {
    const ssize_t count = ::read(pipe, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(STDERR_FILENO, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  return text;
}

}  // namespace

void ProgramOutput::drain() {
  if (child_.errors.valid()) (void)drain_pipe(child_.errors.get());
  const std::string text = drain_pipe(child_.output.get());
  const std::size_t room = output_bytes_max - std::min(output_bytes_max, kept_.size());
  kept_.append(text, 0, std::min(room, text.size()));
  new_ += text;
}

std::string ProgramOutput::take() {
  drain();
  return std::exchange(new_, {});
}

}  // namespace untorn::prove
