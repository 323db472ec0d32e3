// SPDX-License-Identifier: Apache-2.0
//
// Damage of every kind, and everything that may stand in the way of mending it.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <optional>
#include <string>
#include <vector>

#include "document/document_test_support.h"
#include "document/inspect.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"
#include "untorn/document.h"

namespace untorn::document {
namespace {

using testing::names_in;
using testing::read_file;
using testing::status_of;
using testing::write_file;

class DamageKinds : public ::testing::TestWithParam<Damage> {};

TEST_P(DamageKinds, is_set_aside_and_answered_by_the_newest_generation) {
  InMemoryFileSystem fs;
  fill(fs);
  write_file(fs, "state.json", GetParam().bytes);
  EXPECT_EQ(inspect(fs, "state.json")->condition, Condition::damaged);
  EXPECT_TRUE(inspect(fs, "state.json")->repairable());
  Document document = open_document(fs);
  const auto loaded = document.load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->document->text(), newest_text());
  const Recovery& recovery = loaded->recovery;
  EXPECT_TRUE(recovery.happened);
  EXPECT_TRUE(recovery.written);
  EXPECT_NE(recovery.reason, "");
  EXPECT_EQ(recovery.set_aside, "state.json.damaged-1");
  EXPECT_EQ(recovery.generation.number, 3U);
  EXPECT_EQ(recovery.generation.bytes, newest_text().size());
  EXPECT_EQ(recovery.generations_lost, 0U);
  EXPECT_NE(recovery.message().find("state.json.damaged-1"), std::string::npos);
  EXPECT_EQ(read_file(fs, "state.json.damaged-1"), GetParam().bytes);
  EXPECT_EQ(read_file(fs, "state.json"), newest_text());
  EXPECT_FALSE(document.load()->recovery.happened) << "it was mended";
  EXPECT_EQ(document.load()->generation, 3U);
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST_P(DamageKinds, without_a_generation_is_an_error_and_left_alone) {
  InMemoryFileSystem fs;
  write_file(fs, "state.json", GetParam().bytes);
  const auto before = files_of(fs);
  Document document = open_document(fs);
  const auto loaded = document.load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Code::corrupt) << loaded.error();
  EXPECT_EQ(loaded.error().outcome(), Outcome::not_applied);
  EXPECT_EQ(files_of(fs), before);
  EXPECT_FALSE(inspect(fs, "state.json")->repairable());
  EXPECT_EQ(repair(fs, "state.json").error().code(), Code::corrupt);
  EXPECT_EQ(files_of(fs), before);
}

TEST_P(DamageKinds, is_set_aside_before_it_is_replaced) {
  InMemoryFileSystem fs;
  write_file(fs, "state.json", GetParam().bytes);
  Document document = open_document(fs);
  const ReplacedDocument replaced = put_text(document, "[\"new\"]");
  EXPECT_EQ(replaced.recovery.set_aside, "state.json.damaged-1");
  EXPECT_EQ(read_file(fs, "state.json.damaged-1"), GetParam().bytes);
  EXPECT_EQ(loaded_text(document), "[\"new\"]");
}

INSTANTIATE_TEST_SUITE_P(, DamageKinds, ::testing::ValuesIn(damages()),
                         [](const auto& instance) { return instance.param.name; });

TEST(Recovery, says_what_is_known_to_be_lost) {
  InMemoryFileSystem fs;
  fill(fs);
  Document document = open_document(fs);
  write_file(fs, "state.json", newest_text().substr(0, 100));
  EXPECT_TRUE(document.load()->recovery.file_adds_nothing);
  write_file(fs, "state.json", "{\"n\": 99, \"by another program\": [");
  const Recovery recovery = document.load()->recovery;
  EXPECT_FALSE(recovery.file_adds_nothing);
  EXPECT_NE(recovery.lost().find("damaged file"), std::string::npos) << recovery.lost();
}

TEST(Recovery, takes_a_missing_file_beside_generations_for_damage) {
  InMemoryFileSystem fs;
  fill(fs, {.mode = 0640});
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "state.json"));
  EXPECT_EQ(inspect(fs, "state.json")->condition, Condition::missing);
  Document document = open_document(fs);
  const auto loaded = document.load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->document->text(), newest_text());
  EXPECT_EQ(loaded->recovery.reason, "it is missing");
  EXPECT_EQ(loaded->recovery.set_aside, "");
  EXPECT_EQ(status_of(fs, "state.json").mode, 0640U) << "as it was";
}

TEST(Recovery, never_overwrites_what_was_set_aside) {
  InMemoryFileSystem fs;
  fill(fs);
  write_file(fs, "state.json.damaged-2", "someone's own");
  Document document = open_document(fs);
  for (const char* bytes : {"[1", "[2"}) {
    write_file(fs, "state.json", bytes);
    EXPECT_TRUE(document.load()->recovery.happened);
  }
  EXPECT_EQ(read_file(fs, "state.json.damaged-2"), "someone's own");
  EXPECT_EQ(read_file(fs, "state.json.damaged-3"), "[1");
  EXPECT_EQ(read_file(fs, "state.json.damaged-4"), "[2");
  EXPECT_EQ(inspect(fs, "state.json")->set_aside,
            (std::vector<std::string>{"state.json.damaged-2", "state.json.damaged-3",
                                      "state.json.damaged-4"}));
}

TEST(Recovery, passes_over_generations_that_are_damaged_too) {
  InMemoryFileSystem fs;
  fill(fs);
  spoil_generation(fs, 3);
  write_file(fs, "state.json", "");
  Document document = open_document(fs);
  const auto loaded = document.load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->document->text(), R"({"n": 2})");
  EXPECT_EQ(loaded->recovery.generation.number, 2U);
  EXPECT_EQ(loaded->recovery.generations_lost, 1U);
  EXPECT_EQ(loaded->recovery.lost(), "the changes of 1 later generation");
  EXPECT_EQ(loaded->generation, 4U);
  EXPECT_EQ(document.history()->front().origin, Origin::recovered);
  const auto again = document.load();
  EXPECT_EQ(again->generation, 4U);
  EXPECT_FALSE(again->edited);
}

TEST(Recovery, gives_an_error_when_every_generation_is_damaged) {
  InMemoryFileSystem fs;
  fill(fs);
  for (const unsigned number : {1U, 2U, 3U}) spoil_generation(fs, number);
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "state.json"));
  const auto before = files_of(fs);
  Document document = open_document(fs);
  const auto loaded = document.load();
  ASSERT_FALSE(loaded) << "never an empty state";
  EXPECT_EQ(loaded.error().code(), Code::corrupt);
  EXPECT_EQ(files_of(fs), before);
}

TEST(Recovery, uses_generations_of_a_copied_tree_and_says_so) {
  InMemoryFileSystem fs;
  fill(fs);
  // The same tree below another directory, as cp -r makes it.
  std::vector<TreeEntry> tree = fs.tree();
  tree.push_back({.path = "a", .type = FileType::directory, .mode = 0755});
  for (TreeEntry& entry : tree) entry.path = "copy/" + entry.path;
  InMemoryFileSystem other(tree);
  auto document = Document::open(other, "copy/state.json");
  EXPECT_EQ(document->load()->generation, 3U) << "it needs no care";
  write_file(other, "copy/state.json", "");
  const auto loaded = document->load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->document->text(), newest_text());
  EXPECT_TRUE(loaded->recovery.generation.from_copy);
  EXPECT_FALSE(document->history()->front().from_copy) << "from now on it has its own";
}

TEST(Recovery, prefers_its_own_generation_to_a_later_one_of_a_copy) {
  InMemoryFileSystem source;
  fill(source);
  InMemoryFileSystem fs({{.path = "here", .type = FileType::directory, .mode = 0755}});
  auto document = Document::open(fs, "here/state.json");
  (void)put_text(*document, "[\"own\"]");
  // Someone copies another project's folder over ours.
  const std::string strange = *read_file(source, kept_folder + "/generation-000000000003");
  write_file(fs, "here/" + kept_folder + "/generation-000000000003", strange);
  write_file(fs, "here/state.json", "");
  EXPECT_EQ(loaded_text(*document), "[\"own\"]");
}

TEST(Recovery, neither_uses_nor_removes_generations_of_a_newer_format) {
  InMemoryFileSystem fs;
  fill(fs, {.generations = 2});
  const std::string newer = kept_folder + "/generation-000000000009";
  write_file(fs, newer, "untorn-generation 2 2 whatever\n[9]");
  Document document = open_document(fs, {.generations = 2});
  for (const char* text : {"[1]", "[2]", "[3]"}) (void)put_text(document, text);
  EXPECT_EQ(read_file(fs, newer), "untorn-generation 2 2 whatever\n[9]");
  write_file(fs, "state.json", "");
  EXPECT_EQ(loaded_text(document), "[3]");
}

TEST(Recovery, leaves_a_form_that_is_not_read_alone_until_it_is_told) {
  InMemoryFileSystem fs;
  fill(fs);
  const std::string commented = "{\n  // by hand\n  \"n\": 3,\n}\n";
  write_file(fs, "state.json", commented);
  Document document = open_document(fs);
  const auto before = files_of(fs);
  const auto loaded = document.load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), Code::unsupported);
  EXPECT_NE(loaded.error().message().find("line 2, column 3"), std::string::npos);
  EXPECT_EQ(document.replace(json("[1]")).error().code(), Code::unsupported);
  EXPECT_EQ(files_of(fs), before);
  EXPECT_FALSE(inspect(fs, "state.json")->needs_repair());
  const auto recovered = document.recover();
  ASSERT_TRUE(recovered) << recovered.error();
  EXPECT_EQ(read_file(fs, recovered->set_aside), commented);
  EXPECT_EQ(loaded_text(document), newest_text());
  EXPECT_FALSE(document.recover()->happened) << "a good file is left alone";
}

TEST(Recovery, an_observer_gets_the_generation_and_changes_nothing) {
  InMemoryFileSystem fs;
  fill(fs);
  write_file(fs, "state.json", "[1");
  const auto before = files_of(fs);
  Document document = open_document(fs, {.read_only = true});
  const auto loaded = document.load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->document->text(), newest_text());
  EXPECT_TRUE(loaded->recovery.happened);
  EXPECT_FALSE(loaded->recovery.written);
  EXPECT_EQ(loaded->recovery.set_aside, "");
  EXPECT_EQ(document.replace(json("[1]")).error().code(), Code::permission_denied);
  EXPECT_EQ(document.recover().error().code(), Code::permission_denied);
  EXPECT_EQ(files_of(fs), before);
}

// What is left of a document's tree when another user comes.
InMemoryFileSystem as_seen_by_another_user(const InMemoryFileSystem& fs, std::uint32_t mode) {
  std::vector<TreeEntry> tree = fs.tree();
  for (TreeEntry& entry : tree) {
    entry.path = "d/" + entry.path;
    entry.mode = entry.type == FileType::directory ? mode : 0444U;
  }
  tree.push_back({.path = "d", .type = FileType::directory, .mode = mode});
  return InMemoryFileSystem(tree, {.user = 1000, .group = 1000});
}

TEST(Recovery, without_permission_to_write_is_an_observers) {
  InMemoryFileSystem writable;
  fill(writable);
  write_file(writable, "state.json", "[1");
  InMemoryFileSystem fs = as_seen_by_another_user(writable, 0555);
  const auto before = files_of(fs);
  auto document = Document::open(fs, "d/state.json");
  ASSERT_TRUE(document) << document.error();
  const auto loaded = document->load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->document->text(), newest_text());
  EXPECT_FALSE(loaded->recovery.written);
  EXPECT_EQ(document->replace(json("[1]")).error().code(), Code::permission_denied);
  EXPECT_EQ(files_of(fs), before);
}

TEST(Recovery, refuses_a_directory_or_fifo_in_the_way) {
  const testing::ScratchDirectory directory;
  ASSERT_EQ(mkdir((directory / "d.json").c_str(), 0755), 0);
  ASSERT_EQ(mkfifo((directory / "f.json").c_str(), 0644), 0);
  for (const char* name : {"d.json", "f.json"}) {
    auto document = Document::open(directory / name);
    ASSERT_TRUE(document) << document.error();
    EXPECT_EQ(document->load().error().code(), Code::not_regular_file) << name;
    EXPECT_EQ(document->replace(json("[1]")).error().code(), Code::not_regular_file) << name;
    EXPECT_EQ(document->recover().error().code(), Code::not_regular_file) << name;
  }
  EXPECT_EQ(names_in(posix_file_system(), directory.path()),
            (std::vector<std::string>{"d.json", "f.json"}));
}

TEST(Recovery, refuses_generations_that_another_user_planted) {
  InMemoryFileSystem fs;
  fill(fs);
  const OwnedHandle folder(
      fs, fs.open(Handle::working_directory, ".untorn", {.access = Access::directory}).value());
  ASSERT_TRUE(fs.set_owner(folder.get(), 4711, 4711));
  EXPECT_EQ(Document::open(fs, "state.json").error().code(), Code::permission_denied);
}

TEST(Recovery, works_with_names_as_long_as_names_can_be) {
  const testing::ScratchDirectory directory;
  const std::string name = std::string(250, 'n') + ".json";
  auto document = Document::open(directory / name);
  (void)put_text(*document, "[1]");
  write_file(posix_file_system(), directory / name, "[");
  const auto loaded = document->load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(read_file(posix_file_system(), directory / loaded->recovery.set_aside), "[");
  EXPECT_EQ(inspect(posix_file_system(), directory / name)->set_aside.size(), 1U);
}

TEST(Inspect, finds_the_documents_of_a_directory) {
  InMemoryFileSystem fs;
  fill(fs);
  EXPECT_EQ(names_kept_in(fs, "."), std::vector<std::string>{"state.json"});
  EXPECT_EQ(inspect(fs, "state.json")->condition, Condition::healthy);
  EXPECT_EQ(inspect(fs, "state.json")->generations.size(), 3U);
  EXPECT_EQ(inspect(fs, "other.json")->condition, Condition::absent);
  EXPECT_FALSE(repair(fs, "state.json")->happened);
  InMemoryFileSystem empty;
  EXPECT_EQ(names_kept_in(empty, "."), std::vector<std::string>{});
  EXPECT_EQ(names_kept_in(empty, "none").error().code(), Code::not_found);
}

TEST(Inspect, repairs_what_is_damaged) {
  InMemoryFileSystem fs;
  fill(fs);
  write_file(fs, "state.json", "");
  const auto report = repair(fs, "state.json");
  ASSERT_TRUE(report) << report.error();
  EXPECT_TRUE(report->written);
  EXPECT_EQ(read_file(fs, "state.json"), newest_text());
  EXPECT_EQ(read_file(fs, report->set_aside), "");
}

TEST(Inspect, knows_the_names_of_set_aside_files) {
  for (const char* name : {"a.damaged-1", "state.json.damaged-12"}) {
    EXPECT_TRUE(is_set_aside_name(name)) << name;
  }
  for (const char* name : {"", "a", ".damaged-1", "a.damaged-", "a.damaged-01", "a.damaged-1x"}) {
    EXPECT_FALSE(is_set_aside_name(name)) << name;
  }
}

}  // namespace
}  // namespace untorn::document
