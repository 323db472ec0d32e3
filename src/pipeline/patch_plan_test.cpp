// SPDX-License-Identifier: Apache-2.0
//
// Goal: what a patch means for a tree (G1 to G4), beyond what tests/cli/apply_agreement_test.py
// compares with git.
#include "pipeline/patch_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "patch/parse.h"
#include "tests/support/files.h"

namespace untorn::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::names_in;
using testing::read_file;
using testing::status_of;
using testing::write_file;

class PatchPlanTest : public ::testing::Test {
 protected:
  void SetUp() override { make_folder("t"); }

  void make_folder(const std::string& path) {
    ASSERT_TRUE(fs_.make_directory(Handle::working_directory, path, 0755));
  }
  void put(const std::string& path, std::string_view content) {
    write_file(fs_, "t/" + path, content);
  }
  [[nodiscard]] std::string content(const std::string& path) {
    return read_file(fs_, "t/" + path).value_or("(none)");
  }

  // "" if it was applied; the first problem, or "error: …".
  std::string apply(const std::string& text, const PlanOptions& options = {}) {
    const auto patch = patch::parse(text);
    if (!patch) return "not parsed: " + patch.error().message;
    const auto source = PatchSource::open(fs_, "t");
    auto transaction = Transaction::begin(fs_, "t");
    if (!transaction) return "error: " + transaction.error().message();
    const auto plan = plan_patch(*source, *patch, options);
    if (!plan) return "error: " + plan.error().message();
    if (!plan->fits()) return plan->problems.front().message;
    if (before_collect_) before_collect_();
    if (auto done = collect(*plan, *source, fs_, *transaction); !done) {
      return "error: " + done.error().message();
    }
    const auto receipt = std::move(*transaction).commit();
    return receipt ? "" : "error: " + receipt.error().message();
  }

  InMemoryFileSystem fs_;
  std::function<void()> before_collect_;
};

constexpr std::string_view swapped =
    "diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n"
    "diff --git a/y b/x\nsimilarity index 50%\nrename from y\nrename to x\n"
    "--- a/y\n+++ b/x\n@@ -1 +1 @@\n-why\n+was y\n";

TEST_F(PatchPlanTest, two_files_may_change_their_names) {
  put("x", "ex\n");
  put("y", "why\n");
  EXPECT_EQ(apply(std::string(swapped)), "");
  EXPECT_EQ(content("x"), "was y\n");
  EXPECT_EQ(content("y"), "ex\n");
}

TEST_F(PatchPlanTest, a_chain_of_renames_moves_each_content) {
  put("a", "one\n");
  put("b", "two\n");
  EXPECT_EQ(apply("diff --git a/b b/c\nrename from b\nrename to c\n"
                  "diff --git a/a b/b\nrename from a\nrename to b\n"),
            "");
  EXPECT_EQ(content("a"), "(none)");
  EXPECT_EQ(content("b"), "one\n");
  EXPECT_EQ(content("c"), "two\n");
}

TEST_F(PatchPlanTest, a_renamed_file_stays_the_same_file) {
  put("a", "one\n");
  const Status before = status_of(fs_, "t/a");
  EXPECT_EQ(apply("diff --git a/a b/b\nrename from a\nrename to b\n"), "");
  EXPECT_EQ(status_of(fs_, "t/b").inode, before.inode);
}

TEST_F(PatchPlanTest, a_new_file_may_take_the_place_of_one_that_leaves) {
  put("a", "one\n");
  EXPECT_EQ(apply("diff --git a/a b/b\nrename from a\nrename to b\n"
                  "diff --git a/a b/a\nnew file mode 100644\n--- /dev/null\n+++ b/a\n"
                  "@@ -0,0 +1 @@\n+new\n"),
            "");
  EXPECT_EQ(content("a"), "new\n");
  EXPECT_EQ(content("b"), "one\n");
}

TEST_F(PatchPlanTest, a_copy_is_made_of_the_file_as_it_was_before) {
  put("a", "one\n");
  EXPECT_EQ(apply("--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n+changed\n"
                  "diff --git a/a b/c\ncopy from a\ncopy to c\n"),
            "");
  EXPECT_EQ(content("a"), "changed\n");
  EXPECT_EQ(content("c"), "one\n");
}

TEST_F(PatchPlanTest, a_second_change_goes_on_from_the_first_one) {
  put("a", "one\n");
  const std::string first = "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n+two\n";
  EXPECT_EQ(apply(first + "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-two\n+three\n"), "");
  EXPECT_EQ(content("a"), "three\n");
  EXPECT_THAT(apply("--- a/a\n+++ b/a\n@@ -1 +1 @@\n-three\n+4\n"
                    "diff --git a/a b/b\nrename from a\nrename to b\n"),
              HasSubstr("changes it and then renames"));
  EXPECT_EQ(content("a"), "three\n");
}

TEST_F(PatchPlanTest, folders_come_with_their_first_file_and_go_with_the_last) {
  EXPECT_EQ(apply("--- /dev/null\n+++ b/d/e/f\n@@ -0,0 +1 @@\n+x\n"), "");
  EXPECT_EQ(content("d/e/f"), "x\n");
  put("d/kept", "k");
  EXPECT_EQ(apply("--- a/d/e/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"), "");
  EXPECT_THAT(names_in(fs_, "t/d"), ElementsAre("kept"));
}

TEST_F(PatchPlanTest, a_folder_stays_if_a_file_moves_into_it) {
  make_folder("t/d");
  put("d/old", "x\n");
  EXPECT_EQ(apply("diff --git a/d/old b/d/new\nrename from d/old\nrename to d/new\n"), "");
  EXPECT_THAT(names_in(fs_, "t/d"), ElementsAre("new"));
}

TEST_F(PatchPlanTest, only_the_bits_of_execution_follow_the_patch) {
  put("a", "x\n");
  const auto mode_of = [&] { return status_of(fs_, "t/a").mode; };
  const auto set_mode = [&](std::uint32_t mode) {
    const auto file = fs_.open(Handle::working_directory, "t/a", {});
    ASSERT_TRUE(file && fs_.set_mode(*file, mode));
    (void)fs_.close(*file);
  };
  set_mode(0640);
  EXPECT_EQ(apply("diff --git a/a b/a\nold mode 100644\nnew mode 100755\n"), "");
  EXPECT_EQ(mode_of(), 0750U);
  EXPECT_EQ(apply("diff --git a/a b/a\nold mode 100755\nnew mode 100644\n"), "");
  EXPECT_EQ(mode_of(), 0640U);
  set_mode(0600);
  EXPECT_EQ(apply("--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n"), "");
  EXPECT_EQ(mode_of(), 0600U) << "git would make it 0644";
}

TEST_F(PatchPlanTest, what_does_not_fit_is_told_by_its_reason) {
  put("a", "x\n");
  make_folder("t/folder");
  const std::string hunk = "@@ -1 +1 @@\n-x\n+y\n";
  const auto problem_of = [&](const std::string& name) {
    return apply("--- a/" + name + "\n+++ b/" + name + "\n" + hunk);
  };
  EXPECT_EQ(problem_of("none"), "none: there is no such file");
  EXPECT_EQ(problem_of("folder"), "folder: it is a folder");
  EXPECT_THAT(problem_of("a/b"), HasSubstr("a name above it is no folder"));
  EXPECT_THAT(apply("--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n"), HasSubstr("there already"));
  EXPECT_THAT(apply("--- /dev/null\n+++ b/a/b\n@@ -0,0 +1 @@\n+x\n"), HasSubstr("no folder"));
  EXPECT_THAT(apply("--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n"
                    "--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n"),
              HasSubstr("makes it twice (line 5)"));
  put("a", "x\nmore\n");
  EXPECT_THAT(apply("diff --git a/a b/a\ndeleted file mode 100644\n"), HasSubstr("would be left"));
  EXPECT_EQ(content("a"), "x\nmore\n");
}

TEST_F(PatchPlanTest, no_link_is_followed) {
  make_folder("out");
  write_file(fs_, "out/f", "x\n");
  ASSERT_TRUE(fs_.make_symlink("../out", Handle::working_directory, "t/link"));
  ASSERT_TRUE(fs_.make_symlink("../out/f", Handle::working_directory, "t/file"));
  for (const std::string name : {"link/f", "file"}) {
    EXPECT_THAT(apply("--- a/" + name + "\n+++ b/" + name + "\n@@ -1 +1 @@\n-x\n+y\n"),
                HasSubstr("symbolic link"));
  }
  EXPECT_EQ(read_file(fs_, "out/f"), "x\n");
}

TEST_F(PatchPlanTest, what_another_program_changes_meanwhile_is_not_overwritten) {
  put("a", "x\n");
  before_collect_ = [&] { put("a", "theirs\n"); };
  EXPECT_THAT(apply("--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n"), HasSubstr("another program"));
  EXPECT_EQ(content("a"), "theirs\n");
}

TEST_F(PatchPlanTest, paths_may_be_forbidden) {
  const PlanOptions options = {.check_path = [](std::string_view path) {
    return std::string(path == "a" ? "it is holy" : "");
  }};
  EXPECT_THAT(apply("--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n", options), HasSubstr("holy"));
  EXPECT_EQ(apply("--- /dev/null\n+++ b/b\n@@ -0,0 +1 @@\n+x\n", options), "");
  EXPECT_THAT(apply("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-x\n+y\n"), HasSubstr("\"..\""));
}

}  // namespace
}  // namespace untorn::pipeline
