// SPDX-License-Identifier: Apache-2.0
#include "base/escape.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace untorn {
namespace {

using namespace std::string_view_literals;

TEST(escape_controls, writes_control_characters_out) {
  EXPECT_EQ(escape_controls("a\tb\nc\rd\0e\x1b\x7f"sv), "a\\tb\\nc\\rd\\x00e\\x1b\\x7f");
}

TEST(escape_controls, writes_the_second_set_of_controls_out) {
  EXPECT_EQ(escape_controls("\xC2\x9B"
                            "31m"sv),
            "\\xc2\\x9b31m");
}

TEST(escape_controls, writes_separators_and_marks_of_direction_out) {
  EXPECT_EQ(escape_controls("a\u202Eyp.b"), "a\\xe2\\x80\\xaeyp.b");
  EXPECT_EQ(escape_controls("\u2028\u2069"), "\\xe2\\x80\\xa8\\xe2\\x81\\xa9");
}

TEST(escape_controls, keeps_everything_else) {
  for (const std::string_view text : {""sv, "a b\\c"sv, "Größe \xC2\xA0 日本"sv, "\xFF\xC2"sv,
                                      "\u2027\u202F\u2065\u206A"sv, "\xE2\x80"sv})
    EXPECT_EQ(escape_controls(text), text);
}

TEST(in_quotes, escapes_and_keeps_what_fits) {
  EXPECT_EQ(in_quotes("two\nlines"), "\"two\\nlines\"");
  EXPECT_EQ(in_quotes("four", 4), "\"four\"");
}

TEST(in_quotes, cuts_between_characters) {
  EXPECT_EQ(in_quotes("abcdef", 3), "\"abc…\"");
  EXPECT_EQ(in_quotes("aé", 2), "\"a…\"");
  EXPECT_EQ(in_quotes("\x80\x80\x80", 2), "\"…\"");
}

}  // namespace
}  // namespace untorn
