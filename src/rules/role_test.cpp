// SPDX-License-Identifier: Apache-2.0
#include "rules/role.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/role_words.h"

namespace untorn::rules {
namespace {

using languages::Content;
using testing::ElementsAre;
using testing::IsEmpty;

Role role_named(const std::string& name) {
  const auto words = split_words(name);
  const auto found = role_of_words(words);
  return found ? found->role : Role::unknown;
}

TEST(Words, split_at_case_marks_digits_and_dots) {
  EXPECT_THAT(split_words("StateManager.load_all"), ElementsAre("state", "manager", "load", "all"));
  EXPECT_THAT(split_words("HTTPServerLog"), ElementsAre("http", "server", "log"));
  EXPECT_THAT(split_words("v2Config"), ElementsAre("v", "config"));
  EXPECT_THAT(split_words("pläne_FILE"), ElementsAre("pläne", "file"));
  EXPECT_THAT(split_words(""), IsEmpty());
  EXPECT_THAT(split_words("__--//"), IsEmpty());
}

TEST(Words, plurals_count_as_their_singular_where_that_is_the_same_thing) {
  EXPECT_EQ(role_named("checkpoints"), Role::state);
  EXPECT_EQ(role_named("registries"), Role::registry);
  EXPECT_EQ(role_named("patches"), Role::patch);
  EXPECT_EQ(role_named("token"), Role::credential);
  EXPECT_EQ(role_named("tokens"), Role::unknown);
  EXPECT_EQ(role_named("statesman"), Role::unknown);
  EXPECT_EQ(role_named("logic"), Role::unknown);
}

TEST(Words, of_several_the_one_that_says_what_may_be_lost_wins) {
  EXPECT_EQ(role_named("state_cache"), Role::cache);
  EXPECT_EQ(role_named("state_backup"), Role::backup);
  EXPECT_EQ(role_named("config_log"), Role::log);
  EXPECT_EQ(role_named("token_cache"), Role::credential);
  EXPECT_EQ(role_named("patch_registry"), Role::patch);
}

class Roles : public testing::Test {
 protected:
  LinkedTarget target_;
  Content content_ = Content::unknown;
  std::optional<std::uint32_t> permissions_;
  std::string function_;
  std::string module_;

  [[nodiscard]] RoleAnswer decide() const {
    return decide_role({.target = target_,
                        .content = content_,
                        .permissions = permissions_,
                        .function = function_,
                        .module = module_});
  }
};

TEST_F(Roles, nothing_known_is_medium) {
  const RoleAnswer answer = decide();
  EXPECT_EQ(answer.role, Role::unknown);
  EXPECT_EQ(severity_of(answer), Severity::medium);
  EXPECT_EQ(answer.why, "nothing says what the file is");
}

TEST_F(Roles, certain_endings_come_before_words_and_readers) {
  target_.path.extension = ".py";
  target_.path.text = "state_path";
  target_.read_back = "load() at line 2";
  EXPECT_EQ(decide().role, Role::code);
  EXPECT_EQ(decide().why, R"(the name ends in ".py")");
}

TEST_F(Roles, readers_come_before_suggesting_endings) {
  target_.path.extension = ".md";
  target_.read_back = "load() at line 2";
  EXPECT_EQ(decide().role, Role::state);
  EXPECT_EQ(decide().why, "read back by load() at line 2");
  target_.read_back.clear();
  EXPECT_EQ(decide().role, Role::document);
}

TEST_F(Roles, last_part_comes_before_the_folder) {
  target_.path.text = "self.log_dir / state_name";
  target_.path.words = {"log", "dir", "state", "name"};
  EXPECT_EQ(decide().role, Role::state);
  target_.path.text = "self.log_dir / name";
  EXPECT_EQ(decide().role, Role::log);
}

TEST_F(Roles, owner_of_an_attribute_says_nothing) {
  target_.path.text = "config.target";
  target_.path.words = {"config", "target"};
  EXPECT_EQ(decide().role, Role::unknown);
}

TEST_F(Roles, permissions_speak_only_when_they_keep_others_out) {
  permissions_ = 0600;
  EXPECT_EQ(decide().role, Role::credential);
  permissions_ = 0644;
  EXPECT_EQ(decide().role, Role::unknown);
  permissions_ = 0700;
  EXPECT_EQ(decide().role, Role::unknown);
  permissions_ = 0;
  EXPECT_EQ(decide().role, Role::unknown);
}

TEST_F(Roles, structured_content_of_an_unknown_file_is_high) {
  for (const Content content : {Content::json, Content::yaml, Content::pickle}) {
    content_ = content;
    EXPECT_EQ(severity_of(decide()), Severity::high);
  }
  content_ = Content::ini;
  EXPECT_EQ(decide().role, Role::config);
  content_ = Content::csv;
  EXPECT_EQ(severity_of(decide()), Severity::medium);
}

TEST_F(Roles, names_speak_from_the_inside_out) {
  module_ = "app.registry";
  EXPECT_EQ(decide().role, Role::registry);
  function_ = "LogBook.put";
  EXPECT_EQ(decide().role, Role::log);
  function_ = "LogBook.put_report";
  EXPECT_EQ(decide().role, Role::report);
  module_ = "docs.conversion";
  function_ = "run";
  EXPECT_EQ(decide().role, Role::unknown);
}

TEST_F(Roles, edited_in_place_is_high) {
  target_.edited_at = 7;
  EXPECT_EQ(severity_of(decide()), Severity::high);
  EXPECT_EQ(decide().why, "edited in place: read at line 7");
}

TEST(Severities, follow_the_role) {
  const auto of = [](Role role) { return severity_of({role, false, false, ""}); };
  for (const Role role : {Role::state, Role::config, Role::registry, Role::credential})
    EXPECT_EQ(of(role), Severity::critical);
  for (const Role role : {Role::code, Role::patch}) EXPECT_EQ(of(role), Severity::high);
  for (const Role role : {Role::backup, Role::document, Role::log, Role::report})
    EXPECT_EQ(of(role), Severity::medium);
  for (const Role role : {Role::cache, Role::temporary}) EXPECT_EQ(of(role), Severity::low);
}

}  // namespace
}  // namespace untorn::rules
