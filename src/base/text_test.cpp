// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace untorn {
namespace {

TEST(text, words_are_joined_with_the_separator_between_them) {
  EXPECT_EQ(joined({}), "");
  EXPECT_EQ(joined({"a"}), "a");
  EXPECT_EQ(joined({"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(joined({"a", "b"}, "/"), "a/b");
}

TEST(text, what_is_too_much_to_be_joined_is_counted) {
  const std::vector<std::string> words = {"a", "b", "c", "d"};
  EXPECT_EQ(joined_first(words, 5), "a, b, c, d");
  EXPECT_EQ(joined_first(words, 4), "a, b, c, d");
  EXPECT_EQ(joined_first(words, 2), "a, b and 2 more");
  EXPECT_EQ(joined_first(std::set<std::string>{"y", "x"}, 1), "x and 1 more");
  EXPECT_EQ(joined_first(std::vector<std::string>(), 2), "");
}

TEST(text, folder_of_a_path_ends_before_its_last_name) {
  EXPECT_EQ(folder_of("a/b/c"), "a/b");
  EXPECT_EQ(folder_of("/a/b"), "/a");
  EXPECT_EQ(folder_of("/a"), "");
  EXPECT_EQ(folder_of("a"), "");
  EXPECT_EQ(folder_of(""), "");
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
