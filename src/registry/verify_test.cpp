// SPDX-License-Identifier: Apache-2.0
//
// R4: damage is set aside, told, and answered by the version that was stored last.
#include <string>
#include <vector>

#include "registry/inspect.h"
#include "registry/registry_test_support.h"

namespace untorn::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VerifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    (void)done(registry.add("bye", other_spec));
    (void)done(registry.add("greet", greet_spec, with_script()));
  }
  [[nodiscard]] RegistryCheck verify(bool repair = true) {
    auto check = registry.verify(repair);
    EXPECT_TRUE(check) << check.error();
    return check ? *check : RegistryCheck();
  }
  static const EntryCheck& entry(const RegistryCheck& check, std::string_view name) {
    for (const EntryCheck& each : check.entries) {
      if (each.name == name) return each;
    }
    ADD_FAILURE() << name << " is not there";
    return check.entries.front();
  }

  InMemoryFileSystem fs{{.path = "specs", .type = FileType::directory}};
  Registry registry = open_registry(fs);
  const std::string version_1 = "specs/.untorn/registry/%/greet/version-000000000001";
};

TEST_F(VerifyTest, a_whole_registry_is_healthy) {
  const RegistryCheck check = verify();
  EXPECT_TRUE(check.was_healthy());
  EXPECT_EQ(check.entries.size(), 2U);
  EXPECT_THAT(check.strays, IsEmpty());
}

TEST_F(VerifyTest, a_damaged_specification_is_set_aside_and_comes_back) {
  for (const std::string& damaged :
       {std::string(), std::string("{\"descr"), std::string(40, '\0')}) {
    write_file(fs, "specs/greet.json", damaged);
    EXPECT_EQ(code_of(registry.get("greet")), Code::corrupt);
    EXPECT_THAT(listed(registry), ElementsAre("bye"));
    EXPECT_EQ(registry.list()->problems.at(0).name, "greet");
    const RegistryCheck check = verify();
    const EntryCheck& greet = entry(check, "greet");
    EXPECT_EQ(greet.files.at(0).state, FileState::damaged);
    EXPECT_FALSE(greet.was_healthy());
    EXPECT_TRUE(greet.is_healthy());
    EXPECT_THAT(greet.brought_back, ElementsAre("greet.json"));
    ASSERT_EQ(greet.set_aside.size(), 1U);
    EXPECT_EQ(read_file(fs, "specs/" + greet.set_aside.front()), damaged);
    EXPECT_EQ(read_file(fs, "specs/greet.json"), greet_spec);
    EXPECT_EQ(read_file(fs, "specs/greet.py"), script);
    EXPECT_TRUE(verify().was_healthy());
  }
  EXPECT_THAT(files(fs), ElementsAre("bye.json", "greet.json", "greet.json.damaged-1",
                                     "greet.json.damaged-2", "greet.json.damaged-3", "greet.py"));
}

TEST_F(VerifyTest, a_damaged_attachment_is_set_aside_and_comes_back) {
  for (const std::string& damaged :
       {std::string(), std::string(script.substr(0, 5)), std::string("pri\0t", 5)}) {
    write_file(fs, "specs/greet.py", damaged);
    EXPECT_EQ(code_of(registry.get("greet")), Code::corrupt);
    const EntryCheck greet = entry(verify(), "greet");
    EXPECT_EQ(greet.files.at(1).state, FileState::damaged);
    EXPECT_TRUE(greet.is_healthy());
    EXPECT_EQ(read_file(fs, "specs/greet.py"), script);
  }
}

TEST_F(VerifyTest, a_missing_half_comes_back) {
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "specs/greet.py"));
  EXPECT_EQ(code_of(registry.get("greet")), Code::corrupt);
  EXPECT_EQ(code_of(registry.replace("greet", other_spec)), Code::corrupt);
  EXPECT_EQ(entry(verify(false), "greet").files.at(1).state, FileState::missing);
  EXPECT_THAT(entry(verify(), "greet").brought_back, ElementsAre("greet.py"));
  EXPECT_EQ(read_file(fs, "specs/greet.py"), script);
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "specs/greet.json"));
  EXPECT_THAT(entry(verify(), "greet").brought_back, ElementsAre("greet.json"));
  EXPECT_EQ(read_file(fs, "specs/greet.json"), greet_spec);
}

TEST_F(VerifyTest, an_entry_taken_away_by_hand_stays_away_until_someone_decides) {
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "specs/greet.py"));
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "specs/greet.json"));
  const EntryCheck greet = entry(verify(), "greet");
  EXPECT_FALSE(greet.is_healthy());
  EXPECT_THAT(greet.detail, HasSubstr("took all its files away"));
  EXPECT_EQ(code_of(registry.get("greet")), Code::not_found);
  EXPECT_THAT(files(fs), ElementsAre("bye.json"));
  (void)done(registry.remove("greet"));
  EXPECT_TRUE(verify().was_healthy());
  (void)done(registry.restore("greet", 2));
  EXPECT_EQ(read_file(fs, "specs/greet.py"), script);
}

TEST_F(VerifyTest, looking_changes_nothing) {
  write_file(fs, "specs/greet.json", "");
  const RegistryCheck check = verify(false);
  EXPECT_FALSE(check.was_healthy());
  EXPECT_FALSE(entry(check, "greet").is_healthy());
  EXPECT_EQ(read_file(fs, "specs/greet.json"), "");
  EXPECT_THAT(files(fs), ElementsAre("bye.json", "greet.json", "greet.py"));
}

TEST_F(VerifyTest, edits_and_other_forms_are_told_and_left_alone) {
  write_file(fs, "specs/greet.json", "{\"description\": \"by hand\"}");
  write_file(fs, "specs/bye.json", "{\"description\": \"x\", /* note */ \"n\": 1}");
  const RegistryCheck check = verify();
  EXPECT_EQ(entry(check, "greet").files.at(0).state, FileState::edited);
  EXPECT_TRUE(entry(check, "greet").was_healthy());
  EXPECT_EQ(entry(check, "bye").files.at(0).state, FileState::unreadable);
  EXPECT_FALSE(entry(check, "bye").is_healthy());
  EXPECT_EQ(read_file(fs, "specs/bye.json"), "{\"description\": \"x\", /* note */ \"n\": 1}");
  EXPECT_EQ(code_of(registry.get("bye")), Code::unsupported);
}

TEST_F(VerifyTest, what_no_longer_satisfies_the_schema_is_told_with_every_problem) {
  write_file(fs, "specs/greet.json", "{\"n\": \"x\"}");
  const EntryCheck greet = entry(verify(), "greet");
  EXPECT_EQ(greet.files.at(0).state, FileState::invalid);
  EXPECT_EQ(greet.spec_problems.size(), 2U);
  EXPECT_FALSE(greet.is_healthy());
  write_file(fs, "specs/greet.json", "[1]");
  EXPECT_EQ(entry(verify(), "greet").files.at(0).state, FileState::invalid);
  EXPECT_EQ(code_of(registry.get("greet")), Code::conflict);
}

TEST_F(VerifyTest, files_of_nobody_are_named_and_left_alone) {
  write_file(fs, "specs/greet.old.py", "x");
  write_file(fs, "specs/README", "x");
  write_file(fs, "specs/.hidden", "x");
  ASSERT_TRUE(fs.make_directory(Handle::working_directory, "specs/__pycache__", 0755));
  EXPECT_THAT(verify().strays, ElementsAre("README", "greet.old.py"));
  EXPECT_TRUE(verify().was_healthy());
}

TEST_F(VerifyTest, a_damaged_entry_that_nothing_is_kept_of_is_only_set_aside) {
  write_file(fs, "specs/mine.json", "");
  const EntryCheck mine = entry(verify(), "mine");
  EXPECT_THAT(mine.set_aside, ElementsAre("mine.json.damaged-1"));
  EXPECT_THAT(mine.brought_back, IsEmpty());
  EXPECT_THAT(mine.detail, HasSubstr("nothing is kept"));
  EXPECT_THAT(listed(registry), ElementsAre("bye", "greet"));
}

TEST_F(VerifyTest, when_the_kept_version_is_damaged_too_an_earlier_one_can_be_restored) {
  (void)done(registry.replace("greet", other_spec));
  const std::string newest = "specs/.untorn/registry/%/greet/version-000000000002";
  std::string text = *read_file(fs, newest);
  text.back() = static_cast<char>(text.back() ^ 1);
  write_file(fs, newest, text);
  write_file(fs, "specs/greet.json", "");
  const EntryCheck greet = entry(verify(), "greet");
  EXPECT_FALSE(greet.is_healthy());
  EXPECT_THAT(greet.detail, HasSubstr("version 2 is damaged"));
  EXPECT_THAT(greet.set_aside, ElementsAre("greet.json.damaged-1"));
  EXPECT_EQ(code_of(registry.read_version("greet", 2)), Code::corrupt);
  EXPECT_FALSE(registry.versions("greet")->at(0).intact);
  (void)done(registry.restore("greet", 1));
  EXPECT_EQ(read_file(fs, "specs/greet.json"), greet_spec);
  EXPECT_TRUE(verify().was_healthy());
}

TEST_F(VerifyTest, a_version_whose_line_is_damaged_makes_the_rest_an_edit) {
  (void)done(registry.replace("greet", other_spec));
  write_file(fs, "specs/.untorn/registry/%/greet/version-000000000002", "");
  const EntryCheck greet = entry(verify(), "greet");
  EXPECT_EQ(greet.files.at(0).state, FileState::edited);
  EXPECT_THAT(greet.detail, HasSubstr("cannot be read"));
  EXPECT_EQ(done(registry.replace("greet", greet_spec)), 4U);
  EXPECT_EQ(registry.read_version("greet", 3)->spec.text(), other_spec);
}

TEST_F(VerifyTest, replacing_and_removing_set_damage_aside_first) {
  write_file(fs, "specs/greet.json", "{\"descr");
  (void)done(registry.replace("greet", other_spec));
  EXPECT_EQ(read_file(fs, "specs/greet.json.damaged-1"), "{\"descr");
  EXPECT_EQ(read_file(fs, "specs/greet.json"), other_spec);
  write_file(fs, "specs/greet.json", "");
  (void)done(registry.remove("greet"));
  EXPECT_THAT(files(fs), ElementsAre("bye.json", "greet.json.damaged-1", "greet.json.damaged-2"));
}

TEST_F(VerifyTest, the_registries_of_a_tree_are_found_and_judged) {
  write_file(fs, "specs/greet.json", "");
  const auto found = inspect_registries(fs, "specs");
  ASSERT_TRUE(found) << found.error();
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->at(0).folder, "");
  EXPECT_FALSE(found->at(0).check.was_healthy());
  EXPECT_EQ(read_file(fs, "specs/greet.json"), "");
  EXPECT_TRUE(repair_registry(fs, "specs", ""));
  EXPECT_EQ(read_file(fs, "specs/greet.json"), greet_spec);
  EXPECT_TRUE(inspect_registries(fs, "specs")->at(0).check.was_healthy());
  EXPECT_THAT(*inspect_registries(fs, "nowhere"), IsEmpty());
}

}  // namespace
}  // namespace untorn::registry
