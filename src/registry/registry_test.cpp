// SPDX-License-Identifier: Apache-2.0
//
// The promises R1 to R3, R5 and R6 of untorn/registry.h, without crashes.
#include "untorn/registry.h"

#include <algorithm>
#include <string>
#include <vector>

#include "registry/registry_test_support.h"

namespace untorn::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RegistryTest : public ::testing::Test {
 protected:
  InMemoryFileSystem fs{{.path = "specs", .type = FileType::directory}};
};

TEST_F(RegistryTest, an_entry_is_a_specification_and_its_attachments) {
  Registry registry = open_registry(fs);
  EXPECT_EQ(done(registry.add("greet", greet_spec, with_script())), 1U);
  EXPECT_EQ(read_file(fs, "specs/greet.json"), greet_spec);
  EXPECT_EQ(read_file(fs, "specs/greet.py"), script);
  const auto entry = registry.get("greet");
  ASSERT_TRUE(entry) << entry.error();
  EXPECT_EQ(entry->spec.text(), greet_spec);
  EXPECT_EQ(entry->version, 1U);
  ASSERT_NE(entry->attachment("py"), nullptr);
  EXPECT_EQ(entry->attachment("py")->content, script);
  EXPECT_EQ(entry->files.at(1).state, FileState::intact);
  EXPECT_THAT(listed(registry), ElementsAre("greet"));
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST_F(RegistryTest, everything_of_ours_lies_in_one_private_folder) {
  Registry registry = open_registry(fs);
  (void)done(registry.add("greet", greet_spec, with_script()));
  EXPECT_THAT(names_in(fs, "specs"), ElementsAre(".untorn", "greet.json", "greet.py"));
  EXPECT_EQ(testing::status_of(fs, "specs/.untorn").mode, 0700U);
  EXPECT_EQ(testing::status_of(fs, "specs/.untorn/registry/%/greet/version-000000000001").mode,
            0600U);
}

TEST_F(RegistryTest, reading_makes_nothing) {
  write_file(fs, "specs/greet.json", greet_spec);
  const Registry registry = open_registry(fs);
  EXPECT_TRUE(registry.get("greet"));
  EXPECT_THAT(listed(registry), ElementsAre("greet"));
  EXPECT_THAT(names_in(fs, "specs"), ElementsAre("greet.json"));
}

TEST_F(RegistryTest, what_exists_is_not_added_again) {
  Registry registry = open_registry(fs);
  (void)done(registry.add("greet", greet_spec, with_script()));
  EXPECT_EQ(code_of(registry.add("greet", other_spec)), Code::already_exists);
  EXPECT_EQ(read_file(fs, "specs/greet.json"), greet_spec);
  EXPECT_EQ(code_of(registry.replace("absent", other_spec)), Code::not_found);
  EXPECT_EQ(code_of(registry.remove("absent")), Code::not_found);
  EXPECT_EQ(code_of(registry.get("absent")), Code::not_found);
  EXPECT_EQ(code_of(registry.restore("absent", 1)), Code::not_found);
  EXPECT_EQ(code_of(registry.versions("absent")), Code::not_found);
}

TEST_F(RegistryTest, names_that_differ_only_in_case_do_not_stand_together) {
  Registry registry = open_registry(fs);
  (void)done(registry.add("Greet", greet_spec, with_script()));
  const auto again = registry.add("greet", other_spec);
  EXPECT_EQ(code_of(again), Code::already_exists);
  EXPECT_THAT(detail_of(again), HasSubstr("other case"));
  write_file(fs, "specs/NOTES.TXT", "mine");
  EXPECT_EQ(code_of(registry.add("notes", greet_spec, {{.name = "txt", .content = "x"}})),
            Code::already_exists);
  EXPECT_THAT(files(fs), ElementsAre("Greet.json", "Greet.py", "NOTES.TXT"));
}

TEST_F(RegistryTest, files_of_others_are_never_overwritten) {
  write_file(fs, "specs/greet.py", "mine");
  Registry registry = open_registry(fs);
  const auto added = registry.add("greet", greet_spec, with_script());
  EXPECT_EQ(code_of(added), Code::already_exists);
  EXPECT_EQ(read_file(fs, "specs/greet.py"), "mine");
  EXPECT_THAT(files(fs), ElementsAre("greet.py"));
  (void)done(registry.add("greet", greet_spec));
  EXPECT_EQ(code_of(registry.replace("greet", greet_spec, with_script())), Code::already_exists);
  EXPECT_EQ(read_file(fs, "specs/greet.py"), "mine");
}

TEST_F(RegistryTest, what_was_there_before_the_registry_is_taken_over) {
  write_file(fs, "specs/greet.json", greet_spec);
  write_file(fs, "specs/greet.py", script);
  Registry registry = open_registry(fs);
  EXPECT_EQ(done(registry.put("greet", greet_spec, with_script())), 2U);
  EXPECT_EQ(registry.get("greet")->files.at(1).state, FileState::intact);
  EXPECT_EQ(registry.read_version("greet", 2)->attachment("py")->content, script);
  EXPECT_THAT(registry.verify()->strays, IsEmpty());
}

TEST_F(RegistryTest, a_version_is_not_restored_over_another_entrys_file) {
  Registry registry = open_registry(fs);
  (void)done(registry.add("a.b", greet_spec));
  (void)done(registry.remove("a.b"));
  (void)done(registry.add("a", greet_spec, {{.name = "b.json", .content = "[1]"}}));
  EXPECT_EQ(code_of(registry.restore("a.b", 1)), Code::already_exists);
  EXPECT_EQ(read_file(fs, "specs/a.b.json"), "[1]");
}

TEST_F(RegistryTest, an_attachment_may_be_json_without_being_an_entry) {
  Registry registry = open_registry(fs);
  (void)done(registry.add("a", greet_spec, {{.name = "b.json", .content = "[1]"}}));
  EXPECT_THAT(listed(registry), ElementsAre("a"));
  EXPECT_EQ(code_of(registry.get("a.b")), Code::not_found);
  EXPECT_EQ(code_of(registry.add("a.b", greet_spec)), Code::already_exists);
  EXPECT_EQ(code_of(registry.remove("a.b")), Code::not_found);
  (void)done(registry.remove("a"));
  (void)done(registry.add("a.b", greet_spec));
  EXPECT_EQ(code_of(registry.add("a", greet_spec, {{.name = "b.json", .content = "[1]"}})),
            Code::already_exists);
}

TEST_F(RegistryTest, replacing_changes_what_is_given_and_keeps_the_rest) {
  Registry registry = open_registry(fs);
  (void)done(registry.add("greet", greet_spec, with_script()));
  EXPECT_EQ(done(registry.replace("greet", other_spec)), 2U);
  EXPECT_EQ(read_file(fs, "specs/greet.py"), script);
  EXPECT_EQ(done(registry.replace("greet", other_spec, with_script(other_script))), 3U);
  EXPECT_EQ(read_file(fs, "specs/greet.py"), other_script);
  EXPECT_EQ(done(registry.replace("greet", greet_spec, std::vector<Attachment>())), 4U);
  EXPECT_THAT(files(fs), ElementsAre("greet.json"));
}

TEST_F(RegistryTest, the_same_again_writes_nothing) {
  Registry registry = open_registry(fs);
  (void)done(registry.add("greet", greet_spec, with_script()));
  const auto change = registry.replace("greet", greet_spec, with_script());
  ASSERT_TRUE(change) << change.error();
  EXPECT_TRUE(change->unchanged);
  EXPECT_EQ(change->version, 1U);
  EXPECT_EQ(registry.versions("greet")->size(), 1U);
}

TEST_F(RegistryTest, put_adds_or_replaces) {
  Registry registry = open_registry(fs);
  EXPECT_EQ(done(registry.put("greet", greet_spec, with_script())), 1U);
  EXPECT_EQ(done(registry.put("greet", other_spec)), 2U);
  EXPECT_EQ(read_file(fs, "specs/greet.py"), script);
}

TEST_F(RegistryTest, modes_of_attachments_are_kept) {
  Registry registry = open_registry(fs);
  (void)done(
      registry.add("greet", greet_spec, {{.name = "sh", .content = "#!/bin/sh\n", .mode = 0755}}));
  EXPECT_EQ(testing::status_of(fs, "specs/greet.sh").mode, 0755U);
  EXPECT_EQ(testing::status_of(fs, "specs/greet.json").mode, 0644U);
  (void)done(
      registry.replace("greet", other_spec, {{{.name = "sh", .content = "#!/bin/sh\n2\n"}}}));
  EXPECT_EQ(testing::status_of(fs, "specs/greet.sh").mode, 0755U);
  (void)done(registry.remove("greet"));
  (void)done(registry.restore("greet", 1));
  EXPECT_EQ(testing::status_of(fs, "specs/greet.sh").mode, 0755U);
}

TEST_F(RegistryTest, removing_leaves_nothing_in_the_folder_and_can_be_undone) {
  Registry registry = open_registry(fs);
  (void)done(registry.add("greet", greet_spec, with_script()));
  EXPECT_EQ(done(registry.remove("greet")), 2U);
  EXPECT_THAT(files(fs), IsEmpty());
  EXPECT_THAT(listed(registry), IsEmpty());
  EXPECT_EQ(code_of(registry.get("greet")), Code::not_found);
  EXPECT_EQ(code_of(registry.remove("greet")), Code::not_found);
  EXPECT_EQ(done(registry.restore("greet", 2)), 3U);
  EXPECT_EQ(read_file(fs, "specs/greet.json"), greet_spec);
  EXPECT_EQ(read_file(fs, "specs/greet.py"), script);
  (void)done(registry.remove("greet"));
  EXPECT_EQ(done(registry.add("greet", other_spec)), 5U);
}

TEST_F(RegistryTest, earlier_versions_are_read_and_put_back) {
  Registry registry = open_registry(fs);
  (void)done(registry.add("greet", greet_spec, with_script()));
  (void)done(registry.replace("greet", other_spec, with_script(other_script)));
  const auto first = registry.read_version("greet", 1);
  ASSERT_TRUE(first) << first.error();
  EXPECT_EQ(first->spec.text(), greet_spec);
  EXPECT_EQ(first->attachment("py")->content, script);
  EXPECT_EQ(done(registry.restore("greet", 1)), 3U);
  EXPECT_EQ(read_file(fs, "specs/greet.json"), greet_spec);
  EXPECT_EQ(read_file(fs, "specs/greet.py"), script);
  const auto versions = registry.versions("greet");
  ASSERT_TRUE(versions) << versions.error();
  ASSERT_EQ(versions->size(), 3U);
  EXPECT_EQ(versions->at(0).origin, VersionOrigin::restored);
  EXPECT_TRUE(versions->at(0).present);
  EXPECT_FALSE(versions->at(1).present);
  EXPECT_EQ(versions->at(2).origin, VersionOrigin::added);
  EXPECT_EQ(versions->at(2).bytes, greet_spec.size() + script.size());
  EXPECT_TRUE(std::ranges::all_of(*versions, &RegistryVersion::intact));
  EXPECT_EQ(code_of(registry.read_version("greet", 9)), Code::not_found);
}

TEST_F(RegistryTest, as_many_versions_are_kept_as_asked) {
  Registry registry = open_registry(fs, {.keep_versions = 2});
  (void)done(registry.add("greet", greet_spec));
  for (int i = 0; i < 4; ++i) {
    (void)done(registry.replace("greet", i % 2 == 0 ? other_spec : greet_spec));
  }
  const auto versions = registry.versions("greet");
  ASSERT_TRUE(versions) << versions.error();
  ASSERT_EQ(versions->size(), 2U);
  EXPECT_EQ(versions->at(0).number, 5U);
  EXPECT_EQ(versions->at(1).number, 4U);
}

TEST_F(RegistryTest, a_restored_version_satisfies_todays_schema) {
  {
    Registry registry = open_registry(fs, {.schema = "{}"});
    (void)done(registry.add("greet", "{\"old\": true}"));
    (void)done(registry.replace("greet", greet_spec));
  }
  Registry registry = open_registry(fs);
  EXPECT_EQ(code_of(registry.restore("greet", 1)), Code::conflict);
  EXPECT_EQ(read_file(fs, "specs/greet.json"), greet_spec);
}

TEST_F(RegistryTest, what_does_not_satisfy_the_schema_is_refused_with_every_problem) {
  Registry registry = open_registry(fs);
  const auto refused = registry.add("greet", R"({"n": "one"})");
  EXPECT_EQ(code_of(refused), Code::conflict);
  EXPECT_THAT(detail_of(refused), HasSubstr("\"description\" is missing"));
  EXPECT_THAT(detail_of(refused), HasSubstr("/n: 'type' asks for \"integer\""));
  for (const char* text : {"", "[1]", "7", "{\"a\": ", "{} {}", "null"}) {
    EXPECT_EQ(code_of(registry.add("greet", text)), Code::conflict) << text;
    EXPECT_FALSE(registry.validate(text)->empty()) << text;
  }
  EXPECT_THAT(*registry.validate(greet_spec), IsEmpty());
  EXPECT_THAT(names_in(fs, "specs"), IsEmpty());
}

TEST_F(RegistryTest, specifications_without_measure_are_refused) {
  Registry registry = open_registry(fs, {.schema = "{}"});
  const std::string deep = std::string(64, '[') + std::string(64, ']');
  EXPECT_EQ(code_of(registry.add("a", "{\"x\": " + deep + "}")), Code::unsupported);
  EXPECT_EQ(code_of(registry.add("a", "{\"x\": \"" + std::string(1U << 20U, 'a') + "\"}")),
            Code::unsupported);
}

TEST_F(RegistryTest, bad_names_change_nothing) {
  Registry registry = open_registry(fs);
  for (const char* name : {"", "..", "a/b", "../a", "CON", "a\nb", ".x", "caf\xc3\xa9"}) {
    EXPECT_EQ(code_of(registry.add(name, greet_spec)), Code::invalid_argument) << name;
    EXPECT_EQ(code_of(registry.replace(name, greet_spec)), Code::invalid_argument);
    EXPECT_EQ(code_of(registry.remove(name)), Code::invalid_argument);
    EXPECT_EQ(code_of(registry.get(name)), Code::invalid_argument);
    EXPECT_EQ(code_of(registry.restore(name, 1)), Code::invalid_argument);
    EXPECT_EQ(code_of(registry.versions(name)), Code::invalid_argument);
  }
  for (const char* name : {"", "..", "a/b", "../a", "json", "a\nb", ".x", "caf\xc3\xa9"}) {
    EXPECT_EQ(code_of(registry.add("good", greet_spec, {{.name = name, .content = ""}})),
              Code::invalid_argument)
        << name;
  }
  EXPECT_EQ(code_of(registry.add("good", greet_spec,
                                 {{.name = "py", .content = ""}, {.name = "PY", .content = ""}})),
            Code::invalid_argument);
  EXPECT_THAT(names_in(fs, "specs"), IsEmpty());
}

TEST_F(RegistryTest, an_edit_by_hand_is_read_and_kept_before_it_is_replaced) {
  Registry registry = open_registry(fs);
  (void)done(registry.add("greet", greet_spec, with_script()));
  write_file(fs, "specs/greet.json", "{\"description\": \"by hand\"}");
  write_file(fs, "specs/greet.py", "by hand");
  const auto entry = registry.get("greet");
  ASSERT_TRUE(entry) << entry.error();
  EXPECT_EQ(entry->files.at(0).state, FileState::edited);
  EXPECT_EQ(entry->files.at(1).state, FileState::edited);
  const auto change = registry.replace("greet", other_spec, with_script(other_script));
  ASSERT_TRUE(change) << change.error();
  EXPECT_TRUE(change->kept_edit);
  EXPECT_EQ(change->version, 3U);
  const auto kept = registry.read_version("greet", 2);
  ASSERT_TRUE(kept) << kept.error();
  EXPECT_EQ(kept->spec.text(), "{\"description\": \"by hand\"}");
  EXPECT_EQ(kept->attachment("py")->content, "by hand");
  EXPECT_EQ(registry.versions("greet")->at(1).origin, VersionOrigin::edited);
}

TEST_F(RegistryTest, a_file_put_there_by_hand_is_an_entry) {
  write_file(fs, "specs/greet.json", greet_spec);
  Registry registry = open_registry(fs);
  EXPECT_EQ(registry.get("greet")->version, 0U);
  EXPECT_EQ(registry.get("greet")->files.at(0).state, FileState::unrecorded);
  EXPECT_THAT(*registry.versions("greet"), IsEmpty());
  EXPECT_EQ(code_of(registry.add("greet", other_spec)), Code::already_exists);
  EXPECT_EQ(done(registry.replace("greet", other_spec)), 2U);
  EXPECT_EQ(registry.read_version("greet", 1)->spec.text(), greet_spec);
}

TEST_F(RegistryTest, search_finds_words_and_fields) {
  Registry registry = open_registry(fs, {.schema = "{}"});
  (void)done(registry.add("word_count", R"({"description": "Counts WORDS", "tags": ["text", "fast"],
      "deep": {"n": 12}})"));
  (void)done(registry.add("greet", R"({"description": "says hello", "tags": ["text"]})"));
  const auto found = [&registry](RegistryQuery query) {
    std::vector<std::string> names;
    const auto listing = registry.search(query);
    EXPECT_TRUE(listing) << listing.error();
    for (const RegistryEntry& entry : listing->entries) names.push_back(entry.name);
    return names;
  };
  EXPECT_THAT(found({.text = "words"}), ElementsAre("word_count"));
  EXPECT_THAT(found({.text = "COUNT text"}), ElementsAre("word_count"));
  EXPECT_THAT(found({.text = "12"}), ElementsAre("word_count"));
  EXPECT_THAT(found({.text = "text"}), ElementsAre("greet", "word_count"));
  EXPECT_THAT(found({.text = "  "}), ElementsAre("greet", "word_count"));
  EXPECT_THAT(found({.text = "tags"}), IsEmpty());
  EXPECT_THAT(found({.fields = {{"tags", "fast"}}}), ElementsAre("word_count"));
  EXPECT_THAT(found({.fields = {{"/deep/n", "12"}}}), ElementsAre("word_count"));
  EXPECT_THAT(found({.fields = {{"description", "says"}}}), IsEmpty());
  EXPECT_THAT(found({.text = "hello", .fields = {{"tags", "fast"}}}), IsEmpty());
}

TEST(RegistryPlace, a_registry_below_a_tree_uses_the_trees_folder_and_is_found_again) {
  InMemoryFileSystem fs({{.path = "project", .type = FileType::directory}});
  auto registry =
      Registry::open(fs, "project/.pipeline/tools", {.tree = "project", .create = true});
  ASSERT_TRUE(registry) << registry.error();
  (void)done(registry->add("greet", greet_spec, with_script()));
  EXPECT_THAT(names_in(fs, "project"), ElementsAre(".pipeline", ".untorn"));
  EXPECT_THAT(names_in(fs, "project/.pipeline/tools"), ElementsAre("greet.json", "greet.py"));
  // Whoever names the folder alone sees the same versions.
  const auto found = Registry::open(fs, "project/.pipeline/tools");
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->tree(), "project");
  EXPECT_EQ(found->versions("greet")->size(), 1U);
}

TEST(RegistryPlace, a_folder_is_made_only_if_asked) {
  InMemoryFileSystem fs({{.path = "a", .type = FileType::directory}});
  EXPECT_EQ(code_of(Registry::open(fs, "a/specs")), Code::not_found);
  auto registry = Registry::open(fs, "a/specs", {.create = true});
  ASSERT_TRUE(registry) << registry.error();
  EXPECT_THAT(listed(*registry), IsEmpty());
  EXPECT_THAT(names_in(fs, "a"), IsEmpty());
  (void)done(registry->add("greet", greet_spec));
  EXPECT_THAT(names_in(fs, "a/specs"), ElementsAre(".untorn", "greet.json"));
  EXPECT_EQ(code_of(Registry::open(fs, "b/specs", {.create = true})->add("greet", greet_spec)),
            Code::not_found);
}

TEST(RegistryPlace, wrong_places_are_refused) {
  InMemoryFileSystem fs({{.path = "a/specs", .type = FileType::directory},
                         {.path = "b", .type = FileType::directory},
                         {.path = "file", .content = Bytes("x")}});
  EXPECT_EQ(code_of(Registry::open(fs, "a/specs", {.tree = "b"})), Code::invalid_argument);
  EXPECT_EQ(code_of(Registry::open(fs, "")), Code::invalid_argument);
  EXPECT_EQ(code_of(Registry::open(fs, "file")), Code::not_found);
  EXPECT_EQ(code_of(Registry::open(fs, "a/specs", {.keep_versions = 0})), Code::invalid_argument);
  EXPECT_EQ(code_of(Registry::open(fs, "a/specs", {.schema = R"({"type": 1})"})),
            Code::invalid_argument);
}

TEST_F(RegistryTest, a_newer_format_is_refused_and_left_alone) {
  Registry registry = open_registry(fs);
  (void)done(registry.add("greet", greet_spec, with_script()));
  const std::string path = "specs/.untorn/registry/%/greet/version-000000000002";
  const std::string newer =
      R"({"untorn": {"format": "registry-version", "version": 9, "oldest_reader": 9}, "x": 1})"
      "\n";
  write_file(fs, path, newer);
  EXPECT_EQ(code_of(registry.get("greet")), Code::unsupported);
  EXPECT_EQ(code_of(registry.replace("greet", other_spec)), Code::unsupported);
  EXPECT_EQ(code_of(registry.remove("greet")), Code::unsupported);
  EXPECT_EQ(code_of(registry.restore("greet", 1)), Code::unsupported);
  EXPECT_EQ(code_of(registry.read_version("greet", 2)), Code::unsupported);
  const auto check = registry.verify();
  ASSERT_TRUE(check) << check.error();
  EXPECT_EQ(check->entries.at(0).files.at(0).state, FileState::unreadable);
  EXPECT_EQ(read_file(fs, path), newer);
  EXPECT_EQ(read_file(fs, "specs/greet.json"), greet_spec);
}

TEST_F(RegistryTest, another_process_is_waited_for_and_then_refused) {
  Registry registry = open_registry(fs, {.lock_wait = std::chrono::milliseconds(1)});
  (void)done(registry.add("greet", greet_spec));
  const auto other = Transaction::begin(fs, "specs");
  ASSERT_TRUE(other) << other.error();
  EXPECT_EQ(code_of(registry.replace("greet", other_spec)), Code::busy);
  EXPECT_EQ(code_of(registry.list()), Code::busy);
}

}  // namespace
}  // namespace untorn::registry
