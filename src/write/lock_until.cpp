// SPDX-License-Identifier: Apache-2.0
#include "write/lock_until.h"

#include <algorithm>
#include <cerrno>
#include <thread>

namespace untorn::write {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::microseconds pause_min{100};
constexpr std::chrono::microseconds pause_max{20'000};

}  // namespace

SystemResult<bool> lock_until(FileSystem& fs, Handle file, steady_clock::time_point until,
                              unsigned& retries) {
  auto locked = fs.lock(file, LockMode::exclusive);
  for (auto pause = pause_min; !locked; pause = std::min(pause * 2, pause_max)) {
    if (number(locked.error()) != EWOULDBLOCK) return std::unexpected(locked.error());
    const auto now = steady_clock::now();
    if (now >= until) return false;
    std::this_thread::sleep_for(
        std::min(pause, std::chrono::duration_cast<std::chrono::microseconds>(until - now)));
    ++retries;
    locked = fs.lock(file, LockMode::exclusive);
  }
  return true;
}

}  // namespace untorn::write
