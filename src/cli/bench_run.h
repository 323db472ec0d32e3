// SPDX-License-Identifier: Apache-2.0
//
// What replacing files costs in one folder: each level, each protocol, one file and many.
//
//   BenchOutcome outcome = run_bench(fs, scratch, {.rounds = 20}, keep_going);
//
// The kinds of replacement take turns, so that what happens on the machine meanwhile falls on all
// of them alike. The flushes of the device are read before and after each replacement, outside of
// the time that is measured.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench_scratch.h"
#include "untorn/durability.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/replace.h"

namespace untorn::cli {

struct BenchSizes {
  std::size_t rounds = 20;
  std::size_t bytes = 4096;  // of each file
  std::size_t files = 100;   // of a batch
};

// One kind of replacement, and what its rounds cost.
struct BenchSeries {
  bool batch = false;
  Durability requested = Durability::durable;
  ProtocolChoice choice = ProtocolChoice::automatic;
  // Of the last round: they do not change while the file system stays what it is.
  Durability achieved = Durability::durable;
  Protocol protocol = Protocol::classic;
  unsigned syncs = 0;
  unsigned commits = 0;
  std::vector<double> times_us = {};                    // sorted once all rounds are made
  std::optional<std::uint64_t> flushes = std::nullopt;  // in all rounds

  [[nodiscard]] double median_us() const;
  [[nodiscard]] double p99_us() const;  // nearest rank: the slowest of fewer than 100 rounds
};

struct BenchOutcome {
  FileSystemKind kind;
  std::vector<BenchSeries> series;
};

// Nothing: `keep_going`, asked between two replacements with the number of those made and of all,
// answered no.
[[nodiscard]] Result<std::optional<BenchOutcome>> run_bench(
    FileSystem& fs, const BenchScratch& scratch, const BenchSizes& sizes,
    const std::function<bool(std::size_t made, std::size_t all)>& keep_going);

}  // namespace untorn::cli
