// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/code_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/files.h"

namespace untorn::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::names_in;
using testing::read_file;
using testing::ScratchDirectory;
using ::testing::SizeIs;
using testing::status_of;
using testing::write_file;

class CodeFilesTest : public ::testing::Test {
 protected:
  CodeFiles open() {
    ProjectOptions options;
    options.lock_wait = std::chrono::milliseconds(50);
    options.log = [this](LogLevel level, const std::string& line) {
      logged_.push_back(std::string(to_string(level)) + ": " + line);
    };
    auto files = CodeFiles::open(project_.path(), options);
    EXPECT_TRUE(files) << files.error();
    return *std::move(files);
  }
  [[nodiscard]] std::string file(std::string_view name) const { return project_ / name; }
  [[nodiscard]] std::optional<std::string> content(std::string_view name) const {
    return read_file(posix_file_system(), file(name));
  }
  void given(std::string_view name, std::string_view text) const {
    write_file(posix_file_system(), file(name), text);
  }

  ScratchDirectory project_;
  std::vector<std::string> logged_;
};

template <class T>
Error error_of(const Result<T>& result) {
  EXPECT_FALSE(result);
  return result ? Error(Code::internal, Step::check, Outcome::unknown, 0, "it was done")
                : result.error();
}

TEST_F(CodeFilesTest, creates_a_file_with_the_directories_above_it) {
  CodeFiles files = open();
  const auto done = files.create("shop/db/table.py", "x = 1\n");
  ASSERT_TRUE(done) << done.error();
  EXPECT_EQ(content("shop/db/table.py"), "x = 1\n");
  ASSERT_THAT(done->files, SizeIs(1));
  EXPECT_EQ(done->files[0].action, CodeAction::create);
  EXPECT_EQ(done->files[0].bytes, 6U);
}

TEST_F(CodeFilesTest, creating_never_replaces) {
  given("a.py", "old");
  CodeFiles files = open();
  EXPECT_EQ(error_of(files.create("a.py", "new")).code(), Code::already_exists);
  EXPECT_EQ(content("a.py"), "old");
}

TEST_F(CodeFilesTest, modifies_the_one_place_and_tells_its_line) {
  given("a.py", "import os\nx = 1\ny = 1\n");
  CodeFiles files = open();
  const auto done = files.modify("a.py", "x = 1", "x = 2");
  ASSERT_TRUE(done) << done.error();
  EXPECT_EQ(content("a.py"), "import os\nx = 2\ny = 1\n");
  EXPECT_EQ(done->files[0].line, 2U);
}

TEST_F(CodeFilesTest, modifying_needs_exactly_one_place) {
  given("a.py", "x = 1\ny = 2\nx = 1\n");
  CodeFiles files = open();
  const Error twice = error_of(files.modify("a.py", "x = 1", "x = 2"));
  EXPECT_EQ(twice.code(), Code::conflict);
  EXPECT_EQ(twice.outcome(), Outcome::not_applied);
  EXPECT_THAT(twice.message(), HasSubstr("2 times, at lines 1 and 3"));
  const Error never = error_of(files.modify("a.py", "y  =  2", "y = 3"));
  EXPECT_EQ(never.code(), Code::conflict);
  EXPECT_THAT(never.message(), HasSubstr("line 2"));
  EXPECT_EQ(error_of(files.modify("a.py", "", "y")).code(), Code::invalid_argument);
  EXPECT_EQ(error_of(files.modify("b.py", "x", "y")).code(), Code::not_found);
  EXPECT_EQ(content("a.py"), "x = 1\ny = 2\nx = 1\n");
}

TEST_F(CodeFilesTest, appends_on_a_line_of_its_own) {
  given("a.py", "x = 1");
  CodeFiles files = open();
  const auto done = files.append("a.py", "y = 2\n");
  ASSERT_TRUE(done) << done.error();
  EXPECT_EQ(content("a.py"), "x = 1\ny = 2\n");
  EXPECT_EQ(done->files[0].line, 2U);
  EXPECT_EQ(error_of(files.append("b.py", "x")).code(), Code::not_found);
}

TEST_F(CodeFilesTest, keeps_the_mode_and_the_target_of_a_link) {
  given("tool.py", "x = 1\n");
  ASSERT_EQ(chmod(file("tool.py").c_str(), 0750), 0);
  std::filesystem::create_symlink("tool.py", file("link.py"));
  CodeFiles files = open();
  ASSERT_TRUE(files.modify("link.py", "1", "2"));
  EXPECT_EQ(content("tool.py"), "x = 2\n");
  EXPECT_EQ(status_of(posix_file_system(), file("tool.py")).mode, 0750U);
  EXPECT_EQ(status_of(posix_file_system(), file("link.py")).type, FileType::symlink);
}

TEST_F(CodeFilesTest, a_change_of_several_files_happens_whole) {
  given("a.py", "a = 1\n");
  given("old.py", "gone\n");
  CodeFiles files = open();
  auto change = files.change();
  ASSERT_TRUE(change) << change.error();
  ASSERT_TRUE(change->modify("a.py", "1", "2"));
  ASSERT_TRUE(change->create("b.py", "b = 1\n"));
  ASSERT_TRUE(change->append("b.py", "c = 1\n"));
  ASSERT_TRUE(change->remove("old.py"));
  EXPECT_EQ(change->read("b.py"), "b = 1\nc = 1\n");
  EXPECT_EQ(content("a.py"), "a = 1\n");
  const auto done = std::move(*change).commit();
  ASSERT_TRUE(done) << done.error();
  EXPECT_EQ(content("a.py"), "a = 2\n");
  EXPECT_EQ(content("b.py"), "b = 1\nc = 1\n");
  EXPECT_EQ(content("old.py"), std::nullopt);
  EXPECT_THAT(done->files, SizeIs(3));
}

TEST_F(CodeFilesTest, a_change_that_is_not_committed_leaves_nothing) {
  CodeFiles files = open();
  {
    auto change = files.change();
    ASSERT_TRUE(change);
    ASSERT_TRUE(change->create("a/b.py", "x"));
  }
  EXPECT_FALSE(std::filesystem::exists(file("a")));
}

TEST_F(CodeFilesTest, a_failed_call_leaves_the_rest_of_the_change) {
  CodeFiles files = open();
  auto change = files.change();
  ASSERT_TRUE(change->create("a.py", "x = 1\n"));
  EXPECT_FALSE(change->modify("a.py", "no such text", "y"));
  ASSERT_TRUE(std::move(*change).commit());
  EXPECT_EQ(content("a.py"), "x = 1\n");
}

TEST_F(CodeFilesTest, an_operation_is_done_once) {
  given("log.py", "");
  CodeFiles files = open();
  for (const bool first : {true, false}) {
    auto change = files.change("task-1");
    ASSERT_TRUE(change) << change.error();
    EXPECT_EQ(change->already(), !first);
    ASSERT_TRUE(change->append("log.py", "once\n"));
    ASSERT_TRUE(change->create("new.py", "x\n"));
    const auto done = std::move(*change).commit();
    ASSERT_TRUE(done) << done.error();
    EXPECT_EQ(done->already, !first);
    EXPECT_EQ(content("log.py"), "once\n");
  }
  auto other = files.change("task-2");
  EXPECT_FALSE(other->already());
}

TEST_F(CodeFilesTest, forgets_operations_by_age) {
  CodeFiles files = open();
  ASSERT_TRUE(std::move(*files.change("task-1")).commit());
  EXPECT_EQ(files.forget_operations(std::chrono::hours(1)), 0U);
  EXPECT_TRUE(files.change("task-1")->already());
  EXPECT_EQ(files.forget_operations(std::chrono::seconds(-1)), 1U);
  EXPECT_FALSE(files.change("task-1")->already());
}

TEST_F(CodeFilesTest, refuses_names_of_operations_that_are_paths) {
  CodeFiles files = open();
  for (const std::string& name : {std::string("../x"), std::string("a/b"), std::string(".hidden"),
                                  std::string("a\nb"), std::string("ä"), std::string(101, 'a')}) {
    EXPECT_EQ(error_of(files.change(name)).code(), Code::invalid_argument) << name;
  }
}

TEST_F(CodeFilesTest, restores_what_was_there) {
  given("a.py", "one");
  ASSERT_EQ(chmod(file("a.py").c_str(), 0640), 0);
  CodeFiles files = open();
  ASSERT_TRUE(files.write("a.py", "two"));
  ASSERT_TRUE(files.write("a.py", "three"));
  const auto versions = files.versions("a.py");
  ASSERT_TRUE(versions);
  ASSERT_THAT(*versions, SizeIs(2));
  EXPECT_EQ(versions->front().number, 2U);
  EXPECT_EQ(versions->front().bytes, 3U);
  ASSERT_TRUE(files.restore("a.py", 2));
  EXPECT_EQ(content("a.py"), "one");
  ASSERT_TRUE(files.restore("a.py"));
  EXPECT_EQ(content("a.py"), "three");
  ASSERT_TRUE(files.remove("a.py"));
  const auto back = files.restore("a.py");
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(content("a.py"), "three");
  EXPECT_EQ(status_of(posix_file_system(), file("a.py")).mode, 0640U);
}

TEST_F(CodeFilesTest, restoring_a_created_file_removes_it) {
  CodeFiles files = open();
  ASSERT_TRUE(files.create("a.py", "x"));
  ASSERT_TRUE(files.versions("a.py")->front().absent);
  ASSERT_TRUE(files.restore("a.py"));
  EXPECT_EQ(content("a.py"), std::nullopt);
  ASSERT_TRUE(files.restore("a.py"));
  EXPECT_EQ(content("a.py"), "x");
}

TEST_F(CodeFilesTest, keeps_the_last_versions_only) {
  CodeFiles files = open();
  for (unsigned i = 0; i < CodeFiles::versions_max + 3; ++i) {
    ASSERT_TRUE(files.write("a.py", std::to_string(i)));
  }
  const auto versions = files.versions("a.py");
  ASSERT_THAT(*versions, SizeIs(CodeFiles::versions_max));
  EXPECT_EQ(versions->back().number, 4U);
  EXPECT_EQ(error_of(files.restore("a.py", CodeFiles::versions_max + 1)).code(), Code::not_found);
  EXPECT_EQ(error_of(files.restore("a.py", 0)).code(), Code::not_found);
}

TEST_F(CodeFilesTest, the_same_content_is_no_new_version) {
  given("a.py", "x");
  CodeFiles files = open();
  ASSERT_TRUE(files.write("a.py", "x"));
  EXPECT_THAT(*files.versions("a.py"), IsEmpty());
}

TEST_F(CodeFilesTest, never_leaves_the_project) {
  given("../untorn-outside.txt", "outside");
  std::filesystem::create_symlink("/etc", file("etc"));
  std::filesystem::create_directory(file(".git"));
  std::filesystem::create_symlink(".git", file("innocent"));
  CodeFiles files = open();
  const std::vector<std::string> paths = {"",
                                          "/etc/passwd",
                                          "..",
                                          "../untorn-outside.txt",
                                          "a/../../x",
                                          "a/..",
                                          "etc/untorn-test",
                                          ".git/config",
                                          ".GIT/config",
                                          "sub/.git/hooks/x",
                                          ".untorn/x",
                                          ".pipeline/state.json",
                                          "./.pipeline/state.json",
                                          "innocent/config",
                                          "a/",
                                          "a\nb",
                                          std::string("a\0b", 3),
                                          "a\x7f",
                                          std::string(5000, 'a')};
  for (const std::string& path : paths) {
    EXPECT_FALSE(files.write(path, "x")) << path;
    EXPECT_FALSE(files.read(path)) << path;
    EXPECT_FALSE(files.remove(path)) << path;
  }
  EXPECT_EQ(content("../untorn-outside.txt"), "outside");
  EXPECT_THAT(names_in(posix_file_system(), file(".git")), IsEmpty());
  std::filesystem::remove(file("../untorn-outside.txt"));
}

TEST_F(CodeFilesTest, another_change_waits_and_is_busy_then) {
  CodeFiles files = open();
  auto holder = files.change();
  ASSERT_TRUE(holder);
  EXPECT_EQ(error_of(files.create("a.py", "x")).code(), Code::busy);
}

TEST_F(CodeFilesTest, tells_what_was_done) {
  CodeFiles files = open();
  ASSERT_TRUE(files.create("a.py", "x = 1\n"));
  auto change = files.change("task-7");
  ASSERT_TRUE(change->modify("a.py", "1", "2"));
  ASSERT_TRUE(std::move(*change).commit());
  const auto activity = files.activity();
  ASSERT_TRUE(activity) << activity.error();
  ASSERT_THAT(*activity, SizeIs(2));
  EXPECT_EQ(activity->front().find("action")->as_string(), "create");
  EXPECT_EQ(activity->back().find("operation")->as_string(), "task-7");
  EXPECT_EQ(activity->back().find("line")->as_integer(), 1);
  EXPECT_THAT(*files.activity(1), SizeIs(1));
  EXPECT_THAT(logged_, ElementsAre("info: create a.py", "info: modify a.py"));
}

TEST_F(CodeFilesTest, keeps_bytes_that_are_no_text) {
  const std::string bytes("\xFF\0\r\n\x80", 5);
  CodeFiles files = open();
  ASSERT_TRUE(files.create("a.bin", bytes));
  EXPECT_EQ(files.read("a.bin"), bytes);
}

TEST_F(CodeFilesTest, keeps_everything_of_ours_in_one_folder) {
  CodeFiles files = open();
  ASSERT_TRUE(files.create("a/b.py", "x"));
  std::vector<std::string> kept;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(project_.path())) {
    if (entry.path().filename() == ".untorn") kept.push_back(entry.path().string());
  }
  EXPECT_THAT(kept, ElementsAre(file(".untorn")));
}

}  // namespace
}  // namespace untorn::pipeline
