// SPDX-License-Identifier: Apache-2.0
#include "serve.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace peers {
namespace {

struct Order {
  std::string folder;
  std::size_t bytes = 0;
  std::size_t files = 0;
  std::size_t threads = 0;
  std::size_t operations = 0;
};

Order parsed(const std::string& line) {
  Order order;
  std::istringstream words(line);
  words >> order.folder >> order.bytes >> order.files >> order.threads >> order.operations;
  if (!words || order.threads == 0 || order.files < order.threads) {
    throw std::runtime_error("not FOLDER BYTES FILES THREADS OPERATIONS: " + line);
  }
  return order;
}

std::vector<std::string> paths_of(const Order& order, std::size_t thread) {
  std::vector<std::string> paths;
  for (std::size_t file = thread; file < order.files; file += order.threads) {
    paths.push_back(order.folder + "/file-" + std::to_string(file));
  }
  return paths;
}

// No two operations of a process write the same bytes.
std::uint64_t next_version() {
  static std::atomic<std::uint64_t> version = 0;
  return ++version;
}

// The nanoseconds of each operation of one thread.
std::vector<std::int64_t> timed(const SaveAll& save, const Order& order, std::size_t thread,
                                bool announce) {
  using Clock = std::chrono::steady_clock;
  const std::vector<std::string> paths = paths_of(order, thread);
  std::string content(order.bytes, 'x');
  std::vector<std::int64_t> times;
  for (std::size_t operation = 0; operation < order.operations; ++operation) {
    const std::string number = std::to_string(next_version());
    std::copy_n(number.begin(), std::min(number.size(), content.size()), content.begin());
    const auto start = Clock::now();
    save(paths, content);
    const std::chrono::nanoseconds elapsed = Clock::now() - start;
    times.push_back(elapsed.count());
    if (announce) {
      std::puts("saved");
      std::fflush(stdout);
    }
  }
  return times;
}

std::vector<std::int64_t> carry_out(const Variant& variant, const Order& order, bool announce) {
  if (order.threads == 1) return timed(variant.prepare(order.folder), order, 0, announce);
  std::vector<std::vector<std::int64_t>> times(order.threads);
  std::vector<std::exception_ptr> problems(order.threads);
  std::barrier start(static_cast<std::ptrdiff_t>(order.threads));
  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < order.threads; ++thread) {
      threads.emplace_back([&, thread] {
        SaveAll save;
        try {
          save = variant.prepare(order.folder);
        } catch (...) {
          problems[thread] = std::current_exception();
        }
        start.arrive_and_wait();
        try {
          if (save) times[thread] = timed(save, order, thread, announce);
        } catch (...) {
          problems[thread] = std::current_exception();
        }
      });
    }
  }
  std::vector<std::int64_t> all;
  for (std::size_t thread = 0; thread < order.threads; ++thread) {
    if (problems[thread]) std::rethrow_exception(problems[thread]);
    all.insert(all.end(), times[thread].begin(), times[thread].end());
  }
  return all;
}

void answer(const std::vector<std::int64_t>& times) {
  std::string line = "done";
  for (const std::int64_t time : times) line += ' ' + std::to_string(time);
  std::puts(line.c_str());
  std::fflush(stdout);
}

int carry_out_all(const Variant& variant, std::span<const char* const> rest) {
  if (!rest.empty()) {
    std::string line;
    for (const char* word : rest) line += std::string(word) + ' ';
    (void)carry_out(variant, parsed(line), true);
    return 0;
  }
  for (std::string line; std::getline(std::cin, line);) {
    answer(carry_out(variant, parsed(line), false));
  }
  return 0;
}

}  // namespace

Variant one_by_one(std::string_view name,
                   void (*save)(const std::string& path, std::string_view content)) {
  return {name, [save](const std::string&) -> SaveAll {
            return [save](std::span<const std::string> paths, std::string_view content) {
              for (const std::string& path : paths) save(path, content);
            };
          }};
}

int serve(std::span<const char* const> arguments, std::span<const Variant> variants) {
  const std::string_view name = arguments.size() > 1 ? arguments[1] : "";
  const auto found = std::ranges::find(variants, name, &Variant::name);
  if (found == variants.end() || (arguments.size() != 2 && arguments.size() != 7)) {
    std::fputs("usage: PEER VARIANT [FOLDER BYTES FILES THREADS OPERATIONS]; variants:", stderr);
    for (const Variant& variant : variants) {
      std::fprintf(stderr, " %s", std::string(variant.name).c_str());
    }
    std::fputc('\n', stderr);
    return 2;
  }
  try {
    return carry_out_all(*found, arguments.subspan(2));
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s: %s\n", arguments[0], problem.what());
    return 1;
  }
}

}  // namespace peers
