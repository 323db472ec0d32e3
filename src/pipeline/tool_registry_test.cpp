// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/tool_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"

namespace untorn::pipeline {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using untorn::testing::names_in;
using untorn::testing::read_file;
using untorn::testing::write_file;

const std::string spec = R"({
  "name": "word_count",
  "description": "Counts the words of a text.",
  "implementation": "word_count.py",
  "version": "1.2",
  "tags": ["text"],
  "parameters": {
    "type": "object",
    "properties": {
      "text": {"type": "string"},
      "limit": {"type": "integer", "minimum": 1}
    },
    "required": ["text"],
    "additionalProperties": false
  },
  "extra": {"kept": true}
}
)";
const std::string code = "print(len(input().split()))\n";
const std::string folder = "p/.pipeline/tools";

class ToolRegistryTest : public ::testing::Test {
 protected:
  [[nodiscard]] Project project(bool read_only = false) {
    ProjectOptions options;
    options.count = false;
    options.read_only = read_only;
    options.log = [this](LogLevel level, const std::string& line) {
      logged.push_back(std::string(to_string(level)) + " " + line);
    };
    auto opened = Project::open(fs, "p", options);
    EXPECT_TRUE(opened) << opened.error();
    return *opened;
  }
  [[nodiscard]] ToolRegistry open(bool read_only = false) {
    auto tools = ToolRegistry::open(project(read_only));
    EXPECT_TRUE(tools) << tools.error();
    return std::move(*tools);
  }
  std::vector<std::string> places_of(const std::string& text) {
    std::vector<std::string> places;
    const auto problems = open().validate(text);
    EXPECT_TRUE(problems) << problems.error();
    if (problems) {
      for (const SpecProblem& problem : *problems) places.push_back(problem.pointer);
    }
    return places;
  }

  InMemoryFileSystem fs{{.path = "p", .type = FileType::directory}};
  std::vector<std::string> logged;
};

TEST_F(ToolRegistryTest, a_tool_is_its_specification_and_its_code) {
  ToolRegistry tools = open();
  const auto added = tools.register_tool(spec, code);
  ASSERT_TRUE(added) << added.error();
  EXPECT_EQ(read_file(fs, folder + "/word_count.json"), spec);
  EXPECT_EQ(read_file(fs, folder + "/word_count.py"), code);
  EXPECT_THAT(names_in(fs, "p"), ElementsAre(".pipeline", ".untorn"));
  const auto tool = tools.get("word_count");
  ASSERT_TRUE(tool) << tool.error();
  EXPECT_EQ(tool->description, "Counts the words of a text.");
  EXPECT_EQ(tool->version, "1.2");
  EXPECT_THAT(tool->tags, ElementsAre("text"));
  EXPECT_EQ(tool->code, code);
  EXPECT_EQ(tool->parameters.find("required")->items().size(), 1U);
  EXPECT_THAT(logged, IsEmpty());
  EXPECT_EQ(tools.register_tool(spec, code).error().code(), Code::already_exists);
}

TEST_F(ToolRegistryTest, every_mistake_is_named) {
  EXPECT_THAT(places_of(spec), IsEmpty());
  EXPECT_THAT(places_of("{}"), ElementsAre("", "", ""));
  EXPECT_THAT(
      places_of(R"({"name": "a b", "description": " ", "implementation": "../x.py",
      "parameters": {"type": "array", "properties": {"bad-name": {"type": "string"},
      "untyped": {}, "wrong": {"type": "text"}}, "required": ["absent"]},
      "tags": ["x", "x"], "version": 2})"),
      UnorderedElementsAre("/name", "/name", "/description", "/implementation", "/parameters/type",
                           "/parameters/properties/bad-name", "/parameters/properties/untyped",
                           "/parameters/properties/wrong/type", "/parameters/required/0", "/tags",
                           "/version"));
  const auto refused = open().register_tool(R"({"name": "x"})", code);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::conflict);
  EXPECT_THAT(refused.error().detail(), HasSubstr("\"description\" is missing"));
  EXPECT_THAT(refused.error().detail(), HasSubstr("\"implementation\" is missing"));
  EXPECT_THAT(names_in(fs, "p/.pipeline"), IsEmpty());
}

TEST_F(ToolRegistryTest, an_implementation_never_leads_outside) {
  for (const std::string file :
       {"/etc/passwd", "../word_count.py", "a/word_count.py", "other.py", "word_count",
        "word_count.", "word_count.json", "word_count.py\\n", "word_count..py", "..", "a\\\\b"}) {
    EXPECT_THAT(places_of(R"({"name": "word_count", "description": "d", "implementation": ")" +
                          file + "\"}"),
                Contains("/implementation"))
        << file;
  }
}

TEST_F(ToolRegistryTest, updating_keeps_the_code_unless_it_is_given) {
  ToolRegistry tools = open();
  ASSERT_TRUE(tools.register_tool(spec, code));
  const std::string newer =
      R"({"name": "word_count", "description": "Counts.", "implementation": "word_count.py"})";
  ASSERT_TRUE(tools.update(newer));
  EXPECT_EQ(tools.get("word_count")->code, code);
  ASSERT_TRUE(tools.update(newer, "print(1)\n"));
  EXPECT_EQ(tools.get("word_count")->code, "print(1)\n");
  ASSERT_TRUE(tools.update(
      R"({"name": "word_count", "description": "Counts.", "implementation": "word_count.sh"})"));
  EXPECT_EQ(tools.get("word_count")->code, "print(1)\n");
  EXPECT_THAT(names_in(fs, folder), ElementsAre("word_count.json", "word_count.sh"));
  EXPECT_EQ(tools.versions("word_count")->size(), 4U);
  ASSERT_TRUE(tools.restore("word_count", 1));
  EXPECT_THAT(names_in(fs, folder), ElementsAre("word_count.json", "word_count.py"));
  EXPECT_EQ(read_file(fs, folder + "/word_count.json"), spec);
}

TEST_F(ToolRegistryTest, a_removed_tool_can_be_brought_back) {
  ToolRegistry tools = open();
  ASSERT_TRUE(tools.register_tool(spec, code));
  const auto removed = tools.remove("word_count");
  ASSERT_TRUE(removed) << removed.error();
  EXPECT_THAT(*tools.list(), IsEmpty());
  EXPECT_THAT(names_in(fs, folder), IsEmpty());
  ASSERT_TRUE(tools.restore("word_count", removed->version));
  EXPECT_EQ(tools.get("word_count")->code, code);
}

TEST_F(ToolRegistryTest, tools_are_found_by_words_and_tags) {
  ToolRegistry tools = open();
  ASSERT_TRUE(tools.register_tool(spec, code));
  ASSERT_TRUE(tools.register_tool(
      R"({"name": "greet", "description": "Says hello.", "implementation": "greet.py"})", code));
  EXPECT_EQ(tools.list()->size(), 2U);
  EXPECT_EQ(tools.search("hello")->at(0).name, "greet");
  EXPECT_EQ(tools.search("", "text")->at(0).name, "word_count");
  EXPECT_THAT(*tools.search("hello", "text"), IsEmpty());
}

TEST_F(ToolRegistryTest, arguments_are_checked_against_the_parameters) {
  ToolRegistry tools = open();
  ASSERT_TRUE(tools.register_tool(spec, code));
  ASSERT_TRUE(tools.register_tool(
      R"({"name": "now", "description": "Tells the time.", "implementation": "now.py"})", code));
  const auto count = [&tools](const std::string& tool, const std::string& arguments) {
    const auto problems = tools.check_arguments(tool, arguments);
    EXPECT_TRUE(problems) << problems.error();
    return problems ? problems->size() : 99;
  };
  EXPECT_EQ(count("word_count", R"({"text": "a b", "limit": 3})"), 0U);
  EXPECT_EQ(count("word_count", R"({"text": 7, "limit": 0, "other": 1})"), 3U);
  EXPECT_EQ(count("word_count", "{}"), 1U);
  EXPECT_EQ(count("word_count", "[]"), 1U);
  EXPECT_EQ(count("word_count", "{\"text"), 1U);
  EXPECT_EQ(count("now", "{}"), 0U);
  EXPECT_EQ(count("now", R"({"a": 1, "b": 2})"), 2U);
  EXPECT_EQ(tools.check_arguments("absent", "{}").error().code(), Code::not_found);
}

TEST_F(ToolRegistryTest, damaged_tools_are_set_aside_when_the_registry_is_opened) {
  ASSERT_TRUE(open().register_tool(spec, code));
  write_file(fs, folder + "/word_count.json", "{\"name\": ");
  const ToolRegistry tools = open();
  EXPECT_EQ(tools.get("word_count")->spec.text(), spec);
  EXPECT_EQ(read_file(fs, folder + "/word_count.json.damaged-1"), "{\"name\": ");
  ASSERT_EQ(logged.size(), 1U);
  EXPECT_THAT(logged.front(), HasSubstr("warning"));
  EXPECT_THAT(logged.front(), HasSubstr("word_count.json.damaged-1"));
}

TEST_F(ToolRegistryTest, a_project_opened_for_looking_is_not_changed) {
  ASSERT_TRUE(open().register_tool(spec, code));
  write_file(fs, folder + "/word_count.json", "");
  ToolRegistry tools = open(true);
  EXPECT_EQ(tools.get("word_count").error().code(), Code::corrupt);
  EXPECT_EQ(tools.remove("word_count").error().code(), Code::permission_denied);
  EXPECT_EQ(read_file(fs, folder + "/word_count.json"), "");
  EXPECT_FALSE(tools.verify()->was_healthy());
  EXPECT_EQ(read_file(fs, folder + "/word_count.json"), "");
}

TEST_F(ToolRegistryTest, uses_are_counted_once_for_each_operation) {
  ToolRegistry tools = open();
  ASSERT_TRUE(tools.register_tool(spec, code));
  EXPECT_EQ(tools.statistics()->at(0).uses, 0U);
  EXPECT_EQ(*tools.record_use("word_count", true, 10, "op-1"), true);
  EXPECT_EQ(*tools.record_use("word_count", true, 10, "op-1"), false);
  EXPECT_EQ(*tools.record_use("word_count", false, 20, "op-2"), true);
  EXPECT_EQ(*tools.record_use("word_count", true, 30), true);
  EXPECT_EQ(*tools.record_use("word_count", true, 30), true);
  const UseStatistics found = open().statistics()->at(0);
  EXPECT_EQ(found.uses, 4U);
  EXPECT_EQ(found.successes, 3U);
  EXPECT_EQ(found.failures, 1U);
  EXPECT_DOUBLE_EQ(found.success_rate(), 0.75);
  EXPECT_DOUBLE_EQ(found.mean_ms(), 22.5);
  EXPECT_FALSE(found.last_used.empty());
  EXPECT_EQ(tools.record_use("absent", true, 1).error().code(), Code::not_found);
  EXPECT_EQ(tools.record_use("word_count", true, -1).error().code(), Code::invalid_argument);
  EXPECT_EQ(tools.record_use("word_count", true, 1, std::string(201, 'x')).error().code(),
            Code::invalid_argument);
  EXPECT_THAT(open().verify()->strays, IsEmpty());
}

TEST_F(ToolRegistryTest, the_last_thousand_operations_are_remembered) {
  ToolRegistry tools = open();
  ASSERT_TRUE(tools.register_tool(spec, code));
  for (int i = 0; i < 1001; ++i) {
    ASSERT_EQ(*tools.record_use("word_count", true, 1, "op-" + std::to_string(i)), true);
  }
  EXPECT_EQ(*tools.record_use("word_count", true, 1, "op-1"), false);
  EXPECT_EQ(*tools.record_use("word_count", true, 1, "op-0"), true);
}

TEST_F(ToolRegistryTest, statistics_of_a_newer_format_are_left_alone) {
  ToolRegistry tools = open();
  ASSERT_TRUE(tools.register_tool(spec, code));
  const std::string newer = R"({"untorn": {"format": "use-statistics", "version": 9,
      "oldest_reader": 9}, "uses": []})";
  write_file(fs, folder + "/.uses.json", newer);
  EXPECT_EQ(tools.record_use("word_count", true, 1).error().code(), Code::unsupported);
  EXPECT_EQ(tools.statistics().error().code(), Code::unsupported);
  EXPECT_EQ(read_file(fs, folder + "/.uses.json"), newer);
  write_file(fs, folder + "/.uses.json", "{}");
  EXPECT_EQ(tools.record_use("word_count", true, 1).error().code(), Code::invalid_argument);
}

}  // namespace
}  // namespace untorn::pipeline
