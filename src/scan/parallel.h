// SPDX-License-Identifier: Apache-2.0
//
// Work for several threads that ends with the call.
//
// Both functions also work in the thread that calls them, start no thread where one is enough, and
// look at `stop` before each piece of work. Running out of memory in a thread ends the process.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace untorn::scan {

[[nodiscard]] inline bool is_set(const std::atomic<bool>* stop) noexcept {
  return stop != nullptr && stop->load(std::memory_order_relaxed);
}

template <class Work>
void in_threads(unsigned threads, const Work& work) {
  std::vector<std::jthread> others;
  for (unsigned each = 1; each < threads; ++each) others.emplace_back([&work] { work(false); });
  work(true);
}

// body(index, is_caller) once for each index below `count`, in any order.
template <class Body>
void for_each_index(unsigned threads, std::size_t count, const std::atomic<bool>* stop,
                    const Body& body) {
  std::atomic<std::size_t> next = 0;
  const std::size_t useful = count < threads ? count : threads;
  in_threads(static_cast<unsigned>(useful), [&](bool is_caller) {
    while (!is_set(stop)) {
      const std::size_t index = next.fetch_add(1, std::memory_order_relaxed);
      if (index >= count) return;
      body(index, is_caller);
    }
  });
}

// Tasks that make further tasks: body(task, push, is_caller) for each, until none is left.
template <class Task, class Body>
void for_each_task(unsigned threads, std::vector<Task> tasks, const std::atomic<bool>* stop,
                   const Body& body) {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t busy = 0;
  const auto push = [&](Task task) {
    const std::scoped_lock lock(mutex);
    tasks.push_back(std::move(task));
    changed.notify_one();
  };
  in_threads(threads, [&](bool is_caller) {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return !tasks.empty() || busy == 0 || is_set(stop); });
      if (tasks.empty() || is_set(stop)) break;
      Task task = std::move(tasks.back());
      tasks.pop_back();
      ++busy;
      lock.unlock();
      body(std::move(task), push, is_caller);
      lock.lock();
      --busy;
      if (busy == 0 && tasks.empty()) break;
    }
    changed.notify_all();
  });
}

}  // namespace untorn::scan
