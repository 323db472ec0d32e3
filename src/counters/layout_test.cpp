// SPDX-License-Identifier: Apache-2.0
#include "counters/layout.h"

#include <gtest/gtest.h>

#include <cstring>

namespace untorn::counters {
namespace {

const ProcessIdentity identity = {.process = 4242,
                                  .started_ticks = 77,
                                  .boot = "9b4b5c0e-8a55-4d0c-9d0e-7a2f8d8c1c11",
                                  .opened_ns = 1'795'436'098'123'456'789};

Total sample_total() {
  Total total{.folds = 3, .processes = 5, .slots = {}, .names = {}};
  for (std::size_t index = 0; index < total.slots.size(); ++index) total.slots[index] = index * 7;
  total.names = {process_file_name(identity, 0x9f3a), process_file_name(identity, 0xabcd)};
  return total;
}

std::uint32_t word_at(std::span<const std::byte> file, std::size_t offset) {
  std::uint32_t word = 0;
  std::memcpy(&word, file.subspan(offset, sizeof(word)).data(), sizeof(word));
  return word;
}

TEST(Layout, process_file_says_whose_it_is_and_begins_with_zeros) {
  const auto file = make_process_file(identity);
  EXPECT_EQ(file.size(), 512U);
  EXPECT_EQ(std::memcmp(file.data(), "untorn counters", 16), 0);
  EXPECT_EQ(word_at(file, 16), 1U) << "version";
  EXPECT_EQ(word_at(file, 20), 1U) << "oldest reader";
  const ProcessFile parsed = parse_process_file(file);
  EXPECT_EQ(parsed.form, Form::readable);
  EXPECT_EQ(parsed.identity.process, identity.process);
  EXPECT_EQ(parsed.identity.started_ticks, identity.started_ticks);
  EXPECT_EQ(parsed.identity.boot, identity.boot);
  EXPECT_EQ(parsed.identity.opened_ns, identity.opened_ns);
  EXPECT_EQ(parsed.slots, Slots{});
}

TEST(Layout, total_comes_back_as_it_was_made) {
  const Total total = sample_total();
  const TotalFile parsed = parse_total_file(make_total_file(total));
  EXPECT_EQ(parsed.form, Form::readable);
  EXPECT_EQ(parsed.total.folds, total.folds);
  EXPECT_EQ(parsed.total.processes, total.processes);
  EXPECT_EQ(parsed.total.slots, total.slots);
  EXPECT_EQ(parsed.total.names, total.names);
}

TEST(Layout, no_changed_byte_of_a_header_or_total_is_taken_for_what_was_written) {
  auto process = make_process_file(identity);
  for (std::size_t index = 0; index < 120; ++index) {
    process.at(index) ^= std::byte{0x41};
    EXPECT_NE(parse_process_file(process).form, Form::readable) << index;
    process.at(index) ^= std::byte{0x41};
  }
  auto total = make_total_file(sample_total());
  for (std::size_t index = 0; index < total.size(); ++index) {
    total.at(index) ^= std::byte{0x41};
    EXPECT_NE(parse_total_file(total).form, Form::readable) << index;
    total.at(index) ^= std::byte{0x41};
  }
}

TEST(Layout, no_shortened_file_is_taken_for_a_whole_one) {
  const auto process = make_process_file(identity);
  const auto total = make_total_file(sample_total());
  for (std::size_t size = 0; size < process.size(); ++size) {
    const Form expected = size == 0 ? Form::empty : Form::damaged;
    EXPECT_EQ(parse_process_file(std::span(process).first(size)).form, expected) << size;
  }
  for (std::size_t size = 1; size < total.size(); ++size) {
    EXPECT_EQ(parse_total_file(std::span(total).first(size)).form, Form::damaged) << size;
  }
}

TEST(Layout, zeros_are_empty_whatever_their_number) {
  const std::vector<std::byte> zeros(4096);
  EXPECT_EQ(parse_process_file(zeros).form, Form::empty);
  EXPECT_EQ(parse_total_file(zeros).form, Form::empty);
}

TEST(Layout, oldest_reader_decides_whether_a_newer_file_may_be_read) {
  auto file = make_process_file(identity);
  const std::uint32_t newer = 2;
  std::memcpy(file.data() + 20, &newer, sizeof(newer));
  EXPECT_EQ(parse_process_file(file).form, Form::newer);
  auto total = make_total_file(sample_total());
  std::memcpy(total.data() + 20, &newer, sizeof(newer));
  EXPECT_EQ(parse_total_file(total).form, Form::newer);
}

TEST(Layout, numbers_of_the_other_byte_order_are_treated_as_a_newer_format) {
  auto file = make_process_file(identity);
  std::reverse(file.begin() + 24, file.begin() + 32);
  EXPECT_EQ(parse_process_file(file).form, Form::newer);
}

TEST(Layout, only_names_of_process_files_are_taken_for_them) {
  EXPECT_EQ(process_file_name(identity, 0x19f3a), "1795436098123456789-4242-9f3a");
  EXPECT_TRUE(is_process_file_name("1795436098123456789-4242-9f3a"));
  for (const std::string_view other :
       {"", "total", "total.new", "lock", "new-9f3a", "1-2-", "1-2-9f3", "1-2-9f3ab", "1-2-9F3A",
        "-2-9f3a", "1--9f3a", "1-2-9f3a\n", "damaged-1-2-9f3a", "1-2-3-9f3a",
        "111111111111111111111-2-9f3a"}) {
    EXPECT_FALSE(is_process_file_name(other)) << other;
  }
}

TEST(Layout, each_slot_has_its_place_in_the_totals) {
  Slots slots{};
  for (std::size_t index = 0; index < slots.size(); ++index) slots[index] = index + 1;
  const CounterTotals totals = totals_of(slots, 9);
  EXPECT_EQ(totals.commits[0][0], 1U);
  EXPECT_EQ(totals.commits[2][3], 12U);
  EXPECT_EQ(totals.commit_durations.buckets.front(), 13U);
  EXPECT_EQ(totals.commit_durations.sum_ns, 26U);
  EXPECT_EQ(totals.sync_durations.buckets.back(), 39U);
  EXPECT_EQ(totals.sync_durations.sum_ns, 40U);
  EXPECT_EQ(totals.bytes, 41U);
  EXPECT_EQ(totals.recoveries, (std::array<std::uint64_t, 4>{42, 43, 44, 45}));
  EXPECT_EQ(totals.set_aside, 46U);
  EXPECT_EQ(totals.torn_lines, 47U);
  EXPECT_EQ(totals.swept, 48U);
  EXPECT_EQ(totals.processes, 9U);
}

}  // namespace
}  // namespace untorn::counters
