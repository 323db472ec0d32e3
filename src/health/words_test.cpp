// SPDX-License-Identifier: Apache-2.0
#include "health/words.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace untorn::health {
namespace {

TEST(Words, sizes_are_powers_of_a_thousand_with_one_digit) {
  EXPECT_EQ(size_words(0), "0 bytes");
  EXPECT_EQ(size_words(1), "1 byte");
  EXPECT_EQ(size_words(999), "999 bytes");
  EXPECT_EQ(size_words(1000), "1.0 kB");
  EXPECT_EQ(size_words(1'960'000), "1.9 MB");
  EXPECT_EQ(size_words(51'000'000'000), "51.0 GB");
  EXPECT_EQ(size_words(std::numeric_limits<std::uint64_t>::max()), "18.4 EB");
}

TEST(Words, ages_are_rounded_down_in_the_unit_that_fits) {
  EXPECT_EQ(age_words(0), "under a second");
  EXPECT_EQ(age_words(119), "119 s");
  EXPECT_EQ(age_words(120), "2 min");
  EXPECT_EQ(age_words(7199), "119 min");
  EXPECT_EQ(age_words(7200), "2 h");
  EXPECT_EQ(age_words(172'800), "2 days");
  EXPECT_EQ(age_words(std::numeric_limits<std::int64_t>::max()), "106751991167300 days");
}

TEST(Words, one_thing_has_no_s) {
  EXPECT_EQ(count_words(0, "file"), "0 files");
  EXPECT_EQ(count_words(1, "file"), "1 file");
  EXPECT_EQ(count_words(2, "file"), "2 files");
}

}  // namespace
}  // namespace untorn::health
