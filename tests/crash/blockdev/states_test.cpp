// SPDX-License-Identifier: Apache-2.0
//
// Goal: the disks that the lab mounts are exactly those that a power cut may leave.
// Method: small disks whose every request is known; no root, no mounts.
#include "tests/crash/blockdev/states.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/crash/blockdev/disk.h"

namespace untorn::lab {
namespace {

constexpr std::size_t small_disk_bytes = 16 * disk_page_bytes;

void put(Disk& disk, std::uint64_t page, char letter, std::size_t length = disk_page_bytes) {
  const std::string text(length, letter);
  ASSERT_TRUE(disk.write(page * disk_page_bytes, std::as_bytes(std::span(text))));
}

// The first byte of each of the first four pages, '.' for zero.
std::string shown(const Disk& disk) {
  std::string text;
  for (std::uint64_t page = 0; page < 4; ++page) {
    const char letter = static_cast<char>(disk.read(page * disk_page_bytes, 1)[0]);
    text += letter == 0 ? '.' : letter;
  }
  return text;
}

// "old" on page 0; then a, b, a flush, c, and a torn d on page 3.
class Recorded : public ::testing::Test {
 protected:
  void SetUp() override {
    put(disk_, 0, 'o');
    disk_.begin_recording();
    put(disk_, 0, 'a');
    put(disk_, 1, 'b');
    ASSERT_TRUE(disk_.flush());
    put(disk_, 2, 'c');
    put(disk_, 3, 'd');
    disk_.end_recording();
  }
  Disk disk_{small_disk_bytes};
};

TEST_F(Recorded, a_prefix_is_what_its_records_made_of_the_disk) {
  DiskReplay replay(disk_);
  const std::vector<std::string> expected = {"o...", "a...", "ab..", "ab..", "abc.", "abcd"};
  for (std::size_t base = 0; base < expected.size(); ++base) {
    replay.show({.base = base, .kept = {}});
    EXPECT_EQ(shown(disk_), expected[base]) << base;
  }
  replay.show({.base = 1, .kept = {}});  // back again
  EXPECT_EQ(shown(disk_), "a...");
}

TEST_F(Recorded, what_a_mount_writes_is_gone_in_the_next_state) {
  DiskReplay replay(disk_);
  replay.show({.base = 2, .kept = {}});
  put(disk_, 0, 'x');
  put(disk_, 3, 'x');  // where the base holds nothing
  replay.show({.base = 2, .kept = {}});
  EXPECT_EQ(shown(disk_), "ab..");
}

TEST_F(Recorded, kept_parts_stand_alone_and_end_at_their_bytes) {
  DiskReplay replay(disk_);
  replay.show({.base = 3, .kept = {{.record = 4}}});
  EXPECT_EQ(shown(disk_), "ab.d");
  replay.show({.base = 3, .kept = {{.record = 4, .from = 0, .length = sector_bytes}}});
  EXPECT_EQ(shown(disk_), "ab.d");
  EXPECT_EQ(disk_.read(3 * disk_page_bytes + sector_bytes, 1)[0], std::byte{0});
  replay.show({.base = 3, .kept = {{.record = 4, .from = sector_bytes, .length = sector_bytes}}});
  EXPECT_EQ(shown(disk_), "ab..");
  EXPECT_EQ(disk_.read(3 * disk_page_bytes + sector_bytes, 1)[0], std::byte{'d'});
}

TEST_F(Recorded, every_subset_of_a_small_epoch_is_there_and_nothing_beyond_a_flush) {
  std::set<std::string> seen;
  DiskReplay replay(disk_);
  for (const PowerCut& cut : power_cuts(disk_.records(), 0, disk_.record_count(), {})) {
    replay.show(cut.disk);
    seen.insert(shown(disk_));
    EXPECT_LE(cut.earliest, cut.moment);
    EXPECT_LE(cut.disk.base, cut.earliest);
  }
  const std::set<std::string> expected = {"o...", "a...", "ob..", "ab..", "abc.", "ab.d", "abcd"};
  EXPECT_EQ(seen, expected);
}

TEST_F(Recorded, a_discard_reads_as_zeros_before_and_after_a_replay) {
  Disk disk(small_disk_bytes);
  put(disk, 0, 'o');
  disk.begin_recording();
  ASSERT_TRUE(disk.discard(0, disk_page_bytes));
  EXPECT_EQ(shown(disk), "....");
  DiskReplay replay(disk);
  replay.show({.base = 0, .kept = {}});
  EXPECT_EQ(shown(disk), "o...");
  replay.show({.base = 1, .kept = {}});
  EXPECT_EQ(shown(disk), "....");
}

TEST(PowerCuts, no_more_than_wanted_are_drawn_and_equal_seeds_draw_the_same) {
  Disk disk(small_disk_bytes);
  disk.begin_recording();
  for (int round = 0; round < 100; ++round) {
    put(disk, static_cast<std::uint64_t>(round) % 8, 'a');
    if (round % 9 == 0) {
      ASSERT_TRUE(disk.flush());
    }
  }
  const auto bases = [&disk](std::uint64_t seed) {
    const auto cuts =
        power_cuts(disk.records(), 0, disk.record_count(), {.count_max = 30, .seed = seed});
    std::vector<std::size_t> made;
    for (const PowerCut& cut : cuts) made.push_back(cut.disk.base);
    return made;
  };
  EXPECT_EQ(bases(1).size(), 30U);
  EXPECT_EQ(bases(1), bases(1));
  EXPECT_NE(bases(1), bases(2));
  EXPECT_TRUE(std::ranges::is_sorted(bases(3)));
}

TEST(PowerCuts, the_moment_of_a_reordered_epoch_is_the_flush_that_ends_it) {
  Disk disk(small_disk_bytes);
  disk.begin_recording();
  put(disk, 0, 'a');
  put(disk, 1, 'b');
  ASSERT_TRUE(disk.flush());
  for (const PowerCut& cut : power_cuts(disk.records(), 0, disk.record_count(), {})) {
    if (cut.in_order) {
      EXPECT_EQ(cut.moment, cut.disk.base);
    } else if (cut.disk.kept.front().length == 0) {
      EXPECT_EQ(cut.moment, 2U);
    } else {
      EXPECT_EQ(cut.moment, cut.disk.kept.front().record);
    }
  }
}

TEST(PowerCuts, a_tear_inside_a_block_is_named_unless_it_leaves_one_sector) {
  Disk disk(small_disk_bytes);
  disk.begin_recording();
  put(disk, 0, 'a', 3 * disk_page_bytes);
  std::size_t inside = 0;
  for (const PowerCut& cut : power_cuts(disk.records(), 0, disk.record_count(), {})) {
    if (!cut.torn_inside_a_block) continue;
    ++inside;
    // The halves of three pages meet inside the second one.
    EXPECT_EQ(cut.disk.kept.front().length, 3 * disk_page_bytes / 2);
  }
  EXPECT_EQ(inside, 2U);
}

TEST(Disk, a_request_outside_of_it_is_refused) {
  Disk disk(small_disk_bytes);
  const std::string text(disk_page_bytes, 'x');
  EXPECT_FALSE(disk.write(small_disk_bytes, std::as_bytes(std::span(text))));
  EXPECT_FALSE(disk.write(small_disk_bytes - 1, std::as_bytes(std::span(text))));
  EXPECT_FALSE(disk.discard(small_disk_bytes, 1));
  EXPECT_TRUE(disk.read(small_disk_bytes, 1).empty());
}

TEST(WrittenRanges, near_ones_are_joined_and_far_ones_are_not) {
  const std::vector<Record> records = {
      {.kind = Record::Kind::write, .offset = 1U << 20U, .length = 4096},
      {.kind = Record::Kind::write, .offset = 4096, .length = 4096},
      {.kind = Record::Kind::flush},
      {.kind = Record::Kind::write, .offset = 0, .length = 512}};
  const std::vector<Range> ranges = written_ranges(records, 0, records.size());
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].begin, 0U);
  EXPECT_EQ(ranges[0].end, 8192U);
  EXPECT_EQ(ranges[1].begin, 1U << 20U);
}

}  // namespace
}  // namespace untorn::lab
