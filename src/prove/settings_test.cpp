// SPDX-License-Identifier: Apache-2.0
#include "prove/settings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace untorn::prove {
namespace {

class SettingsTest : public testing::Test {
 protected:
  SettingsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "untorn-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(folder_ / "a/b");
  }
  ~SettingsTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  [[nodiscard]] Result<Settings> find() const { return find_settings((folder_ / "a/b").string()); }

  std::filesystem::path folder_;
};

TEST_F(SettingsTest, are_read_from_untorn_toml) {
  write("untorn.toml",
        "[prove]\ncheck = 'true'\nexpect = ['atomic', 'parse']\nbudget = '10s'\nseed = 7\n"
        "require-exhaustive = true\n");
  const auto found = find();
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->path, (folder_ / "untorn.toml").string());
  EXPECT_EQ(found->check, std::vector<std::string>{"true"});
  EXPECT_EQ(found->expect, (std::vector<std::string>{"atomic", "parse"}));
  EXPECT_EQ(found->budget, "10s");
  EXPECT_EQ(found->seed, "7");
  EXPECT_TRUE(found->require_exhaustive);
}

TEST_F(SettingsTest, are_read_from_pyproject) {
  write("pyproject.toml", "[project]\nname = 'x'\n[tool.untorn.prove]\nignore = '*.log'\n");
  const auto found = find();
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->ignore, std::vector<std::string>{"*.log"});
}

TEST_F(SettingsTest, of_the_nearest_folder_win) {
  write("untorn.toml", "[prove]\nbudget = '1s'\n");
  write("a/b/untorn.toml", "[prove]\nbudget = '2s'\n");
  EXPECT_EQ(find()->budget, "2s");
}

TEST_F(SettingsTest, pyproject_without_our_part_is_passed_over) {
  write("untorn.toml", "[prove]\nbudget = '1s'\n");
  write("a/pyproject.toml", "[project]\nname = 'x'\n");
  EXPECT_EQ(find()->budget, "1s");
}

TEST_F(SettingsTest, unknown_key_is_an_error_that_names_file_and_line) {
  write("untorn.toml", "[prove]\nbugdet = '1s'\n");
  const auto found = find();
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message().find("line 2"), std::string::npos) << found.error().message();
  EXPECT_NE(found.error().message().find("bugdet"), std::string::npos);
  EXPECT_EQ(found.error().path(), (folder_ / "untorn.toml").string());
}

TEST_F(SettingsTest, wrong_types_and_broken_files_are_errors) {
  write("untorn.toml", "[prove]\nbudget = [1]\n");
  EXPECT_FALSE(find());
  write("untorn.toml", "[prove]\nrequire-exhaustive = 'yes'\n");
  EXPECT_FALSE(find());
  write("untorn.toml", "prove = 3\n");
  EXPECT_FALSE(find());
  write("untorn.toml", "[prove\n");
  EXPECT_FALSE(find());
}

TEST_F(SettingsTest, of_other_commands_are_left_to_them) {
  write("untorn.toml", "[scan]\nanything = 1\n");
  const auto found = find();
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->budget);
}

}  // namespace
}  // namespace untorn::prove
