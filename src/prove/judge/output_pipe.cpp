// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/output_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "prove/judge/bounded_command.h"

namespace untorn::prove {

namespace {

constexpr int pipe_bytes = 1 << 20;  // a talkative command does not wait for us

}  // namespace

OutputPipe::OutputPipe() {
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  output_ = Descriptor(ends[0]);
  input_ = Descriptor(ends[1]);
  (void)::fcntl(output_.get(), F_SETPIPE_SZ, pipe_bytes);
  (void)::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
}

void OutputPipe::drain() {
  std::array<char, 4096> buffer;
  while (output_.valid()) {
    const ssize_t count = ::read(output_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;
    if (count == 0) return output_.reset();  // an open end would make poll return at once
    const std::size_t room = CommandResult::output_bytes_max - text_.size();
    text_.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
  }
}

std::string OutputPipe::take() {
  drain();
  return std::exchange(text_, {});
}

}  // namespace untorn::prove
