// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/line_fixer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/files.h"

namespace untorn::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::read_file;
using testing::ScratchDirectory;
using testing::status_of;
using testing::write_file;

class LineFixerTest : public ::testing::Test {
 protected:
  LineFixer open() {
    auto fixer = LineFixer::open(project_.path());
    EXPECT_TRUE(fixer) << fixer.error();
    return *std::move(fixer);
  }
  void given(std::string_view bytes) const {
    write_file(posix_file_system(), project_ / "a.py", bytes);
  }
  [[nodiscard]] std::optional<std::string> content() const {
    return read_file(posix_file_system(), project_ / "a.py");
  }

  ScratchDirectory project_;
};

TEST_F(LineFixerTest, replaces_inserts_and_removes_lines) {
  given("one\r\ntwo\r\nthree");
  LineFixer fixer = open();
  ASSERT_TRUE(fixer.replace_line("a.py", 2, "TWO", "two"));
  ASSERT_TRUE(fixer.insert_lines("a.py", 1, {"zero"}));
  ASSERT_TRUE(fixer.remove_lines("a.py", 2, 2, std::vector<std::string>{"one"}));
  EXPECT_EQ(content(), "zero\r\nTWO\r\nthree");
  ASSERT_TRUE(fixer.replace_lines("a.py", 2, 3, {"rest"}));
  EXPECT_EQ(content(), "zero\r\nrest");
}

TEST_F(LineFixerTest, refuses_another_line_than_expected_and_shows_it) {
  given("one\ntwo\n");
  LineFixer fixer = open();
  const auto done = fixer.replace_line("a.py", 2, "TWO", "three");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::conflict);
  EXPECT_EQ(done.error().outcome(), Outcome::not_applied);
  EXPECT_THAT(done.error().message(), HasSubstr("it holds \"two\""));
  EXPECT_EQ(content(), "one\ntwo\n");
}

TEST_F(LineFixerTest, several_edits_are_one_change) {
  given("1\n2\n3\n");
  LineFixer fixer = open();
  const auto done = fixer.edit(
      "a.py", {{.first = 3, .last = 3, .lines = {"three"}}, {.first = 1, .last = 1, .lines = {}}});
  ASSERT_TRUE(done) << done.error();
  EXPECT_EQ(content(), "2\nthree\n");
  EXPECT_EQ(done->lines_changed, 2U);
  const auto none = fixer.edit(
      "a.py", {{.first = 1, .last = 1, .lines = {"x"}}, {.first = 9, .last = 9, .lines = {"y"}}});
  EXPECT_FALSE(none);
  EXPECT_EQ(content(), "2\nthree\n");
}

TEST_F(LineFixerTest, makes_the_automatic_fixes) {
  given("def f(): \n\treturn 1\r\n\n\n");
  LineFixer fixer = open();
  const auto done = fixer.fix("a.py");
  ASSERT_TRUE(done) << done.error();
  EXPECT_EQ(content(), "def f():\n    return 1\n");
  EXPECT_THAT(
      done->fixes,
      ElementsAre(Pair(LineFix::trailing_whitespace, 1U), Pair(LineFix::indentation_tabs, 1U),
                  Pair(LineFix::mixed_line_ends, 1U), Pair(LineFix::trailing_blank_lines, 2U)));
  const auto again = fixer.fix("a.py");
  EXPECT_FALSE(again->changed);
  EXPECT_EQ(again->syncs, 0U);
}

TEST_F(LineFixerTest, a_file_that_is_right_is_not_written) {
  given("x = 1\n");
  const auto before = status_of(posix_file_system(), project_ / "a.py");
  LineFixer fixer = open();
  EXPECT_FALSE(fixer.fix("a.py")->changed);
  EXPECT_FALSE(fixer.replace_line("a.py", 1, "x = 1")->changed);
  EXPECT_EQ(status_of(posix_file_system(), project_ / "a.py").inode, before.inode);
}

TEST_F(LineFixerTest, keeps_mode_and_encoding) {
  given("\xE9\nb\n");
  ASSERT_EQ(chmod((project_ / "a.py").c_str(), 0751), 0);
  LineFixer fixer = open();
  const auto done = fixer.replace_line("a.py", 1, "ü", "é");
  ASSERT_TRUE(done) << done.error();
  EXPECT_EQ(done->encoding, TextEncoding::latin1);
  EXPECT_EQ(content(), "\xFC\nb\n");
  EXPECT_EQ(status_of(posix_file_system(), project_ / "a.py").mode, 0751U);
}

TEST_F(LineFixerTest, reads_lines_and_what_the_file_is_like) {
  given("\xEF\xBB\xBFone\r\ntwo");
  const auto text = open().read("a.py");
  ASSERT_TRUE(text) << text.error();
  EXPECT_THAT(text->lines, ElementsAre("one", "two"));
  EXPECT_EQ(text->encoding, TextEncoding::utf8_with_mark);
  EXPECT_EQ(text->line_end, LineEnd::crlf);
  EXPECT_FALSE(text->ends_with_newline);
  EXPECT_EQ(text->to_json().find("encoding")->as_string(), "utf-8-sig");
}

TEST_F(LineFixerTest, refuses_paths_outside_and_what_is_no_text) {
  given(std::string_view("a\0b", 3));
  LineFixer fixer = open();
  EXPECT_EQ(fixer.fix("a.py").error().code(), Code::unsupported);
  EXPECT_EQ(fixer.fix("b.py").error().code(), Code::not_found);
  EXPECT_EQ(fixer.fix("../b.py").error().code(), Code::invalid_argument);
  EXPECT_EQ(fixer.fix(".git/config").error().code(), Code::invalid_argument);
}

TEST_F(LineFixerTest, two_at_once_lose_no_edit) {
  constexpr std::uint64_t lines = 20;
  std::string text;
  for (std::uint64_t i = 0; i < lines; ++i) text += "old\n";
  given(text);
  const auto work = [&](std::uint64_t first) {
    LineFixer fixer = open();
    for (std::uint64_t i = first; i <= lines; i += 2) {
      const auto done = fixer.replace_line("a.py", i, "new", "old");
      EXPECT_TRUE(done) << done.error();
    }
  };
  std::thread odd(work, 1);
  std::thread even(work, 2);
  odd.join();
  even.join();
  EXPECT_EQ(content()->find("old"), std::string::npos);
}

}  // namespace
}  // namespace untorn::pipeline
