// SPDX-License-Identifier: Apache-2.0
//
// The two forms of file under `.untorn/counters`, byte by byte: docs/internals/counters.md.
//
// A process's file has a header that never changes and a table of slots, one number of 64 bits
// each, which the process adds to through a mapping. `total` has the same table, and the names of
// the files that are in it. Numbers are in the byte order of the machine; a word in the header
// tells which, and files of the other order are treated as those of a newer format.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/counters.h"

namespace untorn::counters {

// Places in the table. A group of several begins at the place that is named.
namespace slot {
inline constexpr std::size_t levels = 3;
inline constexpr std::size_t outcomes = 4;
inline constexpr std::size_t buckets = DurationCounts::bounds_ns.size() + 1;
inline constexpr std::size_t results = 4;

inline constexpr std::size_t commits = 0;  // by level, then outcome
inline constexpr std::size_t commit_buckets = commits + levels * outcomes;
inline constexpr std::size_t commit_sum_ns = commit_buckets + buckets;
inline constexpr std::size_t sync_buckets = commit_sum_ns + 1;
inline constexpr std::size_t sync_sum_ns = sync_buckets + buckets;
inline constexpr std::size_t bytes = sync_sum_ns + 1;
inline constexpr std::size_t recoveries = bytes + 1;
inline constexpr std::size_t set_aside = recoveries + results;
inline constexpr std::size_t torn_lines = set_aside + 1;
inline constexpr std::size_t swept = torn_lines + 1;
inline constexpr std::size_t count = swept + 1;
}  // namespace slot
using Slots = std::array<std::uint64_t, slot::count>;

inline constexpr std::size_t header_bytes = 128;
inline constexpr std::size_t file_bytes = header_bytes + slot::count * sizeof(std::uint64_t);
static_assert(file_bytes == 512, "the format of version 1");

// Who counts into a file.
struct ProcessIdentity {
  std::uint64_t process = 0;
  std::uint64_t started_ticks = 0;  // after the start of the system; 0: not known
  std::string boot;                 // the kernel's name of this run of the system; "": not known
  std::uint64_t opened_ns = 0;      // since the epoch, when the file was made
};

enum class Form : std::uint8_t {
  readable,
  newer,               // written by a version that this one is told not to read
  newer_but_readable,  // this one may read it, but would lose what it does not know
  empty,  // nothing but NUL bytes, or no bytes: what a power cut leaves of an unsynced file
  damaged,
};

// A whole new file: the header and a table of zeros.
[[nodiscard]] std::array<std::byte, file_bytes> make_process_file(const ProcessIdentity& identity);

struct ProcessFile {
  Form form = Form::damaged;
  ProcessIdentity identity;
  Slots slots{};
};
[[nodiscard]] ProcessFile parse_process_file(std::span<const std::byte> bytes);

// What the files of ended processes came to.
struct Total {
  std::uint64_t folds = 0;      // how often it was replaced
  std::uint64_t processes = 0;  // files that were added
  Slots slots{};
  std::vector<std::string> names;  // of added files that may still be there, sorted
};
[[nodiscard]] std::vector<std::byte> make_total_file(const Total& total);

struct TotalFile {
  Form form = Form::damaged;
  Total total;
};
[[nodiscard]] TotalFile parse_total_file(std::span<const std::byte> bytes);

// "1795436098123456789-4242-9f3a", and no other name that is found there.
[[nodiscard]] std::string process_file_name(const ProcessIdentity& identity, std::uint64_t random);
[[nodiscard]] bool is_process_file_name(std::string_view name) noexcept;

void add(Slots& to, const Slots& from) noexcept;
[[nodiscard]] CounterTotals totals_of(const Slots& slots, std::uint64_t processes) noexcept;

}  // namespace untorn::counters
