// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/states.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <set>
#include <utility>

namespace untorn::lab {
namespace {

constexpr std::size_t all_subsets_max = 5;
constexpr std::size_t random_subsets = 24;

class Cuts {
 public:
  Cuts(std::span<const Record> records, const CutChoice& choice)
      : records_(records), random_(choice.seed) {}

  void add_prefixes(std::size_t begin, std::size_t end) {
    for (std::size_t base = begin; base <= end; ++base) {
      in_order_.push_back(
          {.disk = {.base = base, .kept = {}}, .moment = base, .earliest = base, .in_order = true});
    }
  }

  // Of the writes in [begin, end), between two flushes.
  void add_epoch(std::size_t begin, std::size_t end) {
    std::vector<std::size_t> writes;
    for (std::size_t index = begin; index < end; ++index) {
      if (records_[index].kind != Record::Kind::flush) writes.push_back(index);
    }
    if (writes.size() <= all_subsets_max) {
      for (std::size_t mask = 0; mask < std::size_t{1} << writes.size(); ++mask) {
        add_subset(begin, end, writes, [mask](std::size_t at) { return (mask >> at & 1U) != 0; });
      }
    } else {
      for (std::size_t chosen = 0; chosen < writes.size(); ++chosen) {
        add_subset(begin, end, writes, [chosen](std::size_t at) { return at != chosen; });
        add_subset(begin, end, writes, [chosen](std::size_t at) { return at == chosen; });
      }
      for (std::size_t round = 0; round < random_subsets; ++round) {
        add_subset(begin, end, writes, [this](std::size_t) { return (random_() & 1U) != 0; });
      }
    }
    for (const std::size_t index : writes) add_torn(index);
  }

  [[nodiscard]] std::vector<PowerCut> chosen(std::size_t count_max) {
    draw(in_order_, count_max / 2);
    draw(others_, count_max - in_order_.size());
    std::vector<PowerCut> all = std::move(in_order_);
    std::ranges::move(others_, std::back_inserter(all));
    std::ranges::stable_sort(all, {}, [](const PowerCut& cut) { return cut.disk.base; });
    return all;
  }

 private:
  // A subset that is a beginning is a prefix, and there already.
  template <class Keeps>
  void add_subset(std::size_t begin, std::size_t end, const std::vector<std::size_t>& writes,
                  const Keeps& keeps) {
    PowerCut cut{.disk = {.base = begin, .kept = {}}, .moment = end, .earliest = begin};
    bool gap = false;
    bool reordered = false;
    for (std::size_t at = 0; at < writes.size(); ++at) {
      if (!keeps(at)) {
        gap = true;
        continue;
      }
      reordered |= gap;
      cut.disk.kept.push_back({.record = writes[at]});
      cut.earliest = writes[at] + 1;
    }
    if (reordered) others_.push_back(std::move(cut));
  }

  void add_torn(std::size_t index) {
    const Record& record = records_[index];
    if (record.kind != Record::Kind::write || record.length < 2 * sector_bytes) return;
    const std::uint64_t half = record.length / 2 / sector_bytes * sector_bytes;
    const std::set<std::pair<std::uint64_t, std::uint64_t>> parts = {
        {0, sector_bytes},
        {0, half},
        {half, record.length - half},
        {0, record.length - sector_bytes}};
    for (const auto& [from, length] : parts) {
      const std::uint64_t edge = record.offset + (from == 0 ? length : from);
      const bool at_an_end =
          from == 0 && (length == sector_bytes || length == record.length - sector_bytes);
      others_.push_back(
          {.disk = {.base = index, .kept = {{.record = index, .from = from, .length = length}}},
           .moment = index,
           .earliest = index,
           .torn_inside_a_block = !at_an_end && edge % disk_page_bytes != 0});
    }
  }

  void draw(std::vector<PowerCut>& from, std::size_t count) {
    if (from.size() <= count) return;
    std::vector<PowerCut> drawn;
    std::ranges::sample(from, std::back_inserter(drawn), static_cast<std::ptrdiff_t>(count),
                        random_);
    from = std::move(drawn);
  }

  std::span<const Record> records_;
  std::mt19937_64 random_;
  std::vector<PowerCut> in_order_;
  std::vector<PowerCut> others_;
};

}  // namespace

std::vector<PowerCut> power_cuts(std::span<const Record> records, std::size_t begin,
                                 std::size_t end, const CutChoice& choice) {
  Cuts cuts(records, choice);
  cuts.add_prefixes(begin, end);
  std::size_t epoch = begin;
  for (std::size_t index = begin; index <= end; ++index) {
    if (index < end && records[index].kind != Record::Kind::flush) continue;
    cuts.add_epoch(epoch, index);
    epoch = index + 1;
  }
  return cuts.chosen(choice.count_max);
}

std::vector<Range> written_ranges(std::span<const Record> records, std::size_t begin,
                                  std::size_t end) {
  constexpr std::uint64_t gap_bytes = std::uint64_t{1} << 18U;
  std::vector<Range> ranges;
  for (const Record& record : records.subspan(begin, end - begin)) {
    if (record.kind != Record::Kind::write) continue;
    ranges.push_back({record.offset, record.offset + record.length});
  }
  std::ranges::sort(ranges, {}, &Range::begin);
  std::vector<Range> joined;
  for (const Range& range : ranges) {
    if (!joined.empty() && range.begin <= joined.back().end + gap_bytes) {
      joined.back().end = std::max(joined.back().end, range.end);
    } else {
      joined.push_back(range);
    }
  }
  return joined;
}

}  // namespace untorn::lab
