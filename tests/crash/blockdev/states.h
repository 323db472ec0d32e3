// SPDX-License-Identifier: Apache-2.0
//
// Which states of a disk a power cut may leave, chosen from its records.
//
//   for (const PowerCut& cut : power_cuts(disk.records(), begin, end, {.count_max = 300})) …
//
// Every prefix; in each epoch (the writes between two flushes) every subset of its writes if they
// are few, else all but one, only one, and some at random; and of single writes the first sector,
// the first half, or all but the last sector. What does not fit `count_max` is drawn by `seed`,
// prefixes first.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tests/crash/blockdev/disk.h"

namespace untorn::lab {

struct PowerCut {
  DiskState disk;
  // The latest moment at which the power may have gone: this many requests had reached the device.
  // Everything that a program was told before that moment was told.
  std::size_t moment = 0;
  // The earliest one: everything kept had reached it.
  std::size_t earliest = 0;
  bool in_order = false;  // a prefix
  // A write is torn inside a block of 4 KiB, and neither after its first sector nor before its
  // last: the models let those two tears stand for all (P8), so such a state is not asked of them.
  bool torn_inside_a_block = false;
};

struct CutChoice {
  std::size_t count_max = 300;
  std::uint64_t seed = 1;
};

// Of records [begin, end), by growing base.
[[nodiscard]] std::vector<PowerCut> power_cuts(std::span<const Record> records, std::size_t begin,
                                               std::size_t end, const CutChoice& choice);

// Ranges of the disk that records [begin, end) wrote, small gaps included, in order.
struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};
[[nodiscard]] std::vector<Range> written_ranges(std::span<const Record> records, std::size_t begin,
                                                std::size_t end);

}  // namespace untorn::lab
