// SPDX-License-Identifier: Apache-2.0
#include "untorn/pipeline/project.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"

namespace untorn::pipeline {
namespace {

using testing::names_in;
using testing::read_file;
using testing::write_file;

TEST(Project, makes_its_folder_and_nothing_else) {
  InMemoryFileSystem fs({{.path = "p", .type = FileType::directory, .mode = 0755}});
  const auto project = Project::open(fs, "p/", {.count = false});
  ASSERT_TRUE(project) << project.error();
  EXPECT_EQ(project->root(), "p");
  EXPECT_EQ(project->file(".pipeline/state.json"), "p/.pipeline/state.json");
  EXPECT_EQ(names_in(fs, "p"), std::vector<std::string>{".pipeline"});
  EXPECT_TRUE(names_in(fs, "p/.pipeline").empty());
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(Project, counts_below_the_project_unless_told_not_to) {
  const testing::ScratchDirectory directory;
  const auto project = Project::open(directory.path());
  ASSERT_TRUE(project) << project.error();
  EXPECT_NE(project->counters(), nullptr);
  EXPECT_TRUE(std::filesystem::exists(directory / ".untorn/counters"));
  EXPECT_EQ(Project::open(directory.path(), {.count = false})->counters(), nullptr);
  EXPECT_EQ(Project::open(directory.path(), {.read_only = true})->counters(), nullptr);
}

TEST(Project, its_root_does_not_depend_on_the_working_directory) {
  const testing::ScratchDirectory directory;
  std::filesystem::create_directory_symlink(directory.path(), directory / "link");
  const auto project = Project::open(directory / "link/.", {.count = false});
  ASSERT_TRUE(project) << project.error();
  EXPECT_EQ(project->root(), std::filesystem::canonical(directory.path()).native());
}

TEST(Project, refuses_what_is_no_directory) {
  InMemoryFileSystem fs({{.path = "p", .type = FileType::directory, .mode = 0755},
                         {.path = "file", .content = Bytes(std::string_view("x"))},
                         {.path = "q", .type = FileType::directory, .mode = 0755},
                         {.path = "q/.pipeline", .content = Bytes(std::string_view("x"))}});
  EXPECT_EQ(Project::open(fs, "none").error().code(), Code::not_found);
  EXPECT_EQ(Project::open(fs, "").error().code(), Code::invalid_argument);
  EXPECT_EQ(Project::open(fs, std::string("p\0q", 3)).error().code(), Code::invalid_argument);
  EXPECT_FALSE(Project::open(fs, "file").has_value());
  EXPECT_FALSE(Project::open(fs, "q").has_value());
  EXPECT_EQ(read_file(fs, "q/.pipeline"), "x");
  EXPECT_EQ(Project::open(fs, "p", {.read_only = true}).error().code(), Code::not_found)
      << "who only looks makes no .pipeline";
  EXPECT_EQ(fs.open_handles(), 0U);
}

TEST(Project, a_transaction_changes_its_files_together) {
  InMemoryFileSystem fs({{.path = "p", .type = FileType::directory, .mode = 0755}});
  const auto project = Project::open(fs, "p");
  ASSERT_TRUE(project) << project.error();
  auto change = project->begin();
  ASSERT_TRUE(change) << change.error();
  ASSERT_TRUE(change->put("a.txt", "a"));
  ASSERT_TRUE(change->put("b.txt", "b"));
  ASSERT_TRUE(std::move(*change).commit());
  EXPECT_EQ(read_file(fs, "p/a.txt"), "a");
  EXPECT_EQ(read_file(fs, "p/b.txt"), "b");
  const auto observer = Project::open(fs, "p", {.read_only = true});
  EXPECT_EQ(observer->begin().error().code(), Code::permission_denied);
}

TEST(Project, names_its_log_levels) {
  std::string names;
  for (const LogLevel level :
       {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    names += std::string(to_string(level)) + " ";
  }
  EXPECT_EQ(names, "debug info warning error ");
}

}  // namespace
}  // namespace untorn::pipeline
