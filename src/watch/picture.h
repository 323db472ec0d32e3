// SPDX-License-Identifier: Apache-2.0
//
// What watch knows at one instant: the last look at the folders, the files that were written in
// place since it began, and how well it sees. A value: the server reads one while the next is made.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "health/doctor.h"
#include "health/problem.h"
#include "untorn/counters.h"

namespace untorn::watch {

// A document that was changed under its name instead of being replaced: a reader, a kill or a power
// cut in between finds a part of it.
struct InPlaceWrite {
  std::string path;           // relative to Picture::root
  std::string writer;         // "python3, process 42", or "" if it is not known
  std::int64_t first_ns = 0;  // since the epoch
  std::int64_t last_ns = 0;
  std::uint64_t times = 0;
};

// How much of the folders announces its changes. The rest is only seen by the next look.
struct Coverage {
  std::uint64_t watched_folders = 0;
  std::uint64_t unwatched_folders = 0;
  std::uint64_t overflows = 0;  // times that the kernel dropped announcements
  std::string reason;           // why folders are not watched; "" if all are
  bool names_writers = false;   // the kernel tells which process wrote
};

struct Look {
  std::int64_t at_ns = 0;  // since the epoch, when it ended; 0: there was none yet
  std::int64_t duration_ns = 0;
  bool complete = false;  // everything that was asked for was looked at
  health::Counts counts = {};
};

struct Picture {
  std::string root;                         // absolute
  std::vector<health::Problem> problems;    // by path, relative to root
  std::vector<health::Skipped> unreadable;  // what could not be looked at
  Look look;
  std::uint64_t in_place_writes = 0;
  std::vector<InPlaceWrite> in_place;  // the latest first, and only so many
  Coverage coverage;
};

// What the processes below the folders counted.
struct Counted {
  CounterTotals totals;
  std::vector<std::string> errors;  // counters that could not be read, and why
};

// Temporaries whose writer is gone, or that nobody can tell for so long that they count as left.
struct Stale {
  std::uint64_t files = 0;
  std::uint64_t size_bytes = 0;
};

// The number of problems from `warning` up, by Kind.
using ProblemCounts = std::array<std::uint64_t, health::all_kinds.size()>;

[[nodiscard]] bool is_open(const health::Problem& problem) noexcept;
[[nodiscard]] ProblemCounts count_problems(const Picture& picture);
[[nodiscard]] std::uint64_t count_corrupted(const Picture& picture);
[[nodiscard]] Stale count_stale(const Picture& picture);
// Nothing is wrong, and everything could be looked at.
[[nodiscard]] bool is_healthy(const Picture& picture);

// "2026-11-23T12:00:00Z"
[[nodiscard]] std::string utc_words(std::int64_t at_ns);

}  // namespace untorn::watch
