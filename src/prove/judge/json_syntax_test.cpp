// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/json_syntax.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace untorn::prove {
namespace {

TEST(is_json, accepts_documents) {
  for (const char* text :
       {"{}", "[]", "0", "-0.5e+7", "\"\"", "null", " [1, 2 , {\"a\" : [ ] } ]\n",
        R"({"a": {"b": [true, false, null, "\u00e9\n"]}})", "\xEF\xBB\xBF{}", "\"größe\"",
        "{\"a\": 1, \"a\": 2}"}) {
    EXPECT_TRUE(is_json(text)) << text;
  }
}

TEST(is_json, accepts_what_python_writes) {
  EXPECT_TRUE(is_json("[NaN, Infinity, -Infinity]"));
}

TEST(is_json, refuses_pieces_of_documents) {
  const std::string document = R"({"a": [1, 2.5, {"b": "text\n", "c": null}], "d": true})";
  ASSERT_TRUE(is_json(document));
  for (std::size_t size = 0; size < document.size(); ++size) {
    EXPECT_FALSE(is_json(document.substr(0, size))) << size;
  }
}

TEST(is_json, refuses_zeros_in_the_place_of_content) {
  EXPECT_FALSE(is_json(std::string(10, '\0')));
  EXPECT_FALSE(is_json(std::string("{\"a\": 1}\0\0", 10)));
}

TEST(is_json, refuses_what_is_almost_a_document) {
  for (const char* text :
       {"",      " ",      "{} {}",    "[1,]",      "{\"a\"}", "{\"a\":}", "{1: 2}",
        "[1 2]", "01",     "1.",       ".5",        "+1",      "1e",       "'a'",
        "\"a",   "\"\t\"", "\"\\x\"",  "\"\\u12\"", "[",       "]",        "nul",
        "{]",    "[}",     "\"\xFF\"", "\"\xC3\"",  "{,}",     "nan",      "-"}) {
    EXPECT_FALSE(is_json(text)) << text;
  }
}

TEST(is_json, deep_nesting_does_not_overflow) {
  constexpr std::size_t depth = 1'000'000;
  EXPECT_TRUE(is_json(std::string(depth, '[') + std::string(depth, ']')));
  EXPECT_FALSE(is_json(std::string(depth, '[')));
}

// A second opinion on damaged documents: the library knows neither NaN nor a byte order mark, and
// the texts hold neither.
TEST(is_json, agrees_with_another_parser_on_damaged_documents) {
  const std::string document =
      R"({"name": "größe", "list": [1, -2.5e3, true, null, {"x": "\"\\\u0041"}], "empty": {}})";
  std::mt19937 random(1);
  const std::string alphabet = "{}[]:,\"\\ 0123e-.tfnul\n";
  for (int i = 0; i < 50'000; ++i) {
    std::string text = document;
    const auto changes = 1 + random() % 3;
    for (unsigned change = 0; change < changes; ++change) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          text.erase(at, 1 + random() % 4);
          break;
        default:
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
      }
    }
    ASSERT_EQ(is_json(text), nlohmann::json::accept(text)) << text;
  }
}

TEST(json_fault, is_the_byte_at_which_a_text_stops_being_a_document) {
  EXPECT_EQ(json_fault("[1, 2]"), std::nullopt);
  EXPECT_EQ(json_fault("[1, 2"), 5U);
  EXPECT_EQ(json_fault(""), 0U);
  EXPECT_EQ(json_fault("[1, 2] x"), 7U);
  EXPECT_EQ(json_fault(std::string_view("{}\0", 3)), 2U);
}

}  // namespace
}  // namespace untorn::prove
