// SPDX-License-Identifier: Apache-2.0
#include "pipeline/code_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace untorn::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string told(std::string_view content, std::string_view wanted) {
  return mismatch(content, wanted, places_of(content, wanted));
}

TEST(code_match, finds_every_place_with_its_line) {
  EXPECT_THAT(places_of("a\nb\na\n", "a"), ElementsAre(1, 3));
  EXPECT_THAT(places_of("a\nb\n", "a\nb"), ElementsAre(1));
  EXPECT_THAT(places_of("aaa", "aa"), ElementsAre(1, 1));
  EXPECT_THAT(places_of("a\n", "x"), IsEmpty());
  EXPECT_THAT(places_of(std::string(1000, 'a'), "a", 3), ElementsAre(1, 1, 1));
}

TEST(code_match, tells_the_lines_of_several_places) {
  EXPECT_THAT(told("x\ny\nx\n", "x"), HasSubstr("occurs 2 times, at lines 1 and 3"));
}

TEST(code_match, tells_the_line_that_differs_in_white_space) {
  EXPECT_THAT(told("def f():\n\treturn 1\n", "    return 1"),
              HasSubstr("line 2 is its first line but for white space"));
}

TEST(code_match, tells_the_most_similar_line) {
  EXPECT_THAT(told("import os\nreturn total_of(prices)\n", "return total_of(price)"),
              HasSubstr("most like its first line is line 2: \"return total_of(prices)\""));
  EXPECT_EQ(told("import os\n", "}{"), "the text does not occur");
  EXPECT_EQ(told("", "x"), "the text does not occur");
}

}  // namespace
}  // namespace untorn::pipeline
