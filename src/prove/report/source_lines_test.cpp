// SPDX-License-Identifier: Apache-2.0
#include "prove/report/source_lines.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace untorn::prove {
namespace {

class SourceLinesTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string text(const std::string& path, std::uint32_t line) const {
    std::optional<Source> source = Source{path, line, "f"};
    SourceLines(folder_).fill(source);
    return source->text;
  }

  const std::string folder_ = testing::TempDir() + "source_lines_" +
                              testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(SourceLinesTest, gives_the_line_without_the_blanks_around_it) {
  write("a.py", "one\n\t  two = 2 \r\nthree");
  EXPECT_EQ(text("a.py", 1), "one");
  EXPECT_EQ(text("a.py", 2), "two = 2");
  EXPECT_EQ(text("a.py", 3), "three");
  EXPECT_EQ(text(folder_ + "/a.py", 1), "one");
}

TEST_F(SourceLinesTest, has_no_text_for_what_is_not_there) {
  write("a.py", "one\n");
  EXPECT_EQ(text("a.py", 2), "");
  EXPECT_EQ(text("a.py", 40), "");
  EXPECT_EQ(text("a.py", 0), "");
  EXPECT_EQ(text("missing.py", 1), "");
  EXPECT_EQ(text(".", 1), "");
}

TEST_F(SourceLinesTest, reads_neither_pipes_nor_huge_files) {
  ASSERT_EQ(::mkfifo((folder_ + "/pipe").c_str(), 0600), 0);
  EXPECT_EQ(text("pipe", 1), "");  // and does not wait
  write("huge", "line\n" + std::string((4U << 20U) + 1, 'x'));
  EXPECT_EQ(text("huge", 1), "");
}

TEST_F(SourceLinesTest, cuts_long_lines) {
  write("long.js", std::string(5000, 'x'));
  EXPECT_EQ(text("long.js", 1).size(), 200U);
}

TEST_F(SourceLinesTest, leaves_an_unknown_source_alone) {
  std::optional<Source> source;
  SourceLines(folder_).fill(source);
  EXPECT_FALSE(source);
}

}  // namespace
}  // namespace untorn::prove
