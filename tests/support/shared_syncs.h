// SPDX-License-Identifier: Apache-2.0
//
// Syncs that are slow by a clock of their own, for tests of what threads do meanwhile.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>

#include "tests/crash/blockdev/hooked_file_system.h"
#include "untorn/filesystem.h"
#include "write/shared_commit.h"

namespace untorn::testing {

// A millisecond passes when a thread waits for one, or when somebody says so.
class FakeClock final : public write::GatherClock {
 public:
  static constexpr std::chrono::milliseconds step{1};

  [[nodiscard]] Instant now() override { return Instant(std::chrono::milliseconds(now_.load())); }
  void wait_until(std::condition_variable& changed, std::unique_lock<std::mutex>& lock,
                  Instant until) override {
    ++waits_;
    ++waiting_;
    if (changed.wait_for(lock, step) == std::cv_status::timeout && now() < until) advance(step);
    --waiting_;
  }
  void advance(std::chrono::milliseconds duration) { now_ += duration.count(); }
  [[nodiscard]] std::size_t waits() const { return waits_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_; }

 private:
  std::atomic<std::chrono::milliseconds::rep> now_ = 1;
  std::atomic<std::size_t> waits_ = 0;
  std::atomic<std::size_t> waiting_ = 0;
};

// Every call that may change something takes 4 ms of the clock.
class SlowSyncs {
 public:
  SlowSyncs(FileSystem& below, FakeClock& clock)
      : clock_(clock), fs_(below, [this](Handle) { after_call(); }) {}

  [[nodiscard]] FileSystem& fs() noexcept { return fs_; }

  // The next call returns when so many threads wait for the clock.
  void hold_until_waiting(std::size_t threads) { hold_ = threads; }
  void wait_until_held() const {
    while (!held_) std::this_thread::yield();
  }

 private:
  void after_call() {
    clock_.advance(std::chrono::milliseconds(4));
    const std::size_t threads = hold_.exchange(0);
    if (threads == 0) return;
    held_ = true;
    while (clock_.waiting() < threads) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }

  FakeClock& clock_;
  std::atomic<std::size_t> hold_ = 0;
  std::atomic<bool> held_ = false;
  lab::HookedFileSystem fs_;
};

}  // namespace untorn::testing
