// SPDX-License-Identifier: Apache-2.0
//
// What every input of one kind promises, by example. tests/property holds the same against CPython
// at random.
#include "untorn/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace untorn {
namespace {

JsonDocument parsed(const std::string& text) {
  auto document = JsonDocument::parse(text);
  EXPECT_TRUE(document.has_value()) << text << ": " << document.error();
  return document ? std::move(*document) : JsonDocument();
}

// The text, with something changed back and forth so that it is not just the source.
std::string rewritten(const std::string& text) {
  const JsonDocument document = parsed(text);
  return JsonDocument(document.root, document.style).text();
}

Code refusal(const std::string& text) {
  const auto document = JsonDocument::parse(text);
  EXPECT_FALSE(document.has_value()) << text;
  return document ? Code::internal : document.error().code();
}

TEST(Json, keeps_the_source_text_of_numbers_and_strings) {
  for (const char* text : {"[0.10, 1E5, -0.0, -0, 1e400, 123456789012345678901234567890, 1.0e+02]",
                           R"(["\u00e9", "é", "\/", "\ud800", "\ud834\udd1e", "\u0041"])",
                           "[NaN, Infinity, -Infinity]", R"({"a": 1, "a": 2, "\u0061": 3})", "null",
                           "  7\n", "\"x\"", "[]", "{}", "[[], {}]"}) {
    EXPECT_EQ(rewritten(text), text);
  }
}

TEST(Json, keeps_the_layout) {
  for (const char* text : {"{\"a\":[1,2],\"b\":{}}", "[1 , 2 , {\"a\" : 1}]", "[\n1,\n2\n]",
                           "{\n\t\"a\": [\n\t\t1\n\t]\n}\n", "{\n  \"a\": 1,\n  \"b\": [1, 2]\n}",
                           "[\r\n  1,\r\n  2\r\n]\r\n", "[\n    1, \n    2\n]"}) {
    EXPECT_EQ(rewritten(text), text);
  }
}

TEST(Json, adds_in_the_style_that_it_found) {
  JsonDocument spread = parsed("{\n  \"a\": [\n    1\n  ]\n}\n");
  spread.root.set("b", JsonValue::array({JsonValue::string("é"), JsonValue::real(0.5)}));
  EXPECT_EQ(spread.text(),
            "{\n  \"a\": [\n    1\n  ],\n  \"b\": [\n    \"\\u00e9\",\n    0.5\n  ]\n}\n");
  JsonDocument tight = parsed("{\"ü\":1}");
  tight.root.set("b", JsonValue::string("é\xED\xA0\x80\xFF\x01"));
  EXPECT_EQ(tight.text(), "{\"ü\":1,\"b\":\"é\\ud800\\udcff\\u0001\"}");
  JsonDocument inline_list = parsed("{\n  \"a\": [1, 2]\n}");
  inline_list.root.edit("a").edit_items().push_back(JsonValue::integer(3));
  EXPECT_EQ(inline_list.text(), "{\n  \"a\": [1, 2, 3]\n}");
}

TEST(Json, a_layout_that_no_style_has_is_still_json_when_it_is_written_anew) {
  for (const char* text : {"{\n  \"a\": [1, 2]\n,  \"b\": [\n    3]\n}", "[\n1, 2\n, 3,\n4]",
                           "[ 1,\n2 ]", "{\"a\"\n:\n1,\n\n\n\"b\":2}"}) {
    const std::string anew = rewritten(text);
    EXPECT_TRUE(parsed(anew).root == parsed(text).root) << anew;
  }
}

TEST(Json, gives_the_source_back_as_long_as_nothing_changes) {
  const std::string odd = "{ \"a\" :1,\n \"b\": [ 1,2 ] }";
  JsonDocument document = parsed(odd);
  EXPECT_EQ(document.text(), odd);
  const JsonDocument copy = document;
  document.root.set("a", JsonValue::integer(2));
  EXPECT_NE(document.text(), odd);
  EXPECT_EQ(copy.text(), odd) << "copies are independent";
}

TEST(Json, values_are_read_as_what_they_are) {
  const JsonDocument document =
      parsed(R"([true, 12, 1.5, "a\nb", 9223372036854775808, 1e400, -1e400, 1e-400, NaN, null])");
  const auto& items = document.root.items();
  EXPECT_EQ(items[0].as_boolean(), true);
  EXPECT_EQ(items[1].as_integer(), 12);
  EXPECT_EQ(items[1].as_real(), 12.0);
  EXPECT_EQ(items[2].as_integer(), std::nullopt);
  EXPECT_EQ(items[3].as_string(), "a\nb");
  EXPECT_EQ(items[4].as_integer(), std::nullopt);
  EXPECT_EQ(items[4].as_real(), 9223372036854775808.0);
  EXPECT_EQ(items[5].as_real(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(items[6].as_real(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(items[7].as_real(), 0.0);
  EXPECT_TRUE(std::isnan(*items[8].as_real()));
  EXPECT_TRUE(items[9].is_null());
  for (const JsonValue& item : items) EXPECT_TRUE(item.members().empty() && item.items().empty());
  const std::string digits(400, '9');
  EXPECT_EQ(parsed(digits).root.as_real(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parsed("0." + std::string(400, '0') + "1").root.as_real(), 0.0);
}

TEST(Json, strings_come_and_go_as_utf_8_with_surrogates) {
  EXPECT_EQ(parsed(R"("\ud834\udd1e")").root.as_string(), "\xF0\x9D\x84\x9E");
  EXPECT_EQ(parsed(R"("\ud834x\udd1e")").root.as_string(), "\xED\xA0\xB4x\xED\xB4\x9E");
  EXPECT_EQ(JsonDocument(JsonValue::string("\xF0\x9D\x84\x9E\x7F")).text(),
            R"("\ud834\udd1e\u007f")");
}

TEST(Json, numbers_are_made_of_any_length_and_of_nothing_else) {
  EXPECT_EQ(JsonDocument(*JsonValue::number("123456789012345678901234567890")).text(),
            "123456789012345678901234567890");
  EXPECT_EQ(JsonDocument(JsonValue::integer(std::numeric_limits<std::int64_t>::min())).text(),
            "-9223372036854775808");
  for (const char* text : {"", "01", "1.", ".5", "+1", "0x1", "1 ", "nan", "-", "1e", "Infinit"}) {
    EXPECT_FALSE(JsonValue::number(text)) << text;
  }
}

TEST(Json, members_are_found_set_and_erased_by_their_name) {
  JsonDocument document = parsed(R"({"a": 1, "\u0061": 2, "b": 3})");
  EXPECT_EQ(document.root.find("a")->as_integer(), 2) << "the last one counts, as in Python";
  document.root.set("a", JsonValue::integer(5));
  EXPECT_EQ(document.text(), R"({"a": 1, "\u0061": 5, "b": 3})");
  EXPECT_TRUE(document.root.erase("a"));
  EXPECT_FALSE(document.root.erase("a"));
  EXPECT_EQ(document.text(), R"({"b": 3})");
  EXPECT_EQ(document.root.find("a"), nullptr);
  EXPECT_EQ(JsonValue::integer(1).find("a"), nullptr);
}

TEST(Json, equality_is_by_value) {
  const auto same = [](const char* a, const char* b) { return parsed(a).root == parsed(b).root; };
  EXPECT_TRUE(same(R"({"a": 1, "b": [1.0, "\u00e9"]})", R"({"b": [1, "é"], "a": 1e0})"));
  EXPECT_TRUE(same("[NaN]", "[NaN]"));
  EXPECT_TRUE(same("123456789012345678901234567890", "123456789012345678901234567890"));
  EXPECT_FALSE(same("123456789012345678901234567890", "123456789012345678901234567891"));
  EXPECT_FALSE(same("[1, 2]", "[2, 1]"));
  EXPECT_FALSE(same("{\"a\": 1}", "{\"a\": 1, \"b\": 2}"));
  EXPECT_FALSE(same("{\"a\": 1, \"b\": 2}", "{\"a\": 1, \"c\": 2}"));
  EXPECT_FALSE(same("true", "false"));
  EXPECT_FALSE(same("null", "0"));
}

TEST(Json, depth_costs_no_stack) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  const std::string deep = nested(10'000);
  JsonDocument document = parsed(deep);
  EXPECT_EQ(rewritten(deep), deep);
  EXPECT_TRUE(document.root == parsed(deep).root);
  JsonValue built;
  for (int i = 0; i < 200'000; ++i) built = JsonValue::array({std::move(built)});
  EXPECT_EQ(JsonDocument(built).text().size(), 400'004U);
  EXPECT_EQ(refusal(nested(10'001)), Code::unsupported);
  EXPECT_EQ(refusal(nested(20'000)), Code::unsupported);
  EXPECT_EQ(refusal(std::string(5'000'000, '[')), Code::unsupported);
  std::string objects;
  for (int i = 0; i < 20'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(refusal(objects), Code::unsupported);
}

TEST(Json, copies_may_be_changed_by_as_many_threads) {
  const JsonDocument source = parsed(R"({"list": [1, 2, 3], "n": 0})");
  std::vector<std::thread> threads;
  std::vector<std::string> texts(4);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    threads.emplace_back([copy = source, i, &texts]() mutable {
      for (int n = 0; n <= 1000; ++n) {
        copy.root.set("n", JsonValue::integer(n));
        copy.root.edit("list").edit_items()[0] = JsonValue::integer(static_cast<int>(i));
      }
      texts[i] = copy.text();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(texts[i], "{\"list\": [" + std::to_string(i) + R"(, 2, 3], "n": 1000})");
  }
  EXPECT_EQ(source.text(), R"({"list": [1, 2, 3], "n": 0})");
}

TEST(JsonDamage, is_what_a_tear_leaves) {
  using namespace std::string_literals;
  for (const std::string& text : {""s,
                                  " \n\t"s,
                                  "\0"s,
                                  "\0\0\0\0\0\0\0\0"s,
                                  "{\"a\": 1\0\0\0\0"s,
                                  "{\"a\": \0\0\0 1}"s,
                                  "7\0\0\0"s,
                                  "{"s,
                                  "["s,
                                  "{\"a"s,
                                  "{\"a\""s,
                                  "{\"a\":"s,
                                  "{\"a\": 1,"s,
                                  "[1, "s,
                                  "[tru"s,
                                  "[-"s,
                                  "[1.5e"s,
                                  "[\"\\u00"s,
                                  "[\"\\"s,
                                  "[\"caf\xC3"s,
                                  "nul"s,
                                  "[Infin"s,
                                  "[-Inf"s,
                                  "[N"s,
                                  "{\"a\": 1}}"s,
                                  "{\"a\": 1}\"b\": 2}"s,
                                  "[1] 2, 3]"s,
                                  "[1]garbage"s,
                                  ": 1, \"b\": 2}{\"a\""s,
                                  "not json"s,
                                  "{not json"s,
                                  "\x89PNG\r\n\x1A\n"s,
                                  "}"s,
                                  "]"s,
                                  "{\"a\": 1, // a comment\n \"b\": ["s,
                                  "# comment alone"s}) {
    EXPECT_EQ(refusal(text), Code::corrupt) << text;
  }
}

TEST(JsonDamage, is_not_what_we_do_not_read) {
  using namespace std::string_literals;
  for (const std::string& text : {"{\"a\": 1,}"s,
                                  "[1, 2,]"s,
                                  "{'a': 1}"s,
                                  "{a: 1}"s,
                                  "// x\n{\"a\": 1}"s,
                                  "{\"a\": 1} // x"s,
                                  "{\"a\": 1 /* } */}"s,
                                  "/* { */ [1]"s,
                                  "[1] # done"s,
                                  "\xEF\xBB\xBF{\"a\": 1}"s,
                                  "[0x10]"s,
                                  "0x10"s,
                                  "[+1, .5, 5.]"s,
                                  "+1"s,
                                  "[True, None]"s,
                                  "True"s,
                                  "undefined"s,
                                  "'text'"s,
                                  "[\"tab\there\"]"s,
                                  "[\"a\nb\"]"s,
                                  "[\"\\x41\"]"s,
                                  "[\"caf\xE9\"]"s,
                                  "{\"a\" 1}"s,
                                  "{\"a\": 1 \"b\": 2}"s,
                                  "{\"a\": tru}"s,
                                  "[01]"s,
                                  "[1]\n[2]\n"s,
                                  "{} {}"s,
                                  "[1];"s,
                                  "\xFF\xFE{\0}\0"s,
                                  "{\0}\0"s,
                                  "\0{\0}"s,
                                  "{\0\0\0}\0\0\0"s,
                                  "\0\0\0{\0\0\0}"s,
                                  "{\"a\": Infinity, b: -NaN}"s,
                                  "{\"u\": \"http://x\", }"s}) {
    EXPECT_EQ(refusal(text), Code::unsupported) << text;
  }
}

TEST(JsonDamage, tells_where_and_why_on_one_line) {
  const auto document = JsonDocument::parse("{\n  \"é\": x\n}", "state.json");
  ASSERT_FALSE(document);
  const std::string message = document.error().message();
  EXPECT_NE(message.find("state.json"), std::string::npos) << message;
  EXPECT_NE(message.find("line 2, column 8: a value was expected"), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace untorn
