// SPDX-License-Identifier: Apache-2.0
#include "base/numbered_name.h"

#include <gtest/gtest.h>

#include <string>

namespace untorn {
namespace {

TEST(NumberedName, is_found_again) {
  for (const std::uint64_t number : {1ULL, 9ULL, 10ULL, 999'999'999'999'999ULL}) {
    const std::string name = numbered_name("a.log", ".torn-", number);
    EXPECT_EQ(name, "a.log.torn-" + std::to_string(number));
    EXPECT_EQ(number_beside(name, "a.log", ".torn-"), number);
  }
}

TEST(NumberedName, of_the_longest_name_is_no_longer_than_names_can_be) {
  const std::string longest(255, 'x');
  const std::string name = numbered_name(longest, ".torn-", 999'999'999'999'999ULL);
  EXPECT_EQ(name.size(), 255U);
  EXPECT_EQ(number_beside(name, longest, ".torn-"), 999'999'999'999'999ULL);
}

TEST(NumberedName, of_another_file_or_form_has_no_number) {
  for (const char* other : {"a.log", "a.log.torn-", "a.log.torn-0", "a.log.torn-01",
                            "a.log.torn-1x", "a.log.torn-1000000000000000", "a.log.torn--1",
                            "b.log.torn-1", "a.log.old-1", "xa.log.torn-1", ""}) {
    EXPECT_EQ(number_beside(other, "a.log", ".torn-"), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace untorn
