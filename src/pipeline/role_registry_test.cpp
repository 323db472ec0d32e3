// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/role_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "pipeline/role_team.h"
#include "tests/support/files.h"

namespace untorn::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using untorn::testing::names_in;
using untorn::testing::read_file;

const std::string reviewer = R"({"name": "reviewer", "description": "looks for mistakes",
  "capabilities": ["review", "python"], "tags": ["quality"]}
)";
const std::string planner = R"({"name": "planner", "description": "splits the work into tasks",
  "capabilities": ["planning"]})";
const std::string coder = R"({"name": "coder", "description": "writes and changes python modules",
  "capabilities": ["python", "parser"], "tools": ["word_count"]})";

class RoleRegistryTest : public ::testing::Test {
 protected:
  [[nodiscard]] RoleRegistry open() {
    auto project = Project::open(fs, "p", {.count = false});
    EXPECT_TRUE(project) << project.error();
    auto roles = RoleRegistry::open(*project);
    EXPECT_TRUE(roles) << roles.error();
    return std::move(*roles);
  }
  [[nodiscard]] RoleRegistry filled() {
    RoleRegistry roles = open();
    for (const std::string& spec : {reviewer, planner, coder}) {
      const auto added = roles.register_role(spec, "Be thorough.\n");
      EXPECT_TRUE(added) << added.error();
    }
    return roles;
  }

  InMemoryFileSystem fs{{.path = "p", .type = FileType::directory}};
};

TEST_F(RoleRegistryTest, a_role_is_its_specification_and_its_prompt) {
  RoleRegistry roles = open();
  const auto added = roles.register_role(reviewer, "You look for mistakes.\n");
  ASSERT_TRUE(added) << added.error();
  EXPECT_EQ(read_file(fs, "p/.pipeline/roles/reviewer.json"), reviewer);
  EXPECT_EQ(read_file(fs, "p/.pipeline/roles/reviewer.md"), "You look for mistakes.\n");
  const auto role = roles.get("reviewer");
  ASSERT_TRUE(role) << role.error();
  EXPECT_EQ(role->prompt, "You look for mistakes.\n");
  EXPECT_THAT(role->capabilities, ElementsAre("review", "python"));
  EXPECT_THAT(role->tags, ElementsAre("quality"));
}

TEST_F(RoleRegistryTest, every_mistake_is_named) {
  RoleRegistry roles = open();
  const auto refused = roles.register_role(
      R"({"name": "a/b", "capabilities": ["x", "x", " ", 1], "tools": "t", "version": ""})", " \n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::conflict);
  for (const char* part :
       {"\"description\" is missing", "/name: ", "/capabilities: ", "/capabilities/2: ",
        "/capabilities/3: ", "/tools: ", "/version: ", "the prompt is empty"}) {
    EXPECT_THAT(refused.error().detail(), HasSubstr(part));
  }
  EXPECT_THAT(names_in(fs, "p/.pipeline"), IsEmpty());
  EXPECT_THAT(*roles.validate(reviewer), IsEmpty());
}

TEST_F(RoleRegistryTest, roles_are_updated_removed_and_brought_back) {
  RoleRegistry roles = filled();
  ASSERT_TRUE(roles.update(R"({"name": "planner", "description": "plans"})"));
  EXPECT_EQ(roles.get("planner")->prompt, "Be thorough.\n");
  ASSERT_TRUE(roles.update(R"({"name": "planner", "description": "plans"})", "Plan well.\n"));
  EXPECT_EQ(roles.get("planner")->prompt, "Plan well.\n");
  ASSERT_TRUE(roles.remove("planner"));
  EXPECT_EQ(roles.list()->size(), 2U);
  ASSERT_TRUE(roles.restore("planner", 1));
  EXPECT_EQ(roles.get("planner")->description, "splits the work into tasks");
  EXPECT_EQ(roles.versions("planner")->size(), 5U);
}

TEST_F(RoleRegistryTest, roles_are_found_by_words_and_capabilities) {
  const RoleRegistry roles = filled();
  EXPECT_EQ(roles.search("mistakes")->at(0).name, "reviewer");
  EXPECT_EQ(roles.search("", "python")->size(), 2U);
  EXPECT_THAT(*roles.search("tasks", "python"), IsEmpty());
}

TEST_F(RoleRegistryTest, uses_of_roles_are_counted) {
  RoleRegistry roles = filled();
  EXPECT_EQ(*roles.record_use("coder", false, 5, "a"), true);
  EXPECT_EQ(*roles.record_use("coder", false, 5, "a"), false);
  const auto statistics = roles.statistics();
  ASSERT_TRUE(statistics) << statistics.error();
  EXPECT_EQ(statistics->at(0).name, "coder");
  EXPECT_EQ(statistics->at(0).failures, 1U);
  EXPECT_EQ(statistics->at(1).uses, 0U);
}

TEST_F(RoleRegistryTest, a_team_covers_the_problem_first) {
  const RoleRegistry roles = filled();
  const auto team = roles.select_team("Review the parsing of Python, then plan tasks for docs", 3);
  ASSERT_TRUE(team) << team.error();
  ASSERT_EQ(team->members.size(), 3U);
  // Both know python and one thing more; the name decides.
  EXPECT_EQ(team->members[0].name, "coder");
  EXPECT_EQ(team->members[0].score, 6U);
  EXPECT_THAT(team->members[0].reasons, ElementsAre("capability 'parser'", "capability 'python'"));
  // Planning is new, and so are the tasks; the reviewer adds only the review.
  EXPECT_EQ(team->members[1].name, "planner");
  EXPECT_EQ(team->members[2].name, "reviewer");
  EXPECT_EQ(team->members[2].score, 6U);
  EXPECT_EQ(team->members[2].added, 3U);
  EXPECT_THAT(team->uncovered, ElementsAre("doc"));
}

TEST_F(RoleRegistryTest, roles_that_match_nothing_are_not_chosen) {
  const RoleRegistry roles = filled();
  EXPECT_THAT(roles.select_team("weld steel", 3)->members, IsEmpty());
  EXPECT_THAT(roles.select_team("", 3)->members, IsEmpty());
  EXPECT_THAT(roles.select_team("python", 0)->members, IsEmpty());
  EXPECT_EQ(roles.select_team("python", 9)->members.size(), 2U);
}

TEST(RoleTeam, words_are_the_same_in_their_common_forms) {
  for (const char* form : {"parse", "parses", "parsed", "parsing", "parser", "Parsers"}) {
    EXPECT_THAT(stems_of(form), ElementsAre("pars")) << form;
  }
  EXPECT_THAT(stems_of("plan planning planned; call calls calling"), ElementsAre("plan", "cal"));
  EXPECT_THAT(stems_of("the files, a file; FILE-2"), ElementsAre("fil", "2"));
  EXPECT_THAT(stems_of("is red, bed and s"), ElementsAre("red", "bed", "s"));
  EXPECT_THAT(stems_of("gr\xc3\xbc\xc3\x9f"), ElementsAre("gr\xc3\xbc\xc3\x9f"));
  EXPECT_THAT(stems_of(" .,; "), IsEmpty());
}

}  // namespace
}  // namespace untorn::pipeline
