// SPDX-License-Identifier: Apache-2.0
#include "write/unmapped_ids.h"

#include <gtest/gtest.h>

namespace untorn::write {
namespace {

constexpr std::uint32_t nobody = 65534;
const char* const everybody = "         0          0 4294967295\n";
const char* const container = "         0     100000      65536\n";

TEST(UnmappedIds, without_a_namespace_every_number_is_what_it_seems) {
  EXPECT_FALSE(may_be_unmapped(nobody, everybody, "65534\n"));
  EXPECT_FALSE(may_be_unmapped(5, everybody, "65534\n"));
}

TEST(UnmappedIds, in_a_namespace_the_overflow_number_may_be_anybody) {
  EXPECT_TRUE(may_be_unmapped(nobody, container, "65534\n"));
  EXPECT_FALSE(may_be_unmapped(nobody, container, "99\n"));
  EXPECT_TRUE(may_be_unmapped(99, container, "99\n"));
  EXPECT_FALSE(may_be_unmapped(5, container, "65534\n"));
  EXPECT_TRUE(may_be_unmapped(nobody, "0 1000 1\n", ""));
}

TEST(UnmappedIds, what_cannot_be_read_changes_nothing) {
  EXPECT_FALSE(may_be_unmapped(nobody, "", ""));
}

}  // namespace
}  // namespace untorn::write
