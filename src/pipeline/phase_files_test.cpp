// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/phase_files.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"

namespace untorn::pipeline {
namespace {

using testing::names_in;
using testing::read_file;
using testing::write_file;

class PhaseFilesInMemory : public ::testing::Test {
 protected:
  PhaseFilesInMemory() { (void)fs.make_directory(Handle::working_directory, "p", 0755); }

  PhaseFiles open(ProjectOptions options = {}) {
    options.count = false;
    if (!options.log) {
      options.log = [this](LogLevel, const std::string& line) { logged.push_back(line); };
    }
    auto files = PhaseFiles::open(fs, "p", options);
    EXPECT_TRUE(files) << files.error();
    return std::move(files).value();
  }

  [[nodiscard]] std::string content(const std::string& path) {
    return read_file(fs, "p/" + path).value_or("<missing>");
  }

  InMemoryFileSystem fs;
  std::vector<std::string> logged;
};

ImprovementRequest prompt(const std::string& text, const std::string& id = {}) {
  return {.name = "planner", .text = text, .rationale = "shorter", .id = id};
}

TEST_F(PhaseFilesInMemory, debug_lines_go_to_the_log_of_their_name) {
  PhaseFiles files = open();
  ASSERT_TRUE(files.debug("planning", "one"));
  const auto several = files.debug("planning", "two\r\nthree\n");
  ASSERT_TRUE(several) << several.error();
  EXPECT_EQ(several->lines, 2U);
  ASSERT_TRUE(files.debug("coding", ""));
  EXPECT_EQ(content(".pipeline/debug/planning.log"), "one\ntwo\nthree\n");
  EXPECT_EQ(content(".pipeline/debug/coding.log"), "\n");
  EXPECT_TRUE(files.sync_debug());
  EXPECT_EQ(read_file(fs, "p/.pipeline/debug/.untorn"), std::nullopt);
  EXPECT_EQ(names_in(fs, "p/.untorn/logs").size(), 2U) << "one .untorn for the project";
}

TEST_F(PhaseFilesInMemory, debug_refuses_names_and_texts_that_are_none) {
  PhaseFiles files = open();
  for (const char* name : {"", "..", "a/b", "../x", "CON", "a\nb", "\xC3\xA4", ".hidden"}) {
    const auto refused = files.debug(name, "x");
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().code(), Code::invalid_argument) << name;
  }
  EXPECT_EQ(files.debug("a", std::string("\0", 1)).error().code(), Code::invalid_argument);
  ASSERT_TRUE(files.debug("a", "still works"));
}

TEST_F(PhaseFilesInMemory, a_link_in_place_of_a_debug_log_is_refused) {
  PhaseFiles files = open();
  ASSERT_TRUE(files.debug("a", "x"));
  write_file(fs, "outside", "");
  ASSERT_TRUE(
      fs.make_symlink("../../../outside", Handle::working_directory, "p/.pipeline/debug/b.log"));
  EXPECT_EQ(files.debug("b", "x").error().code(), Code::invalid_argument);
  EXPECT_EQ(read_file(fs, "outside"), "");
}

TEST_F(PhaseFilesInMemory, a_torn_debug_log_is_repaired_and_told) {
  {
    ASSERT_TRUE(open().debug("a", "whole"));
  }
  write_file(fs, "p/.pipeline/debug/a.log", "whole\ntorn");
  PhaseFiles files = open();
  ASSERT_TRUE(files.debug("a", "next"));
  EXPECT_EQ(content(".pipeline/debug/a.log"), "whole\nnext\n");
  ASSERT_EQ(logged.size(), 1U);
  EXPECT_NE(logged[0].find("a.log.torn-1"), std::string::npos) << logged[0];
}

TEST_F(PhaseFilesInMemory, documents_are_replaced_whole_all_or_none) {
  PhaseFiles files = open();
  const auto written =
      files.write_documents({{"report/deep/REPORT.md", "report"}, {"./README.md", "readme"}});
  ASSERT_TRUE(written) << written.error();
  ASSERT_EQ(written->files.size(), 2U);
  EXPECT_EQ(written->files[1].path, "README.md");
  EXPECT_FALSE(written->files[1].existed);
  EXPECT_EQ(content("report/deep/REPORT.md"), "report");
  EXPECT_EQ(*files.read_document("README.md"), "readme");
  const auto same = files.write_document("README.md", "readme");
  ASSERT_TRUE(same);
  EXPECT_TRUE(same->files[0].unchanged);
  EXPECT_EQ(same->syncs, 0U);
  const auto refused = files.write_documents({{"README.md", "changed"}, {"../outside", "x"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(content("README.md"), "readme");
  EXPECT_FALSE(files.write_documents({{"a", "x"}, {"./a", "y"}})) << "given twice";
  EXPECT_EQ(files.read_document("none").error().code(), Code::not_found);
  EXPECT_EQ(written->to_json().find("files")->items().size(), 2U);
}

TEST_F(PhaseFilesInMemory, documents_stay_in_the_project_and_out_of_what_is_not_theirs) {
  PhaseFiles files = open();
  write_file(fs, "outside", "untouched");
  ASSERT_TRUE(fs.make_symlink("../outside", Handle::working_directory, "p/link"));
  for (const char* path : {"", "/etc/x", "../x", "a/../../x", ".untorn/x", ".git/config",
                           ".pipeline/state.json", "a\nb", "link", "dir/"}) {
    const auto refused = files.write_document(path, "x");
    ASSERT_FALSE(refused) << path;
    EXPECT_EQ(refused.error().code(), Code::invalid_argument) << path;
  }
  EXPECT_EQ(read_file(fs, "outside"), "untouched");
}

TEST_F(PhaseFilesInMemory, an_improvement_keeps_the_old_text_and_can_be_taken_back) {
  PhaseFiles files = open();
  ASSERT_TRUE(files.write_document("prompts/planner.md", "old prompt"));
  const auto improved = files.improve(prompt("new prompt"));
  ASSERT_TRUE(improved) << improved.error();
  EXPECT_EQ(improved->id, "0001");
  EXPECT_EQ(improved->path, "prompts/planner.md");
  EXPECT_EQ(improved->status, ImprovementStatus::pending);
  EXPECT_EQ(content("prompts/planner.md"), "new prompt");
  const auto judged = files.record_result("0001", {.accepted = false, .score = 0.25, .note = "no"});
  ASSERT_TRUE(judged) << judged.error();
  EXPECT_EQ(judged->status, ImprovementStatus::rejected);
  const auto back = files.rollback("0001");
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(back->status, ImprovementStatus::rolled_back);
  EXPECT_EQ(content("prompts/planner.md"), "old prompt");
  const auto info = files.info("0001");
  ASSERT_TRUE(info) << info.error();
  EXPECT_EQ(info->score, 0.25);
  EXPECT_EQ(info->note, "no");
  EXPECT_EQ(info->old_text, "old prompt");
  EXPECT_EQ(info->new_text, "new prompt");
  EXPECT_EQ(info->rationale, "shorter");
  EXPECT_TRUE(files.rollback("0001")->already);
  EXPECT_EQ(files.record_result("0001", {}).error().code(), Code::conflict);
}

TEST_F(PhaseFilesInMemory, a_file_that_was_not_there_vanishes_with_its_improvement) {
  PhaseFiles files = open();
  const auto improved = files.improve(prompt("first prompt"));
  ASSERT_TRUE(improved) << improved.error();
  EXPECT_FALSE(improved->old_text);
  ASSERT_TRUE(files.rollback(improved->id, "worse"));
  EXPECT_EQ(content("prompts/planner.md"), "<missing>");
  EXPECT_EQ(files.info(improved->id)->note, "worse");
}

TEST_F(PhaseFilesInMemory, roles_are_json_objects) {
  PhaseFiles files = open();
  const ImprovementRequest role{.kind = ImprovementKind::role,
                                .name = "reviewer",
                                .text = "{\"name\": \"reviewer\"}\n",
                                .rationale = "first"};
  ASSERT_TRUE(files.improve(role));
  EXPECT_EQ(content(".pipeline/roles/reviewer.json"), role.text);
  for (const char* text : {"", "[]", "{", "text"}) {
    ImprovementRequest bad = role;
    bad.text = text;
    EXPECT_FALSE(files.improve(bad)) << text;
  }
  EXPECT_EQ(content(".pipeline/roles/reviewer.json"), role.text);
}

TEST_F(PhaseFilesInMemory, an_id_of_the_callers_is_done_once) {
  PhaseFiles files = open();
  const auto first = files.improve(prompt("new", "task-7"));
  ASSERT_TRUE(first && !first->already);
  const auto again = files.improve(prompt("new", "task-7"));
  ASSERT_TRUE(again) << again.error();
  EXPECT_TRUE(again->already);
  EXPECT_EQ(files.improve(prompt("other", "task-7")).error().code(), Code::conflict);
  EXPECT_EQ(files.improve(prompt("new")).error().code(), Code::conflict) << "nothing to improve";
  EXPECT_EQ(files.improve(prompt("third"))->id, "0001");
  EXPECT_EQ(files.list()->improvements.size(), 2U);
}

TEST_F(PhaseFilesInMemory, a_rollback_never_takes_back_what_someone_else_wrote) {
  PhaseFiles files = open();
  ASSERT_TRUE(files.improve(prompt("one")));
  ASSERT_TRUE(files.improve(prompt("two")));
  EXPECT_EQ(files.rollback("0001").error().code(), Code::conflict);
  EXPECT_EQ(content("prompts/planner.md"), "two");
  ASSERT_TRUE(files.rollback("0002"));
  ASSERT_TRUE(files.rollback("0001"));
  EXPECT_EQ(content("prompts/planner.md"), "<missing>");
  ASSERT_TRUE(files.improve(prompt("three")));
  ASSERT_TRUE(files.write_document("prompts/planner.md", "by hand"));
  EXPECT_EQ(files.rollback("0003").error().code(), Code::conflict);
  EXPECT_EQ(content("prompts/planner.md"), "by hand");
}

TEST_F(PhaseFilesInMemory, texts_come_back_byte_for_byte) {
  PhaseFiles files = open();
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  all += "\xED\xB2\x80 \xF0\x9F\x98\x80 \xEF\xBF\xBD";
  ASSERT_TRUE(files.write_document("prompts/planner.md", all));
  ASSERT_TRUE(files.improve(prompt("plain")));
  ASSERT_TRUE(files.rollback("0001"));
  EXPECT_EQ(content("prompts/planner.md"), all);
}

TEST_F(PhaseFilesInMemory, one_damaged_record_hides_no_other_and_is_left_alone) {
  PhaseFiles files = open();
  for (const char* text : {"one", "two", "three"}) ASSERT_TRUE(files.improve(prompt(text)));
  const std::string second = ".pipeline/improvements/0002.json";
  const std::string whole = content(second);
  for (const std::string& bad : {std::string(), whole.substr(0, 100), std::string("{}"),
                                 std::string("[1]"), content(".pipeline/improvements/0001.json")}) {
    write_file(fs, "p/" + second, bad);
    const auto list = files.list();
    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(list->improvements.size(), 2U);
    ASSERT_EQ(list->unreadable.size(), 1U);
    EXPECT_EQ(list->unreadable[0].first, "0002");
    EXPECT_EQ(files.info("0002").error().code(), Code::corrupt);
    EXPECT_EQ(files.rollback("0002").error().code(), Code::corrupt);
    EXPECT_EQ(content(second), bad);
  }
  std::string newer = whole;
  newer.replace(newer.find("\"oldest_reader\": 1"), 18, "\"oldest_reader\": 2");
  write_file(fs, "p/" + second, newer);
  EXPECT_EQ(files.info("0002").error().code(), Code::unsupported);
  EXPECT_EQ(files.record_result("0002", {}).error().code(), Code::unsupported);
  EXPECT_EQ(content(second), newer);
  EXPECT_EQ(files.improve(prompt("four"))->id, "0004");
}

TEST_F(PhaseFilesInMemory, a_record_that_names_another_file_is_not_believed) {
  PhaseFiles files = open();
  ASSERT_TRUE(files.improve(prompt("one")));
  std::string record = content(".pipeline/improvements/0001.json");
  const std::string path = "prompts/planner.md";
  record.replace(record.find(path), path.size(), "../../etc/passwd");
  write_file(fs, "p/.pipeline/improvements/0001.json", record);
  EXPECT_EQ(files.rollback("0001").error().code(), Code::corrupt);
}

TEST_F(PhaseFilesInMemory, bad_names_ids_and_scores_are_refused) {
  PhaseFiles files = open();
  for (const char* name : {"", "..", "../x", "a/b", "CON", "a\n", "\xC3\xA4"}) {
    ImprovementRequest bad = prompt("text");
    bad.name = name;
    EXPECT_EQ(files.improve(bad).error().code(), Code::invalid_argument) << name;
    EXPECT_EQ(files.info(name).error().code(), Code::invalid_argument) << name;
    EXPECT_EQ(files.rollback(name).error().code(), Code::invalid_argument) << name;
  }
  EXPECT_EQ(files.info("0001").error().code(), Code::not_found);
  ASSERT_TRUE(files.improve(prompt("one")));
  const ImprovementResult bad{.score = std::numeric_limits<double>::quiet_NaN()};
  EXPECT_EQ(files.record_result("0001", bad).error().code(), Code::invalid_argument);
}

TEST_F(PhaseFilesInMemory, a_project_that_is_looked_at_only_is_not_changed) {
  {
    PhaseFiles files = open();
    ASSERT_TRUE(files.improve(prompt("one")));
    ASSERT_TRUE(files.write_document("README.md", "readme"));
  }
  const std::size_t before = fs.tree().size();
  PhaseFiles files = open({.read_only = true});
  EXPECT_EQ(files.list()->improvements.size(), 1U);
  EXPECT_EQ(files.info("0001")->new_text, "one");
  EXPECT_EQ(*files.read_document("README.md"), "readme");
  EXPECT_EQ(files.read_document("none").error().code(), Code::not_found);
  EXPECT_EQ(files.debug("a", "x").error().code(), Code::permission_denied);
  EXPECT_EQ(files.improve(prompt("two")).error().code(), Code::permission_denied);
  EXPECT_EQ(files.write_document("README.md", "x").error().code(), Code::permission_denied);
  EXPECT_EQ(fs.tree().size(), before);
}

TEST_F(PhaseFilesInMemory, records_tell_themselves_as_json) {
  PhaseFiles files = open();
  ASSERT_TRUE(files.write_document("prompts/planner.md", "old"));
  const auto improved = files.improve(prompt("newer"));
  const JsonValue brief = improved->to_json();
  EXPECT_EQ(brief.find("status")->as_string(), "pending");
  EXPECT_EQ(brief.find("old_bytes")->as_integer(), 3);
  EXPECT_EQ(brief.find("new_bytes")->as_integer(), 5);
  EXPECT_EQ(brief.find("old_text"), nullptr);
  EXPECT_EQ(improved->to_json(true).find("old_text")->as_string(), "old");
  EXPECT_EQ(files.list()->to_json().find("improvements")->items().size(), 1U);
}

// F3: with each call failing once, the file and its record are both there, or neither.
TEST_F(PhaseFilesInMemory, whatever_call_fails_file_and_record_go_together) {
  const auto tree = [] {
    std::vector<TreeEntry> entries = {
        {.path = "p/prompts/planner.md", .content = Bytes(std::string_view("old"))},
        {.path = "p/.pipeline", .type = FileType::directory, .mode = 0755}};
    return entries;
  };
  InMemoryFileSystem counted_below(tree());
  FaultFileSystem counted(counted_below);
  ASSERT_TRUE(PhaseFiles::open(counted, "p", {.count = false})->improve(prompt("new", "id")));
  const std::size_t calls = counted.sites().size();
  for (std::uint64_t n = 0; n < calls; ++n) {
    InMemoryFileSystem below(tree());
    {
      FaultFileSystem failing(below, Fault{.at = n, .error = Errno{EIO}});
      auto files = PhaseFiles::open(failing, "p", {.count = false});
      if (files) (void)files->improve(prompt("new", "id"));
    }
    auto files = PhaseFiles::open(below, "p", {.count = false});
    ASSERT_TRUE(files) << files.error();
    const auto list = files->list();
    ASSERT_TRUE(list) << list.error();
    const bool recorded = !list->improvements.empty();
    EXPECT_EQ(read_file(below, "p/prompts/planner.md"), recorded ? "new" : "old") << n;
    const auto again = files->improve(prompt("new", "id"));
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(again->already, recorded);
  }
}

}  // namespace
}  // namespace untorn::pipeline
