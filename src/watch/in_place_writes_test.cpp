// SPDX-License-Identifier: Apache-2.0
#include "watch/in_place_writes.h"

#include <gtest/gtest.h>

#include <string>

namespace untorn::watch {
namespace {

using std::chrono::milliseconds;
using Instant = InPlaceWrites::Instant;

constexpr Instant start{std::chrono::hours(1)};

TEST(InPlaceWrites, many_changes_until_the_close_are_one_time) {
  InPlaceWrites writes;
  EXPECT_TRUE(writes.changed("a", start, 1));
  EXPECT_FALSE(writes.changed("a", start + milliseconds(900), 2));
  EXPECT_FALSE(writes.changed("a", start + milliseconds(1800), 3));
  writes.ended("a");
  EXPECT_TRUE(writes.changed("a", start + milliseconds(1801), 4));
  EXPECT_EQ(writes.count(), 2U);
  ASSERT_EQ(writes.list().size(), 1U);
  EXPECT_EQ(writes.list().front().times, 2U);
  EXPECT_EQ(writes.list().front().first_ns, 1);
  EXPECT_EQ(writes.list().front().last_ns, 4);
}

TEST(InPlaceWrites, a_pause_ends_a_time_as_well) {
  InPlaceWrites writes;
  EXPECT_TRUE(writes.changed("a", start, 1));
  EXPECT_TRUE(writes.changed("a", start + milliseconds(1001), 2));
  EXPECT_EQ(writes.count(), 2U);
}

TEST(InPlaceWrites, files_are_counted_apart_and_the_latest_is_first) {
  InPlaceWrites writes;
  (void)writes.changed("a", start, 1);
  (void)writes.changed("b", start, 2);
  (void)writes.changed("a", start, 3);
  EXPECT_EQ(writes.count(), 2U);
  EXPECT_EQ(writes.list().front().path, "a");
  EXPECT_EQ(writes.list().back().path, "b");
}

TEST(InPlaceWrites, the_list_is_bounded_and_the_number_is_not) {
  InPlaceWrites writes;
  for (int number = 0; number < 1000; ++number) {
    (void)writes.changed(std::to_string(number), start, number);
  }
  EXPECT_EQ(writes.count(), 1000U);
  EXPECT_EQ(writes.list().size(), InPlaceWrites::listed_max);
  EXPECT_EQ(writes.list().front().path, "999");
}

TEST(InPlaceWrites, the_writer_is_named_whichever_is_announced_first) {
  InPlaceWrites writes;
  (void)writes.changed("a", start, 1);
  writes.name_writer("a", "vim, process 1", start);
  writes.name_writer("b", "sed, process 2", start);
  (void)writes.changed("b", start, 2);
  EXPECT_EQ(writes.list().front().writer, "sed, process 2");
  EXPECT_EQ(writes.list().back().writer, "vim, process 1");
}

TEST(InPlaceWrites, the_writer_of_an_earlier_time_is_not_blamed_for_a_later_one) {
  InPlaceWrites writes;
  (void)writes.changed("a", start, 1);
  writes.name_writer("a", "vim, process 1", start);
  writes.ended("a");
  const Instant later = start + milliseconds(5000);
  writes.forget(later);
  (void)writes.changed("a", later, 2);
  EXPECT_EQ(writes.list().front().writer, "");
}

}  // namespace
}  // namespace untorn::watch
