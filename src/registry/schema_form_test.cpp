// SPDX-License-Identifier: Apache-2.0
//
// Which schemas are refused, and how.
#include "registry/schema_form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "registry/pattern.h"
#include "registry/schema.h"

namespace untorn::registry {
namespace {

using ::testing::HasSubstr;

struct Refused {
  Code code = Code::internal;
  std::string detail;
};

Refused refusal(const std::string& schema) {
  const auto read = Schema::parse(schema, "s.json");
  EXPECT_FALSE(read) << schema;
  if (read) return {};
  return {read.error().code(), read.error().detail()};
}

TEST(SchemaForm, another_language_is_refused_by_name) {
  for (const std::string name :
       {"http://json-schema.org/draft-04/schema#", "https://json-schema.org/draft/2020-12/schema",
        "http://json-schema.org/schema#", "https://example.org/mine"}) {
    const Refused refused = refusal(R"({"$schema": ")" + name + "\"}");
    EXPECT_EQ(refused.code, Code::unsupported);
    EXPECT_THAT(refused.detail, HasSubstr(name));
  }
}

TEST(SchemaForm, nothing_is_fetched) {
  for (const std::string target : {"http://example.org/other.json", "other.json#/definitions/a",
                                   "file:///etc/passwd", "#plain-name", "//example.org/x"}) {
    const Refused refused = refusal(R"({"items": {"$ref": ")" + target + "\"}}");
    EXPECT_EQ(refused.code, Code::unsupported) << target;
    EXPECT_THAT(refused.detail, HasSubstr(target));
    EXPECT_THAT(refused.detail, HasSubstr("/items/$ref"));
  }
  EXPECT_EQ(refusal(R"({"items": {"$id": "http://example.org/x"}})").code, Code::unsupported);
}

TEST(SchemaForm, references_lead_to_something) {
  for (const std::string target : {"#/definitions/a", "#/items/7", "#/items/00"}) {
    const Refused refused = refusal(R"({"items": [true], "not": {"$ref": ")" + target + "\"}}");
    EXPECT_EQ(refused.code, Code::invalid_argument) << target;
    EXPECT_THAT(refused.detail, HasSubstr("leads to nothing"));
  }
  EXPECT_THAT(refusal(R"({"$ref": "#"})").detail, HasSubstr("leads to itself"));
  EXPECT_THAT(refusal(R"({"$ref": 7})").detail, HasSubstr("a string was expected"));
}

TEST(SchemaForm, schemas_that_never_end_are_refused) {
  for (const char* schema :
       {R"({"allOf": [{"$ref": "#"}]})", R"({"not": {"$ref": "#"}})", R"({"if": {"$ref": "#"}})",
        R"({"dependencies": {"a": {"$ref": "#"}}})",
        R"({"definitions": {"a": {"anyOf": [{"$ref": "#/definitions/b"}]},
            "b": {"oneOf": [{"$ref": "#/definitions/a"}]}},
            "items": {"$ref": "#/definitions/a"}})"}) {
    const Refused refused = refusal(schema);
    EXPECT_EQ(refused.code, Code::unsupported) << schema;
    EXPECT_THAT(refused.detail, HasSubstr("refers to itself"));
  }
}

TEST(SchemaForm, schemas_that_grow_without_measure_are_refused) {
  std::string definitions;
  for (int i = 0; i < 40; ++i) {
    const std::string next = R"({"$ref": "#/definitions/d)" + std::to_string(i + 1) + "\"}";
    definitions += "\"d" + std::to_string(i) + R"(": {"allOf": [)" + next + ", " + next + "]}, ";
  }
  const Refused refused =
      refusal(R"({"definitions": {)" + definitions + R"("d40": {}}, "$ref": "#/definitions/d0"})");
  EXPECT_EQ(refused.code, Code::unsupported);
  EXPECT_THAT(refused.detail, HasSubstr("schemas apply to one value"));
}

TEST(SchemaForm, every_mistake_is_named) {
  const Refused refused = refusal(R"({"type": "text", "minimum": "3", "multipleOf": 0,
      "maxLength": -1, "minItems": 1.5, "required": ["a", "a"], "uniqueItems": 1, "enum": 1,
      "properties": [], "items": 3, "allOf": [], "anyOf": {}, "pattern": "[a", "title": 1,
      "definitions": {"x": {"type": []}}, "dependencies": {"a": [1]}, "examples": 1,
      "additionalProperties": null, "readOnly": 0, "$id": 1, "not": "x"})");
  EXPECT_EQ(refused.code, Code::invalid_argument);
  const auto json = JsonDocument::parse(R"({"type": "text", "minimum": "3", "multipleOf": 0,
      "maxLength": -1, "minItems": 1.5, "required": ["a", "a"], "uniqueItems": 1, "enum": 1,
      "properties": [], "items": 3, "allOf": [], "anyOf": {}, "pattern": "[a", "title": 1,
      "definitions": {"x": {"type": []}}, "dependencies": {"a": [1]}, "examples": 1,
      "additionalProperties": null, "readOnly": 0, "$id": 1, "not": "x"})");
  ASSERT_TRUE(json);
  std::vector<std::string> places;
  for (const SpecProblem& problem : Schema::problems_of(json->root)) {
    places.push_back(problem.pointer);
  }
  EXPECT_THAT(places, ::testing::UnorderedElementsAre(
                          "/type", "/minimum", "/multipleOf", "/maxLength", "/minItems",
                          "/required", "/uniqueItems", "/enum", "/properties", "/items", "/allOf",
                          "/anyOf", "/pattern", "/title", "/definitions/x/type", "/dependencies/a",
                          "/examples", "/additionalProperties", "/readOnly", "/$id", "/not"));
}

TEST(SchemaForm, what_is_no_schema_is_refused) {
  EXPECT_EQ(refusal("7").code, Code::invalid_argument);
  EXPECT_EQ(refusal("[]").code, Code::invalid_argument);
  EXPECT_EQ(refusal("{\"a\": ").code, Code::invalid_argument);
  EXPECT_EQ(refusal(std::string(100, '[') + std::string(100, ']')).code, Code::unsupported);
  EXPECT_EQ(refusal("{\"const\": \"" + std::string(1U << 20U, 'a') + "\"}").code,
            Code::unsupported);
  EXPECT_EQ(refusal(R"({"properties": {"a\u0000b": {}}})").code, Code::unsupported);
}

TEST(SchemaForm, patterns_without_measure_are_refused) {
  EXPECT_EQ(refusal(R"({"pattern": "(a)\\1"})").code, Code::unsupported);
  EXPECT_EQ(refusal(R"({"pattern": "(a?){5000}"})").code, Code::unsupported);
  EXPECT_EQ(refusal(R"({"pattern": "((a?){100}){100}"})").code, Code::unsupported);
  EXPECT_EQ(refusal(R"({"pattern": ")" + std::string(513, 'a') + "\"}").code, Code::unsupported);
  EXPECT_EQ(refusal(R"({"pattern": "a)(b"})").code, Code::invalid_argument);
  EXPECT_EQ(refusal(R"({"pattern": "*"})").code, Code::invalid_argument);
  EXPECT_EQ(refusal(R"({"patternProperties": {"(a+)+": {}}})").code, Code::unsupported);
}

TEST(Pattern, time_and_stack_stay_small_whatever_the_text) {
  for (const char* text :
       {"(a|a)*b", "(a*)*b", "(a+)+$", "a*a*a*a*b", "^(([a-z])+.)+[A-Z]([a-z])+$", "(a?){200}b"}) {
    const auto pattern = Pattern::compile(text);
    ASSERT_TRUE(pattern) << text << ": " << pattern.error().why;
    EXPECT_FALSE(pattern->is_found_in(std::string(2000, 'a') + "!")) << text;
  }
  const auto simple = Pattern::compile("(a|b)*c");
  ASSERT_TRUE(simple);
  EXPECT_TRUE(simple->is_found_in(std::string(Pattern::subject_bytes_max - 1, 'a') + "c"));
}

TEST(SchemaForm, pointers_lead_where_rfc_6901_says) {
  const auto json = JsonDocument::parse(R"({"a/b": 1, "m~n": [10, {"": 3}], "": 0, "~1": 5})");
  ASSERT_TRUE(json);
  const auto at = [&json](const char* pointer) {
    const JsonValue* const value = value_at(json->root, pointer);
    return value == nullptr ? std::string("nothing") : JsonDocument(*value).text();
  };
  EXPECT_EQ(at("/a~1b"), "1");
  EXPECT_EQ(at("/m~0n/0"), "10");
  EXPECT_EQ(at("/m~0n/1/"), "3");
  EXPECT_EQ(at("/"), "0");
  EXPECT_EQ(at("/~01"), "5");
  for (const char* nowhere :
       {"a", "/x", "/m~0n/2", "/m~0n/-", "/m~0n/01", "/m~0n/1e0", "/a~1b/c"}) {
    EXPECT_EQ(at(nowhere), "nothing") << nowhere;
  }
  EXPECT_EQ(pointer_below("/a", "b/c~d"), "/a/b~1c~0d");
}

}  // namespace
}  // namespace untorn::registry
