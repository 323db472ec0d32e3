// SPDX-License-Identifier: Apache-2.0
#include "cli/line_input.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace untorn::cli {
namespace {

using Lines = std::vector<std::string>;

TEST(LineInput, gives_the_same_lines_however_the_text_is_cut) {
  const std::string_view text = "one\n\ntwo\r\nthr\ree\nlast";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    LineInput input;
    Lines lines;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      EXPECT_FALSE(input.add(text.substr(at, piece)));
      for (std::string& line : input.take()) lines.push_back(std::move(line));
    }
    EXPECT_EQ(lines, (Lines{"one", "", "two", "thr\ree"}));
    EXPECT_FALSE(input.has_lines());
    EXPECT_TRUE(input.complete());
    EXPECT_EQ(input.take(), Lines{"last"});
    EXPECT_FALSE(input.complete());
  }
}

TEST(LineInput, refuses_nul_bytes_by_line_and_takes_nothing_of_that_piece) {
  LineInput input;
  EXPECT_FALSE(input.add(std::string_view("one\ntw")));
  const auto problem = input.add(std::string_view("o\nth\0ree\n", 9));
  ASSERT_TRUE(problem);
  EXPECT_EQ(*problem, "line 3 of the input holds a NUL byte");
  EXPECT_EQ(input.take(), Lines{"one"});
  EXPECT_TRUE(input.complete());
  EXPECT_EQ(input.take(), Lines{"tw"});
}

TEST(LineInput, refuses_a_second_carriage_return_wherever_the_pieces_end) {
  for (const std::string_view rest : {"\r\r\nx\n", "\r\n", "\n"}) {
    const std::string_view whole = "one\ntwo\r\r\nx\n";
    LineInput input;
    const std::size_t end = whole.find(rest, 4);
    EXPECT_FALSE(input.add(whole.substr(0, end)));
    const auto problem = input.add(whole.substr(end));
    ASSERT_TRUE(problem) << rest;
    EXPECT_EQ(*problem, "line 2 of the input ends in two carriage returns");
    EXPECT_EQ(input.take(), Lines{"one"});
  }
  LineInput unended;
  EXPECT_FALSE(unended.add(std::string_view("one\ntwo\r\r")));
  EXPECT_EQ(unended.end_problem(), "line 2 of the input ends in two carriage returns");
  LineInput one_return;
  EXPECT_FALSE(one_return.add(std::string_view("a\rb\r\nc\r")));
  EXPECT_FALSE(one_return.end_problem());
}

TEST(LineInput, counts_the_bytes_that_it_holds) {
  LineInput input;
  EXPECT_FALSE(input.add(std::string_view("one\ntw")));
  EXPECT_EQ(input.bytes(), 6U);
  (void)input.take();
  EXPECT_EQ(input.bytes(), 2U);
}

}  // namespace
}  // namespace untorn::cli
