// SPDX-License-Identifier: Apache-2.0
#include "registry/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace untorn::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Names, ordinary_names_are_names) {
  for (const char* name : {"greet", "Greet2", "_x", "7zip", "my-tool", "v1.2", "a.b.c", "console",
                           "com10", "nullable", "a--b"}) {
    EXPECT_EQ(name_problem(name), std::nullopt) << name;
  }
  EXPECT_EQ(name_problem(std::string(100, 'a')), std::nullopt);
}

TEST(Names, every_other_name_is_refused_with_a_reason) {
  using namespace std::string_literals;
  const std::pair<std::string, const char*> cases[] = {
      {"", "a name is needed"},
      {".", "begins with"},
      {"..", "begins with"},
      {".hidden", "begins with"},
      {"-rf", "begins with"},
      {"a/b", "not '/'"},
      {"../x", "not '/'"},
      {"a\\b", "not '\\'"},
      {"a\nb", "not '\\n'"},
      {"a\0b"s, "not '\\x00'"},
      {"a b", "not ' '"},
      {"a:b", "not ':'"},
      {"a*", "not '*'"},
      {"caf\xc3\xa9", "beyond ASCII"},
      {"\xd0\xb0", "beyond ASCII"},  // a Cyrillic letter that looks like 'a'
      {"\xff", "beyond ASCII"},
      {"a.", "end with '.'"},
      {"CON", "device"},
      {"nul", "device"},
      {"Com1", "device"},
      {"lpt9.txt", "device"},
      {"aux.a.b", "device"},
      {"x.damaged-1", "set aside"},
      {std::string(101, 'a'), "100 bytes at most"},
  };
  for (const auto& [name, reason] : cases) {
    EXPECT_THAT(name_problem(name).value_or("accepted"), HasSubstr(reason)) << name;
  }
}

TEST(Names, attachments_follow_the_same_rules) {
  for (const char* name : {"py", "md", "tar.gz", "data.json", "1"}) {
    EXPECT_EQ(attachment_name_problem(name), std::nullopt) << name;
  }
  for (const std::string& name : {std::string("json"), std::string("JSON"), std::string(""),
                                  std::string("a/b"), std::string(61, 'a'), std::string("../x")}) {
    EXPECT_NE(attachment_name_problem(name), std::nullopt) << name;
  }
}

TEST(Names, files_tell_the_entries_they_may_belong_to) {
  EXPECT_EQ(file_of("greet", ""), "greet.json");
  EXPECT_EQ(file_of("greet", "py"), "greet.py");
  EXPECT_EQ(entry_of_spec("a.b.json"), "a.b");
  EXPECT_EQ(entry_of_spec("a.py"), std::nullopt);
  EXPECT_EQ(entry_of_spec(".json"), std::nullopt);
  EXPECT_EQ(entry_of_spec(".x.json"), std::nullopt);
  EXPECT_EQ(entry_of_spec("x.json.damaged-1"), std::nullopt);
  EXPECT_THAT(entries_of_attachment("a.b.c"), ElementsAre("a", "a.b"));
  EXPECT_THAT(entries_of_attachment("noending"), IsEmpty());
  EXPECT_THAT(entries_of_attachment(".x"), IsEmpty());
}

TEST(Names, set_aside_names_are_new_and_fit) {
  EXPECT_EQ(damaged_name("x.json", {}), "x.json.damaged-1");
  EXPECT_EQ(damaged_name("x.json", {"x.json.damaged-1", "x.json.damaged-3"}), "x.json.damaged-2");
  EXPECT_LE(damaged_name(std::string(255, 'a'), {}).size(), 255U);
  EXPECT_TRUE(is_damaged_name("x.json.damaged-12"));
  EXPECT_FALSE(is_damaged_name("x.json.damaged-"));
  EXPECT_FALSE(is_damaged_name("x.json.damaged-a"));
  EXPECT_FALSE(is_damaged_name(".damaged-1"));
}

TEST(Names, keys_name_folders_one_to_one) {
  for (const char* folder : {"", ".pipeline/tools", "a%2Fb", "a%b/c", "%"}) {
    EXPECT_EQ(folder_of_key(key_of(folder)), folder);
    EXPECT_FALSE(key_of(folder).contains('/'));
  }
  EXPECT_EQ(key_of(".pipeline/tools"), ".pipeline%2Ftools");
  for (const char* key : {"a%2", "%2f", "%zz", "a/b", "%41"}) {
    EXPECT_EQ(folder_of_key(key), std::nullopt) << key;
  }
}

}  // namespace
}  // namespace untorn::registry
