// SPDX-License-Identifier: Apache-2.0
#include "report/json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace untorn::report {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(Json, nested_containers_have_commas_only_between_values) {
  JsonWriter json;
  json.begin_object().field("a", 1).key("b").begin_array();
  json.string("x").null().begin_object().end_object().begin_array().end_array().boolean(false);
  json.end_array().field("c", true).end_object();
  EXPECT_EQ(std::move(json).take(), R"({"a": 1, "b": ["x", null, {}, [], false], "c": true})");
}

TEST(Json, numbers_keep_their_full_range) {
  JsonWriter json;
  json.begin_array();
  json.unsigned_number(std::numeric_limits<std::uint64_t>::max());
  json.signed_number(std::numeric_limits<std::int64_t>::min());
  json.end_array();
  EXPECT_EQ(std::move(json).take(), "[18446744073709551615, -9223372036854775808]");
}

TEST(Json, reals_have_no_trailing_zeros_and_non_finite_ones_are_null) {
  JsonWriter json;
  json.begin_array().real(0.5).real(2.0).real(1.0 / 3.0, 3).real(100.0).real(-0.125);
  json.real(std::numeric_limits<double>::infinity());
  json.real(std::numeric_limits<double>::quiet_NaN()).real(std::numeric_limits<double>::max());
  json.end_array();
  const std::string text = std::move(json).take();
  EXPECT_TRUE(text.starts_with("[0.5, 2, 0.333, 100, -0.125, null, null, 17976931348623157"));
}

TEST(Json, control_characters_and_quotation_marks_are_escaped) {
  EXPECT_EQ(quoted("a\"b\\c\nd\te\rf"), R"("a\"b\\c\nd\te\rf")");
  EXPECT_EQ(quoted(std::string_view("\0\x1F\x7F", 3)), R"("\u0000\u001f\u007f")");
}

TEST(Json, well_formed_unicode_passes_unchanged) {
  EXPECT_EQ(quoted("ü 字 😀"), "\"ü 字 😀\"");
  EXPECT_EQ(valid_utf8("\xF4\x8F\xBF\xBF"), "\xF4\x8F\xBF\xBF");
}

TEST(Json, bytes_that_are_not_utf8_become_the_replacement_character) {
  const std::string fffd = "\xEF\xBF\xBD";
  EXPECT_EQ(valid_utf8("a\xFFz"), "a" + fffd + "z");
  EXPECT_EQ(valid_utf8("\xC0\x80"), fffd + fffd) << "overlong";
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), fffd + fffd + fffd) << "surrogate";
  EXPECT_EQ(valid_utf8("\xF4\x90\x80\x80"), fffd + fffd + fffd + fffd) << "above U+10FFFF";
  EXPECT_EQ(valid_utf8("\xE2\x82"), fffd + fffd) << "cut short";
  EXPECT_EQ(quoted("\xFF"), "\"" + fffd + "\"");
}

}  // namespace
}  // namespace untorn::report
