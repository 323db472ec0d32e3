// SPDX-License-Identifier: Apache-2.0
#include "untorn/document.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "document/document_test_support.h"
#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"

namespace untorn::document {
namespace {

using testing::names_in;
using testing::read_file;
using testing::status_of;
using testing::write_file;

TEST(Document, is_new_where_nothing_is_and_loading_makes_nothing) {
  InMemoryFileSystem fs;
  Document document = open_document(fs);
  const auto loaded = document.load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_FALSE(loaded->document.has_value());
  EXPECT_FALSE(loaded->recovery.happened);
  EXPECT_EQ(loaded->recovery.message(), "");
  EXPECT_TRUE(fs.tree().empty());
}

TEST(Document, loads_what_was_replaced) {
  InMemoryFileSystem fs;
  Document document = open_document(fs);
  EXPECT_EQ(put_text(document, R"({"n": 1.50})").generation, 1U);
  EXPECT_EQ(read_file(fs, "state.json"), R"({"n": 1.50})");
  const auto loaded = document.load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->document->text(), R"({"n": 1.50})");
  EXPECT_EQ(loaded->generation, 1U);
  EXPECT_FALSE(loaded->edited);
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(Document, leaves_nothing_beside_a_file_that_is_only_loaded) {
  InMemoryFileSystem fs;
  write_file(fs, "state.json", "[1]");
  const auto before = files_of(fs);
  Document document = open_document(fs);
  const auto loaded = document.load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->generation, 0U);
  EXPECT_FALSE(loaded->edited);
  EXPECT_EQ(files_of(fs), before);
}

TEST(Document, keeps_what_was_there_before_it) {
  InMemoryFileSystem fs;
  write_file(fs, "state.json", "[\"before\"]");
  Document document = open_document(fs);
  const ReplacedDocument replaced = put_text(document, "[2]");
  EXPECT_TRUE(replaced.kept_edit);
  EXPECT_EQ(replaced.generation, 2U);
  EXPECT_EQ(document.read_generation(1)->text(), "[\"before\"]");
  EXPECT_EQ(document.read_generation(2)->text(), "[2]");
}

TEST(Document, keeps_as_many_generations_as_asked_the_present_one_included) {
  InMemoryFileSystem fs;
  Document document = open_document(fs, {.generations = 3});
  for (int n = 1; n <= 10; ++n) (void)put_text(document, "[" + std::to_string(n) + "]");
  const auto history = document.history();
  ASSERT_TRUE(history) << history.error();
  ASSERT_EQ(history->size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*history)[i].number, 10 - i);
    EXPECT_TRUE((*history)[i].intact);
    EXPECT_EQ((*history)[i].origin, Origin::replaced);
    EXPECT_EQ(document.read_generation(10 - i)->text(), "[" + std::to_string(10 - i) + "]");
  }
  EXPECT_EQ(document.read_generation(7).error().code(), Code::not_found);
}

TEST(Document, does_not_write_the_same_content_again) {
  InMemoryFileSystem fs;
  Document document = open_document(fs);
  (void)put_text(document, "[1]");
  const std::uint64_t inode = status_of(fs, "state.json").inode;
  const ReplacedDocument again = put_text(document, "[1]");
  EXPECT_TRUE(again.receipt.unchanged);
  EXPECT_EQ(again.generation, 1U);
  EXPECT_EQ(status_of(fs, "state.json").inode, inode);
  EXPECT_EQ(document.history()->size(), 1U);
}

TEST(Document, an_edit_by_hand_becomes_a_generation_when_it_is_loaded) {
  InMemoryFileSystem fs;
  fill(fs);
  write_file(fs, "state.json", "{\n  \"n\": 33\n}\n");
  Document document = open_document(fs);
  const auto loaded = document.load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_TRUE(loaded->edited);
  EXPECT_FALSE(loaded->recovery.happened);
  EXPECT_EQ(loaded->generation, 4U);
  EXPECT_EQ(loaded->document->text(), "{\n  \"n\": 33\n}\n");
  EXPECT_EQ(document.history()->front().origin, Origin::edited);
  EXPECT_FALSE(document.load()->edited) << "it was kept already";
  write_file(fs, "state.json", "");
  EXPECT_EQ(loaded_text(document), "{\n  \"n\": 33\n}\n");
}

TEST(Document, an_edit_by_hand_becomes_a_generation_when_it_is_replaced) {
  InMemoryFileSystem fs;
  fill(fs);
  write_file(fs, "state.json", "[\"edit\"]");
  Document document = open_document(fs);
  EXPECT_TRUE(put_text(document, "[5]").kept_edit);
  EXPECT_EQ(document.read_generation(4)->text(), "[\"edit\"]");
  EXPECT_EQ(document.read_generation(5)->text(), "[5]");
}

TEST(Document, restores_a_generation_as_a_new_one) {
  InMemoryFileSystem fs;
  fill(fs);
  Document document = open_document(fs);
  const auto restored = document.restore(1);
  ASSERT_TRUE(restored) << restored.error();
  EXPECT_EQ(restored->generation, 4U);
  EXPECT_EQ(loaded_text(document), R"({"n": 1})");
  EXPECT_EQ(document.read_generation(3)->text(), newest_text()) << "what it replaced is kept";
}

TEST(Document, refuses_to_overwrite_what_another_one_wrote_if_asked) {
  InMemoryFileSystem fs;
  Document mine = open_document(fs);
  Document other = open_document(fs);
  (void)put_text(mine, "[1]");
  const std::uint64_t known = mine.load()->generation;
  (void)put_text(other, "[2]");
  const auto refused = mine.replace(json("[3]"), known);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::conflict);
  EXPECT_EQ(refused.error().advice(), Advice::reread_then_retry);
  EXPECT_EQ(read_file(fs, "state.json"), "[2]");
  EXPECT_TRUE(mine.replace(json("[3]"), mine.load()->generation));
}

TEST(Document, update_changes_what_is_there_and_makes_what_is_not) {
  InMemoryFileSystem fs;
  Document document = open_document(fs);
  const auto count = [](std::optional<JsonDocument>& state) -> Result<void> {
    if (!state) state.emplace(JsonValue::object(), JsonStyle::indented(2));
    const JsonValue* old = state->root.find("count");
    state->root.set("count", JsonValue::integer(old == nullptr ? 1 : *old->as_integer() + 1));
    return {};
  };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(document.update(count));
  EXPECT_EQ(read_file(fs, "state.json"), "{\n  \"count\": 3\n}");
}

TEST(Document, an_update_that_fails_or_leaves_nothing_writes_nothing) {
  InMemoryFileSystem fs;
  fill(fs);
  Document document = open_document(fs);
  const auto before = files_of(fs);
  const auto failed = document.update([](std::optional<JsonDocument>& state) -> Result<void> {
    state->root.set("n", JsonValue());
    return std::unexpected(Error(Code::timed_out, Step::check, Outcome::not_applied, 0, "x"));
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::timed_out);
  EXPECT_TRUE(document.update([](std::optional<JsonDocument>& state) -> Result<void> {
    state.reset();
    return {};
  }));
  EXPECT_EQ(files_of(fs), before);
}

TEST(Document, waits_for_the_lock_and_then_says_busy) {
  InMemoryFileSystem fs;
  fill(fs);
  Document document = open_document(fs, {.lock_wait = std::chrono::milliseconds(5)});
  Document other = open_document(fs);
  const auto outer = other.update([&](std::optional<JsonDocument>& state) -> Result<void> {
    const auto refused = document.replace(*state);
    EXPECT_EQ(refused.error().code(), Code::busy);
    EXPECT_EQ(refused.error().outcome(), Outcome::not_applied);
    EXPECT_TRUE(document.load()) << "reading a healthy document needs no lock";
    write_file(fs, "state.json", "[\"edit\"]");
    EXPECT_EQ(document.load()->generation, 0U) << "nor does reading an edited one";
    EXPECT_TRUE(document.load()->edited);
    write_file(fs, "state.json", "[");
    EXPECT_EQ(document.load().error().code(), Code::busy) << "recovering does";
    return {};
  });
  EXPECT_TRUE(outer);
}

TEST(Document, two_processes_lose_no_update) {
  const testing::ScratchDirectory directory;
  const std::string path = directory / "state with spaces \xC3\xA9\n.json";
  constexpr int processes = 4;
  constexpr int updates = 25;
  std::array<pid_t, processes> children{};
  for (pid_t& child : children) {
    child = fork();
    ASSERT_GE(child, 0);
    if (child != 0) continue;
    auto document = Document::open(path, {.durability = Durability::process});
    for (int i = 0; document && i < updates; ++i) {
      const auto done = document->update([](std::optional<JsonDocument>& state) -> Result<void> {
        if (!state) state.emplace(JsonValue::array());
        state->root.edit_items().push_back(JsonValue::integer(getpid()));
        return {};
      });
      if (!done) _exit(1);
    }
    _exit(document ? 0 : 1);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  auto document = Document::open(path);
  const auto loaded = document->load();
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->document->root.items().size(), std::size_t{processes} * updates);
}

TEST(Document, keeps_generations_readable_by_the_owner_alone_and_out_of_repositories) {
  InMemoryFileSystem fs;
  fill(fs);
  EXPECT_EQ(read_file(fs, ".untorn/.gitignore"), "*\n");
  EXPECT_EQ(status_of(fs, ".untorn").mode, 0700U);
  EXPECT_EQ(status_of(fs, kept_folder).mode, 0700U);
  EXPECT_EQ(status_of(fs, kept_folder + "/generation-000000000003").mode, 0600U);
  EXPECT_EQ(status_of(fs, "state.json").mode, 0644U);
}

TEST(Document, a_generation_is_a_line_and_the_content) {
  InMemoryFileSystem fs;
  Document document = open_document(fs);
  (void)put_text(document, "[1]");
  const std::string kept = *read_file(fs, kept_folder + "/generation-000000000001");
  EXPECT_TRUE(kept.starts_with("untorn-generation 1 1 number=1 device=")) << kept;
  EXPECT_EQ(kept.substr(kept.find('\n') + 1), "[1]");
}

TEST(Document, follows_a_symbolic_link_and_keeps_generations_beside_its_target) {
  InMemoryFileSystem fs({{.path = "real", .type = FileType::directory, .mode = 0755},
                         {.path = "state.json",
                          .type = FileType::symlink,
                          .content = Bytes(std::string_view("real/data.json"))}});
  Document document = open_document(fs);
  (void)put_text(document, "[1]");
  EXPECT_EQ(read_file(fs, "real/data.json"), "[1]");
  EXPECT_EQ(status_of(fs, "state.json").type, FileType::symlink);
  EXPECT_EQ(names_in(fs, "real/.untorn/documents"), std::vector<std::string>{"data.json"});
  write_file(fs, "real/data.json", "[");
  EXPECT_EQ(loaded_text(document), "[1]");
  EXPECT_EQ(read_file(fs, "real/data.json.damaged-1"), "[");
}

TEST(Document, costs_four_syncs_two_or_none) {
  for (const auto& [level, syncs] :
       {std::pair(Durability::durable, 4), {Durability::ordered, 2}, {Durability::process, 0}}) {
    InMemoryFileSystem below;
    FaultFileSystem fs(below);
    Document document = open_document(fs, {.durability = level});
    for (const char* text : {"[1]", "[2]"}) (void)put_text(document, text);
    const auto syncs_so_far = [&fs] {
      const auto sites = fs.sites();
      return std::count_if(sites.begin(), sites.end(),
                           [](const CallSite& site) { return site.call == Call::sync; });
    };
    const auto before = syncs_so_far();
    (void)put_text(document, "[3]");
    EXPECT_EQ(syncs_so_far() - before, syncs) << to_string(level);
  }
}

TEST(Document, refuses_what_could_not_be_read_back) {
  InMemoryFileSystem fs;
  fill(fs);
  Document document = open_document(fs);
  const auto before = files_of(fs);
  JsonDocument wrong = json("[1, 2]");
  wrong.style.item_separator = "; ";
  const auto refused = document.replace(wrong);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::invalid_argument) << refused.error();
  EXPECT_EQ(files_of(fs), before);
}

TEST(Document, wants_a_directory_and_at_least_one_generation) {
  InMemoryFileSystem fs;
  EXPECT_EQ(Document::open(fs, "no/state.json").error().code(), Code::not_found);
  EXPECT_EQ(Document::open(fs, "").error().code(), Code::invalid_argument);
  EXPECT_EQ(Document::open(fs, "x.json", {.generations = 0}).error().code(),
            Code::invalid_argument);
}

}  // namespace
}  // namespace untorn::document
