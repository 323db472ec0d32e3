// SPDX-License-Identifier: Apache-2.0
#include "prove/progress.h"

#include <fmt/format.h>

#include <cstdio>

namespace untorn::prove {

namespace {

constexpr std::chrono::milliseconds show_after{500};
constexpr std::chrono::milliseconds show_every{100};

}  // namespace

Progress::~Progress() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
}

void Progress::show(Engine engine, std::uint64_t states) {
  const auto now = Clock::now();
  if (!wanted_ || now - start_ < show_after || now - last_ < show_every) return;
  last_ = now;
  shown_ = true;
  fmt::print(stderr, "\runtorn: engine {}: {} states judged\x1b[K", to_string(engine), states);
  std::fflush(stderr);
}

}  // namespace untorn::prove
