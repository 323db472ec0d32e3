// SPDX-License-Identifier: Apache-2.0
#include "counters/fork_count.h"

#include <pthread.h>

#include <atomic>

namespace untorn::counters {
namespace {

// Never destroyed: a thread may still count while the process ends.
struct Forks {
  std::atomic<std::uint64_t> count = 1;
  std::mutex mutex;
};

Forks& forks() {
  static Forks& instance = *new Forks;
  return instance;
}

void before_fork() {
  forks().mutex.lock();
}
void after_in_parent() {
  forks().mutex.unlock();
}
void after_in_child() {
  forks().count.fetch_add(1, std::memory_order_relaxed);
  forks().mutex.unlock();
}

bool watch_forks() {
  (void)forks();
  return pthread_atfork(before_fork, after_in_parent, after_in_child) == 0;
}

void watch_forks_once() {
  static const bool watching = watch_forks();
  (void)watching;
}

}  // namespace

std::uint64_t fork_count() noexcept {
  watch_forks_once();
  return forks().count.load(std::memory_order_relaxed);
}

std::unique_lock<std::mutex> lock_across_forks() {
  watch_forks_once();
  return std::unique_lock(forks().mutex);
}

}  // namespace untorn::counters
