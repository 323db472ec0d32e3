// SPDX-License-Identifier: Apache-2.0
//
// What safety cost and what it found, counted beside the state, so that an operator sees it while
// the program runs and after it was killed.
//
//   auto counters = untorn::Counters::open("/var/lib/app");
//   untorn::replace_file(path, bytes, {.counters = counters ? *counters : nullptr});
//   auto totals = untorn::read_counters("/var/lib/app");  // of all processes, dead ones included
//
// A process maps one small file, `.untorn/counters/<time of opening>-<process id>-<4 hex digits>`,
// and adds to it with relaxed atomic additions: an event costs no system call, and what was counted
// survives SIGKILL (not a power cut: nothing is synced but the folder, once in many processes).
// Files of processes that ended are folded into `.untorn/counters/total` by whoever reads the
// counters next, or opens them when there are many, under a lock, each exactly once. The format
// stands in docs/internals/counters.md.
//
// Where a mapping is not safe, or a lock does not tell whether a process lives, counters cannot be
// opened: ext2/3/4, xfs, tmpfs and overlay only. A store into a mapping is not a call, so it cannot
// fail with an error: should the file system be taken away or shut down under a process that
// counts, the kernel may end the process with SIGBUS. That is the price of an event for nothing.
//
// Threads: every function may be called from any thread. A child of fork(2) may go on with the
// object: at its first event it begins a file of its own; if it cannot, its events are lost.
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "untorn/durability.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn {

// How a recovery of a document, log, registry or transaction ended.
enum class RecoveryResult : std::uint8_t { recovered, rolled_forward, discarded, failed };
[[nodiscard]] std::string_view to_string(RecoveryResult) noexcept;

// A histogram with the same bounds everywhere. Bucket i counts durations up to bounds_ns[i]; the
// last one counts the rest.
struct DurationCounts {
  static constexpr std::array<std::uint64_t, 12> bounds_ns = {
      10'000,     50'000,     100'000,     500'000,     1'000'000,     5'000'000,
      10'000'000, 50'000'000, 100'000'000, 500'000'000, 1'000'000'000, 5'000'000'000};
  std::array<std::uint64_t, bounds_ns.size() + 1> buckets{};
  std::uint64_t sum_ns = 0;
  [[nodiscard]] std::uint64_t count() const noexcept;
};

// The sum over all processes that ever counted below one tree.
struct CounterTotals {
  // [level achieved][outcome], in the order of the enumerations.
  std::array<std::array<std::uint64_t, 4>, 3> commits{};
  DurationCounts commit_durations;
  DurationCounts sync_durations;              // of each sync call
  std::uint64_t bytes = 0;                    // of new content
  std::array<std::uint64_t, 4> recoveries{};  // by RecoveryResult
  std::uint64_t set_aside = 0;                // files
  std::uint64_t torn_lines = 0;
  std::uint64_t swept = 0;      // temporaries removed
  std::uint64_t processes = 0;  // that opened counters; one may do so several times

  // Adds each number, for a sum over several trees.
  CounterTotals& operator+=(const CounterTotals& other) noexcept;
};

class Counters {
 public:
  // Makes `.untorn/counters` below `tree` if needed; for a tree that this process has opened
  // already, gives the same object. Who counts as a side line goes on without after an error:
  //   unsupported        a file system on which a mapping is not safe
  //   permission_denied  the tree may not be written, or `.untorn` belongs to another user
  //   not_found, no_space, io
  // Costs some thirty system calls, and more when there are many files to fold.
  [[nodiscard]] static Result<std::shared_ptr<Counters>> open(FileSystem& fs,
                                                              const std::filesystem::path& tree);
  [[nodiscard]] static Result<std::shared_ptr<Counters>> open(const std::filesystem::path& tree);
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;
  ~Counters();

  void count_commit(Durability achieved, Outcome outcome, std::uint64_t bytes,
                    std::chrono::nanoseconds duration) noexcept;
  void count_sync(std::chrono::nanoseconds duration) noexcept;
  void count_recovery(RecoveryResult result) noexcept;
  void count_set_aside(std::uint64_t files) noexcept;
  void count_torn_lines(std::uint64_t lines) noexcept;
  void count_swept(std::uint64_t files) noexcept;

 private:
  struct State;
  explicit Counters(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

// Code::not_found if nothing was ever counted there; Code::unsupported for a newer format, which is
// left alone. A damaged file of one process is left out and set aside, a damaged `total` set aside;
// Code::corrupt if it cannot be. Folds first, if it may.
[[nodiscard]] Result<CounterTotals> read_counters(FileSystem& fs,
                                                  const std::filesystem::path& tree);
// The same numbers without changing anything.
[[nodiscard]] Result<CounterTotals> inspect_counters(FileSystem& fs,
                                                     const std::filesystem::path& tree);

}  // namespace untorn
