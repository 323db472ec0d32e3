// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/patch_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"

namespace untorn::pipeline {
namespace {

using ::testing::HasSubstr;
using testing::names_in;
using testing::read_file;
using testing::ScratchDirectory;
using testing::write_file;

class PatchManagerTest : public ::testing::Test {
 protected:
  PatchManagerTest() { EXPECT_TRUE(fs_.make_directory(Handle::working_directory, "p", 0755)); }

  PatchManager manager(const ProjectOptions& options = {}) {
    auto opened = PatchManager::open(fs_, "p", options);
    EXPECT_TRUE(opened) << opened.error();
    return *std::move(opened);
  }
  void put(const std::string& path, std::string_view content) {
    write_file(fs_, "p/" + path, content);
  }
  [[nodiscard]] std::string content(const std::string& path) {
    return read_file(fs_, "p/" + path).value_or("(none)");
  }
  // The error of a call, "" if there is none.
  template <class T>
  static std::string error_of(const Result<T>& result) {
    return result ? "" : result.error().message();
  }
  template <class T>
  static Code code_of(const Result<T>& result) {
    EXPECT_FALSE(result);
    return result ? Code::internal : result.error().code();
  }

  InMemoryFileSystem fs_;
};

TEST_F(PatchManagerTest, a_patch_is_created_applied_verified_and_reverted) {
  put("hello.py", "print('helo')\n");
  PatchManager patches = manager();
  const auto made = patches.create("Fix the greeting!",
                                   {{.path = "hello.py", .replacements = {{"helo", "hello"}}},
                                    {.path = "added/new.md", .content = "# New\n"}});
  ASSERT_TRUE(made) << made.error();
  EXPECT_EQ(made->number, 1U);
  EXPECT_EQ(made->name, "0001_fix_the_greeting");
  EXPECT_EQ(made->status, PatchStatus::created);
  ASSERT_EQ(made->files.size(), 2U);
  EXPECT_EQ(made->files[0].path, "added/new.md");
  EXPECT_EQ(made->files[0].change, PatchChange::added);
  EXPECT_EQ(content("hello.py"), "print('helo')\n") << "create() changes no target";
  EXPECT_EQ(content(".pipeline/patches/0001_fix_the_greeting.patch"), *patches.text(1));

  EXPECT_TRUE(patches.dry_run(1)->applies);
  EXPECT_FALSE(patches.verify(1)->is_applied);
  const auto applied = patches.apply(1);
  ASSERT_TRUE(applied) << applied.error();
  EXPECT_FALSE(applied->already);
  EXPECT_EQ(applied->info.status, PatchStatus::applied);
  EXPECT_EQ(content("hello.py"), "print('hello')\n");
  EXPECT_EQ(content("added/new.md"), "# New\n");
  EXPECT_TRUE(patches.verify(1)->is_applied);
  EXPECT_TRUE(patches.verify(1)->problems.empty());
  EXPECT_FALSE(patches.dry_run(1)->applies);
  EXPECT_TRUE(patches.apply(1)->already);

  const auto reverted = patches.revert(1);
  ASSERT_TRUE(reverted) << reverted.error();
  EXPECT_EQ(content("hello.py"), "print('helo')\n");
  EXPECT_EQ(content("added/new.md"), "(none)");
  EXPECT_EQ(patches.info(1)->status, PatchStatus::reverted);
  EXPECT_TRUE(patches.revert(1)->already);
  EXPECT_FALSE(patches.apply(1)->already) << "and forth again";
}

TEST_F(PatchManagerTest, a_patch_that_was_never_applied_is_not_reverted) {
  PatchManager patches = manager();
  ASSERT_TRUE(patches.create("New", {{.path = "n", .content = "x\n"}}));
  EXPECT_TRUE(patches.revert(1)->already);
  EXPECT_EQ(patches.info(1)->status, PatchStatus::created);
}

TEST_F(PatchManagerTest, a_patch_that_does_not_fit_changes_nothing_and_shows_where) {
  put("a", "one\ntwo\nthree\n");
  put("b", "b\n");
  PatchManager patches = manager();
  ASSERT_TRUE(patches.create(
      "Both", {{.path = "a", .replacements = {{"two", "2"}}}, {.path = "b", .content = "B\n"}}));
  put("a", "one\nTWO\nthree\n");
  const auto result = patches.apply(1);
  EXPECT_EQ(code_of(result), Code::conflict);
  EXPECT_THAT(error_of(result), HasSubstr("a: "));
  EXPECT_THAT(error_of(result), HasSubstr("line 2 should be \"two\", but is \"TWO\""));
  EXPECT_EQ(content("b"), "b\n");
  EXPECT_EQ(patches.info(1)->status, PatchStatus::created);
  const auto check = patches.dry_run(1);
  ASSERT_TRUE(check);
  ASSERT_EQ(check->problems.size(), 1U);
  EXPECT_EQ(check->problems[0].path, "a");
  EXPECT_EQ(check->problems[0].line, 2U);
  EXPECT_EQ(check->problems[0].hunk, 1U);
}

TEST_F(PatchManagerTest, revert_refuses_what_was_changed_since_and_shows_where) {
  put("a", "one\n");
  PatchManager patches = manager();
  ASSERT_TRUE(patches.create("Change", {{.path = "a", .content = "two\n"}}));
  ASSERT_TRUE(patches.apply(1));
  put("a", "edited\n");
  const auto result = patches.revert(1);
  EXPECT_EQ(code_of(result), Code::conflict);
  EXPECT_THAT(error_of(result), HasSubstr("line 1 should be \"two\", but is \"edited\""));
  EXPECT_EQ(content("a"), "edited\n");
  EXPECT_EQ(patches.info(1)->status, PatchStatus::applied);
  EXPECT_FALSE(patches.verify(1)->is_applied);
  EXPECT_FALSE(patches.verify(1)->problems.empty());
}

TEST_F(PatchManagerTest, changes_elsewhere_in_the_file_survive_a_revert) {
  std::string text;
  for (int line = 1; line <= 30; ++line) text += "line " + std::to_string(line) + "\n";
  put("a", text);
  PatchManager patches = manager();
  ASSERT_TRUE(patches.create("Change", {{.path = "a", .replacements = {{"line 20\n", "20\n"}}}}));
  ASSERT_TRUE(patches.apply(1));
  put("a", "first\n" + content("a"));
  ASSERT_TRUE(patches.revert(1));
  EXPECT_EQ(content("a"), "first\n" + text);
}

TEST_F(PatchManagerTest, numbers_go_on_after_a_patch_was_removed) {
  PatchManager patches = manager();
  for (const char* name : {"a", "b"}) {
    ASSERT_TRUE(patches.create(name, {{.path = name, .content = "x\n"}}));
  }
  for (const char* extension : {".patch", ".json"}) {
    ASSERT_TRUE(fs_.unlink(Handle::working_directory,
                           std::string("p/.pipeline/patches/0002_b") + extension));
  }
  EXPECT_EQ(patches.create("c", {{.path = "c", .content = "x\n"}})->number, 3U);
}

TEST_F(PatchManagerTest, a_damaged_counter_is_set_aside_and_counted_by_the_names) {
  std::vector<std::string> lines;
  PatchManager patches =
      manager({.log = [&](LogLevel, const std::string& line) { lines.push_back(line); }});
  ASSERT_TRUE(patches.create("a", {{.path = "a", .content = "x\n"}}));
  put(".pipeline/patches/counter.json", "{\"untorn\": ");
  EXPECT_EQ(patches.create("b", {{.path = "b", .content = "x\n"}})->number, 2U);
  EXPECT_EQ(content(".pipeline/patches/counter.json.damaged-1"), "{\"untorn\": ");
  EXPECT_THAT(content(".pipeline/patches/counter.json"), HasSubstr("\"last\": 2"));
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("is damaged; set aside as")));
}

TEST_F(PatchManagerTest, a_counter_or_record_of_a_newer_format_is_left_alone) {
  PatchManager patches = manager();
  ASSERT_TRUE(patches.create("a", {{.path = "a", .content = "x\n"}}));
  const std::string counter =
      R"({"untorn": {"format": "patch-counter", "version": 9, "oldest_reader": 9}, "tree": 1})";
  put(".pipeline/patches/counter.json", counter);
  EXPECT_EQ(code_of(patches.create("b", {{.path = "b", .content = "x\n"}})), Code::unsupported);
  EXPECT_EQ(content(".pipeline/patches/counter.json"), counter);
  const std::string record =
      R"({"untorn": {"format": "patch-record", "version": 9, "oldest_reader": 9}})";
  put(".pipeline/patches/0001_a.json", record);
  EXPECT_EQ(code_of(patches.apply(1)), Code::unsupported);
  EXPECT_EQ(content(".pipeline/patches/0001_a.json"), record);
  ASSERT_TRUE(patches.list());
  EXPECT_EQ(patches.list()->front().status, PatchStatus::damaged);
}

TEST_F(PatchManagerTest, a_patch_file_that_was_edited_is_refused) {
  PatchManager patches = manager();
  ASSERT_TRUE(patches.create("a", {{.path = "a", .content = "x\n"}}));
  const std::string edited = "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+evil\n";
  put(".pipeline/patches/0001_a.patch", edited);
  EXPECT_EQ(code_of(patches.apply(1)), Code::corrupt);
  EXPECT_EQ(content("a"), "(none)");
  EXPECT_EQ(content(".pipeline/patches/0001_a.patch"), edited);
  EXPECT_EQ(patches.list()->front().status, PatchStatus::damaged);
  EXPECT_THAT(patches.list()->front().damage,
              HasSubstr("0001_a.patch is not the patch that was created"));
}

TEST_F(PatchManagerTest, a_damaged_record_is_listed_and_refused) {
  PatchManager patches = manager();
  ASSERT_TRUE(patches.create("a", {{.path = "a", .content = "x\n"}}));
  const std::string format =
      R"({"untorn": {"format": "patch-record", "version": 1, "oldest_reader": 1})";
  for (const std::string& record :
       {std::string(), std::string("{\"untorn\": {"), std::string("[]"), format + "}",
        format + R"(, "number": 2})", format + R"(, "number": "1"})",
        format + R"(, "number": 1, "description": "", "created": "", "changed": "", )"
                 R"("status": "odd", "patch": {}})"}) {
    put(".pipeline/patches/0001_a.json", record);
    EXPECT_EQ(code_of(patches.apply(1)), Code::corrupt) << record;
    ASSERT_TRUE(patches.list());
    EXPECT_EQ(patches.list()->front().status, PatchStatus::damaged) << record;
    EXPECT_EQ(content(".pipeline/patches/0001_a.json"), record);
  }
}

TEST_F(PatchManagerTest, unknown_members_of_a_record_stay) {
  PatchManager patches = manager();
  ASSERT_TRUE(patches.create("a", {{.path = "a", .content = "x\n"}}));
  std::string record = content(".pipeline/patches/0001_a.json");
  record.insert(record.rfind('\n'), ",\n  \"note\": 1.50");
  put(".pipeline/patches/0001_a.json", record);
  ASSERT_TRUE(patches.apply(1));
  EXPECT_THAT(content(".pipeline/patches/0001_a.json"), HasSubstr("\"note\": 1.50"));
}

TEST_F(PatchManagerTest, edits_that_say_nothing_or_too_much_are_refused) {
  put("a", "x\nx\n");
  put("binary", std::string_view("a\0b", 3));
  PatchManager patches = manager();
  const auto code = [&](const std::vector<PatchEdit>& edits) {
    return code_of(patches.create("Try", edits));
  };
  EXPECT_EQ(code({}), Code::invalid_argument);
  EXPECT_EQ(code({{.path = "a"}}), Code::invalid_argument);
  EXPECT_EQ(code({{.path = "a", .content = "x\nx\n"}}), Code::invalid_argument);
  EXPECT_EQ(code({{.path = "a", .content = "y", .remove = true}}), Code::invalid_argument);
  EXPECT_EQ(code({{.path = "a", .content = "1"}, {.path = "a", .content = "2"}}),
            Code::invalid_argument);
  EXPECT_EQ(code({{.path = "a", .content = std::string(1, '\0')}}), Code::invalid_argument);
  EXPECT_EQ(code({{.path = "a", .replacements = {{"", "y"}}}}), Code::invalid_argument);
  EXPECT_EQ(code({{.path = "a", .replacements = {{"x", "y"}}}}), Code::conflict);
  EXPECT_EQ(code({{.path = "a", .replacements = {{"z", "y"}}}}), Code::conflict);
  EXPECT_EQ(code({{.path = "none", .replacements = {{"z", "y"}}}}), Code::not_found);
  EXPECT_EQ(code({{.path = "none", .remove = true}}), Code::not_found);
  EXPECT_EQ(code({{.path = "binary", .content = "text\n"}}), Code::unsupported);
  EXPECT_EQ(code({{.path = ".pipeline", .content = "text\n"}}), Code::not_regular_file);
  for (const char* path :
       {"", "../x", "/etc/x", ".git/x", ".untorn/lock", "a//b", ".pipeline/patches/0001_x.patch"}) {
    EXPECT_EQ(code({{.path = path, .content = "x\n"}}), Code::invalid_argument) << path;
  }
  EXPECT_EQ(code_of(patches.create("", {{.path = "n", .content = "x\n"}})), Code::invalid_argument);
  EXPECT_EQ(code_of(patches.create(std::string(4097, 'x'), {{.path = "n", .content = "x\n"}})),
            Code::invalid_argument);
  EXPECT_TRUE(patches.list()->empty());
}

TEST_F(PatchManagerTest, a_diff_of_others_is_kept_if_it_is_one_and_stays_in_the_project) {
  PatchManager patches = manager();
  const std::string diff = "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n";
  ASSERT_TRUE(patches.add("From outside", diff));
  EXPECT_EQ(*patches.text(1), diff);
  ASSERT_TRUE(patches.apply(1));
  EXPECT_EQ(content("n"), "x\n");
  EXPECT_EQ(code_of(patches.add("None", "no diff\n")), Code::invalid_argument);
  EXPECT_EQ(code_of(patches.add("Out", "--- a/../n\n+++ b/../n\n@@ -1 +1 @@\n-x\n+y\n")),
            Code::invalid_argument);
  EXPECT_EQ(code_of(patches.apply(7)), Code::not_found);
}

TEST_F(PatchManagerTest, names_are_made_of_any_description) {
  PatchManager patches = manager();
  const auto name_of = [&](const std::string& description) {
    const std::string path = "f" + std::to_string(patches.list()->size());
    return patches.create(description, {{.path = path, .content = "x\n"}})->name;
  };
  EXPECT_EQ(name_of("../../etc/passwd"), "0001_etc_passwd");
  EXPECT_EQ(name_of("ÜÖ\n"), "0002_patch");
  EXPECT_EQ(name_of(std::string(4000, 'A')), "0003_" + std::string(40, 'a'));
}

TEST_F(PatchManagerTest, a_read_only_project_can_be_looked_at) {
  put("a", "x\n");
  ASSERT_TRUE(manager().create("a", {{.path = "a", .content = "y\n"}}));
  PatchManager patches = manager({.read_only = true});
  EXPECT_EQ(patches.list()->size(), 1U);
  EXPECT_TRUE(patches.dry_run(1)->applies);
  EXPECT_EQ(code_of(patches.apply(1)), Code::permission_denied);
}

TEST_F(PatchManagerTest, structs_become_json) {
  put("a", "x\n");
  PatchManager patches = manager();
  const auto info = patches.create("a", {{.path = "a", .content = "y\n"}});
  const std::string text = JsonDocument(info->to_json()).text();
  EXPECT_THAT(text, HasSubstr(R"("number": 1, "name": "0001_a")"));
  EXPECT_THAT(text, HasSubstr(R"("status": "created")"));
  EXPECT_THAT(text, HasSubstr(R"("change": "modified", "hunks": 1, "lines_added": 1)"));
  put("a", "z\n");
  EXPECT_THAT(JsonDocument(patches.dry_run(1)->to_json()).text(), HasSubstr(R"("applies": false)"));
  put("a", "x\n");
  EXPECT_THAT(JsonDocument(patches.apply(1)->to_json()).text(), HasSubstr(R"("already": false)"));
}

TEST(PatchManagerProcesses, eight_that_create_get_distinct_consecutive_numbers) {
  constexpr unsigned processes = 8;
  constexpr unsigned each_creates = 5;
  const ScratchDirectory scratch;
  std::vector<pid_t> children;
  for (unsigned process = 0; process < processes; ++process) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto patches = PatchManager::open(scratch.path(), {.lock_wait = std::chrono::minutes(2)});
      for (unsigned count = 0; patches && count < each_creates; ++count) {
        const std::string name = std::to_string(process) + "_" + std::to_string(count);
        if (!patches->create(name, {{.path = name, .content = "x\n"}})) _exit(1);
      }
      _exit(patches ? 0 : 2);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  auto patches = PatchManager::open(scratch.path());
  ASSERT_TRUE(patches);
  const auto list = patches->list();
  ASSERT_TRUE(list) << list.error();
  ASSERT_EQ(list->size(), processes * each_creates);
  std::set<std::string> descriptions;
  for (std::size_t at = 0; at < list->size(); ++at) {
    EXPECT_EQ((*list)[at].number, at + 1);
    EXPECT_EQ((*list)[at].status, PatchStatus::created);
    descriptions.insert((*list)[at].description);
  }
  EXPECT_EQ(descriptions.size(), list->size());
}

}  // namespace
}  // namespace untorn::pipeline
