// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>

namespace untorn {
namespace {

TEST(text, words_are_joined_with_the_separator_between_them) {
  EXPECT_EQ(joined({}), "");
  EXPECT_EQ(joined({"a"}), "a");
  EXPECT_EQ(joined({"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(joined({"a", "b"}, "/"), "a/b");
}

TEST(text, blanks_go_at_both_ends_alone) {
  EXPECT_EQ(trimmed(" a b\t"), "a b");
  EXPECT_EQ(trimmed(" \t"), "");
  EXPECT_EQ(trimmed("a\n"), "a\n");
  EXPECT_EQ(trimmed("\na\r\n", " \r\n"), "a");
}

TEST(text, letters_and_digits_are_those_of_ascii) {
  EXPECT_TRUE(is_digit('0') && is_digit('9') && !is_digit('a') && !is_digit('/'));
  EXPECT_TRUE(is_letter('a') && is_letter('Z') && !is_letter('[') && !is_letter('\xC3'));
  EXPECT_TRUE(is_letter_or_digit('5') && is_letter_or_digit('q') && !is_letter_or_digit('_'));
}

}  // namespace
}  // namespace untorn
