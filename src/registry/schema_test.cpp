// SPDX-License-Identifier: Apache-2.0
//
// What draft-07 says about values, keyword by keyword.
#include "registry/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace untorn::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

JsonValue json(const std::string& text) {
  auto document = JsonDocument::parse(text);
  EXPECT_TRUE(document) << text << ": " << document.error();
  return document ? document->root : JsonValue();
}

std::vector<SpecProblem> check(const std::string& schema, const std::string& value) {
  const auto read = Schema::parse(schema, "s.json");
  EXPECT_TRUE(read) << schema << ": " << read.error();
  if (!read) return {{"", "no schema"}};
  auto problems = read->check(json(value));
  EXPECT_TRUE(problems) << problems.error();
  return problems ? *problems : std::vector<SpecProblem>{{"", "not checked"}};
}

std::vector<std::string> messages(const std::string& schema, const std::string& value) {
  std::vector<std::string> texts;
  for (const SpecProblem& problem : check(schema, value)) texts.push_back(problem.text());
  return texts;
}

struct Case {
  const char* schema;
  std::vector<const char*> valid;
  std::vector<const char*> invalid;
};

void judge(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    for (const char* value : each.valid) {
      EXPECT_THAT(messages(each.schema, value), IsEmpty()) << each.schema << " with " << value;
    }
    for (const char* value : each.invalid) {
      EXPECT_FALSE(messages(each.schema, value).empty()) << each.schema << " with " << value;
    }
  }
}

TEST(Schema, types_are_those_of_json_and_whole_numbers_are_integers) {
  judge({
      {R"({"type": "integer"})", {"1", "1.0", "-0", "1e3", "1e300"}, {"1.5", "\"1\"", "null"}},
      {R"({"type": "number"})", {"1", "1.5", "1e9"}, {"\"1\"", "true"}},
      {R"({"type": "string"})", {R"("")", R"("1")"}, {"1", "{}"}},
      {R"({"type": "boolean"})", {"true", "false"}, {"0", "\"\"", "null"}},
      {R"({"type": "null"})", {"null"}, {"0", "\"\"", "false"}},
      {R"({"type": "array"})", {"[]", "[1]"}, {"{}", "\"\""}},
      {R"({"type": "object"})", {"{}"}, {"[]", "\"\""}},
      {R"({"type": ["integer", "string"]})", {"1", R"("a")"}, {"1.5", "null"}},
      {"true", {"1", "{}"}, {}},
      {"false", {}, {"1", "{}"}},
      {"{}", {"1", "null"}, {}},
  });
}

TEST(Schema, enum_and_const_compare_by_value) {
  judge({
      {R"({"enum": [1, "a", null, [1, {"x": 2}]]})",
       {"1", "1.0", R"("a")", "null", R"([1, {"x": 2.0}])"},
       {"2", "true", "[1]", R"([{"x": 2}, 1])", R"("A")"}},
      {R"({"const": {"a": 1, "b": 2}})", {R"({"b": 2, "a": 1})"}, {R"({"a": 1})", "1"}},
      {R"({"const": false})", {"false"}, {"0", "null"}},
      {R"({"const": 0})", {"0", "0.0", "-0.0"}, {"false"}},
      {R"({"enum": []})", {}, {"1"}},
      {R"({"const": "a\u0000b"})", {R"("a\u0000b")"}, {R"("a")"}},
  });
}

TEST(Schema, numbers_have_bounds_and_divisors) {
  judge({
      {R"({"minimum": 3})", {"3", "3.5", R"("a")"}, {"2.9", "-4"}},
      {R"({"maximum": 3})", {"3", "-7"}, {"3.1"}},
      {R"({"exclusiveMinimum": 3})", {"3.1"}, {"3"}},
      {R"({"exclusiveMaximum": 3})", {"2.9"}, {"3"}},
      {R"({"maximum": 9007199254740993})", {"9007199254740993"}, {"9007199254740994"}},
      {R"({"multipleOf": 2})", {"4", "0", "-6", "4.0", R"("a")"}, {"7", "7.5"}},
      {R"({"multipleOf": 1.5})", {"4.5", "0"}, {"35"}},
      {R"({"multipleOf": 0.0001})", {"0.0075"}, {"0.00751"}},
      {R"({"multipleOf": 0.1})", {"0.3", "1.1"}, {"0.35"}},
      {R"({"multipleOf": 1})", {"3", "-9223372036854775808"}, {"3.5"}},
  });
}

TEST(Schema, lengths_count_code_points) {
  judge({
      {R"({"maxLength": 2})", {R"("äö")", R"("\ud83d\ude00\ud83d\ude00")", "100"}, {R"("abc")"}},
      {R"({"minLength": 2})", {R"("ab")", R"("äö")"}, {R"("ä")", R"("\ud83d\ude00")"}},
      {R"({"maxLength": 2.0})", {R"("ab")"}, {R"("abc")"}},
      {R"({"maxLength": 2})", {}, {R"("a\u0000b")"}},
  });
}

TEST(Schema, patterns_search_anywhere_and_see_code_points) {
  judge({
      {R"({"pattern": "^a*$"})", {R"("aaa")", R"("")", "true"}, {R"("abc")"}},
      {R"({"pattern": "a+"})", {R"("xxaayy")"}, {R"("xyz")"}},
      {R"({"pattern": "^.{3}$"})", {R"("äöü")"}, {R"("äö")"}},
      {R"({"pattern": "^a|b$"})", {R"("ax")", R"("xb")"}, {R"("xa")"}},
      {R"({"pattern": "^\\d+$"})", {R"("123")"}, {R"("12a")", R"("")"}},
      {R"({"pattern": "^(a+)+$"})",
       {R"("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")"},
       {R"("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")"}},
  });
}

TEST(Schema, objects_are_judged_by_their_members) {
  judge({
      {R"({"properties": {"a": {"type": "integer"}, "b": false}})",
       {R"({"a": 1})", "{}", "[]", R"({"c": 1})"},
       {R"({"a": "x"})", R"({"b": 1})"}},
      {R"({"required": ["a", "b"]})", {R"({"a": 1, "b": null})", "1"}, {R"({"a": 1})", "{}"}},
      {R"({"properties": {"a": {}}, "additionalProperties": false})",
       {R"({"a": 1})", "{}"},
       {R"({"a": 1, "b": 2})"}},
      {R"({"additionalProperties": {"type": "boolean"}})", {R"({"a": true})"}, {R"({"a": 1})"}},
      {R"({"patternProperties": {"^x_": {"type": "string"}}, "additionalProperties": false})",
       {R"({"x_a": "b"})"},
       {R"({"x_a": 1})", R"({"y": "b"})"}},
      {R"({"propertyNames": {"maxLength": 2}})", {R"({"ab": 1})", "{}"}, {R"({"abc": 1})"}},
      {R"({"propertyNames": {"pattern": "^a"}})", {R"({"ab": 1})"}, {R"({"b": 1})"}},
      {R"({"minProperties": 1, "maxProperties": 2})",
       {R"({"a": 1})", R"({"a": 1, "b": 2})"},
       {"{}", R"({"a": 1, "b": 2, "c": 3})"}},
      {R"({"dependencies": {"a": ["b"]}})", {R"({"a": 1, "b": 2})", "{}"}, {R"({"a": 1})"}},
      {R"({"dependencies": {"a": {"required": ["b"]}, "c": true}})",
       {R"({"a": 1, "b": 2})", R"({"c": 1})"},
       {R"({"a": 1})"}},
      {R"({"properties": {"$ref": {"type": "string"}}})", {R"({"$ref": "x"})"}, {R"({"$ref": 1})"}},
      {R"({"properties": {"a": {"type": "string"}}})",
       {R"({"a": 1, "a": "x"})"},
       {R"({"a": "x", "a": 1})"}},
  });
}

TEST(Schema, arrays_are_judged_by_their_items) {
  judge({
      {R"({"items": {"type": "integer"}})", {"[1, 2]", "[]", "{}"}, {R"([1, "x"])"}},
      {R"({"items": [{"type": "integer"}, {"type": "string"}]})",
       {R"([1, "a"])", "[1]", R"([1, "a", null])", "[]"},
       {R"(["a"])", "[1, 2]"}},
      {R"({"items": [{}], "additionalItems": false})", {"[1]", "[]"}, {"[1, 2]"}},
      {R"({"items": [{}], "additionalItems": {"type": "integer"}})",
       {"[null, 2]"},
       {"[null, null]"}},
      {R"({"items": true, "additionalItems": false})", {"[1, 2]"}, {}},
      {R"({"items": false})", {"[]"}, {"[1]"}},
      {R"({"contains": {"minimum": 5}})", {"[1, 6]", "{}"}, {"[1]", "[]"}},
      {R"({"minItems": 1, "maxItems": 2})", {"[1]", "[1, 2]"}, {"[]", "[1, 2, 3]"}},
      {R"({"uniqueItems": true})",
       {"[1, 2]", R"([{"a": 1}, {"a": 2}])", "[1, true]", "[0, false]", "[]"},
       {"[1, 1]", "[1, 1.0]", R"([{"a": 1, "b": 2}, {"b": 2, "a": 1}])", "[[1], [1]]"}},
      {R"({"uniqueItems": false})", {"[1, 1]"}, {}},
  });
}

TEST(Schema, schemas_are_combined) {
  judge({
      {R"({"allOf": [{"minimum": 2}, {"maximum": 4}]})", {"3"}, {"1", "5"}},
      {R"({"anyOf": [{"type": "string"}, {"minimum": 2}]})", {R"("a")", "3"}, {"1"}},
      {R"({"oneOf": [{"type": "integer"}, {"minimum": 2}]})", {"1", "2.5"}, {"3", "1.5"}},
      {R"({"not": {"type": "integer"}})", {R"("a")"}, {"1"}},
      {R"({"not": true})", {}, {"1"}},
      {R"({"anyOf": [true, false]})", {"1"}, {}},
      {R"({"oneOf": [true, true]})", {}, {"1"}},
      {R"({"if": {"type": "integer"}, "then": {"minimum": 5}, "else": {"type": "string"}})",
       {"5", R"("a")"},
       {"4", "null"}},
      {R"({"if": {"type": "integer"}, "then": {"minimum": 5}})", {"5", "null"}, {"4"}},
      {R"({"if": {"type": "integer"}, "else": false})", {"4"}, {"null"}},
      {R"({"then": false, "else": false})", {"4"}, {}},
  });
}

TEST(Schema, references_lead_anywhere_inside) {
  judge({
      {R"({"definitions": {"a": {"type": "integer"}},
           "properties": {"x": {"$ref": "#/definitions/a"}}})",
       {R"({"x": 1})"},
       {R"({"x": "a"})"}},
      {R"({"properties": {"x": {"$ref": "#"}}, "additionalProperties": false})",
       {R"({"x": {"x": {}}})"},
       {R"({"x": {"y": 1}})"}},
      {R"({"$ref": "#/definitions/a", "definitions": {"a": {"type": "integer"}}})",
       {"1"},
       {R"("a")"}},
      // What stands beside a reference says nothing.
      {R"({"definitions": {"a": {}}, "items": {"$ref": "#/definitions/a", "maximum": 1}})",
       {"[7]"},
       {}},
      {R"({"definitions": {"a/b": {"type": "null"}, "c~d": {"type": "null"},
                           "e%f": {"type": "null"}},
           "items": [{"$ref": "#/definitions/a~1b"}, {"$ref": "#/definitions/c~0d"},
                     {"$ref": "#/definitions/e%25f"}]})",
       {"[null, null, null]"},
       {"[1]", "[null, 1]", "[null, null, 1]"}},
      {R"({"definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/c"},
           "c": {"type": "null"}}, "items": {"$ref": "#/definitions/a"}})",
       {"[null]"},
       {"[1]"}},
      {R"({"items": [{"type": "integer"}, {"$ref": "#/items/0"}]})", {"[1, 2]"}, {R"([1, "a"])"}},
      {R"({"$id": "http://example.org/s", "items": {"$ref": "http://example.org/s#/definitions/a"},
           "definitions": {"a": {"type": "null"}}})",
       {"[null]"},
       {"[1]"}},
      // A tree of trees.
      {R"({"definitions": {"node": {"type": "object", "required": ["value"], "properties": {
             "value": {"type": "number"},
             "children": {"type": "array", "items": {"$ref": "#/definitions/node"}}}}},
           "$ref": "#/definitions/node"})",
       {R"({"value": 1, "children": [{"value": 2, "children": []}]})"},
       {R"({"value": 1, "children": [{"children": []}]})"}},
  });
}

TEST(Schema, annotations_say_nothing) {
  judge({
      {R"({"format": "date", "title": "t", "description": "d", "default": 1, "examples": [1],
           "readOnly": true, "$comment": "c", "contentMediaType": "text/plain",
           "unknown": {"type": 1}})",
       {R"("no date")", "1"},
       {}},
  });
}

TEST(Schema, both_spellings_of_draft_07_are_read) {
  for (const char* name :
       {"http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-07/schema",
        "https://json-schema.org/draft-07/schema#"}) {
    EXPECT_TRUE(Schema::parse(R"({"$schema": ")" + std::string(name) + "\"}", "s")) << name;
  }
}

TEST(Schema, every_problem_is_named_with_its_place) {
  EXPECT_THAT(messages(R"({"type": "object", "required": ["name", "age"], "properties": {
      "name": {"type": "string", "minLength": 2}, "tags": {"items": {"enum": ["a", "b"]}},
      "n/m": {"maximum": 3}}, "additionalProperties": false})",
                       R"({"name": 1, "tags": ["a", "c"], "n/m": 7, "extra": null})"),
              ::testing::UnorderedElementsAre(
                  R"(/name: 'type' asks for "string"; found a number: 1)",
                  R"(/tags/1: 'enum' asks for ["a", "b"]; found a string: "c")",
                  "/n~1m: 'maximum' asks for 3; found a number: 7",
                  R"(the member "extra" is not allowed)", R"(the member "age" is missing)"));
}

TEST(Schema, a_problem_is_told_even_where_the_library_tells_none) {
  EXPECT_THAT(messages(R"({"propertyNames": {"maxLength": 1}})", R"({"ab": 1})"),
              ElementsAre(HasSubstr("not allowed")));
  EXPECT_THAT(messages(R"({"properties": {"a": false}})", R"({"a": 1})"),
              ElementsAre("it is not allowed here; found an object"));
}

TEST(Schema, what_is_too_much_for_a_pattern_is_not_checked) {
  const auto schema = Schema::parse(R"({"items": {"pattern": "a"}})", "s.json");
  ASSERT_TRUE(schema);
  const auto allowed = schema->check(json("[\"" + std::string(65536, 'a') + "\"]"));
  EXPECT_TRUE(allowed && allowed->empty());
  const auto refused = schema->check(json("[\"" + std::string(65537, 'a') + "\"]"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::unsupported);
}

TEST(Schema, long_names_and_deep_values_are_not_checked) {
  const auto names = Schema::parse(R"({"patternProperties": {"a*a*b": {}}})", "s.json");
  ASSERT_TRUE(names);
  const auto refused = names->check(json("[{\"" + std::string(257, 'a') + "\": 1}]"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::unsupported);
  const auto any = Schema::parse(R"({"items": {"$ref": "#"}})", "s.json");
  ASSERT_TRUE(any);
  EXPECT_TRUE(any->check(json(std::string(63, '[') + std::string(63, ']'))));
  const auto deep = any->check(json(std::string(5000, '[') + std::string(5000, ']')));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code(), Code::unsupported);
}

}  // namespace
}  // namespace untorn::registry
