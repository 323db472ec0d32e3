// SPDX-License-Identifier: Apache-2.0
#include "health/acknowledged.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "filesystem/fault_file_system.h"
#include "filesystem/memory_file_system.h"
#include "filesystem/test_directory.h"
#include "health/doctor.h"

namespace untorn::health {
namespace {

const std::string list_path = "srv/.untorn/acknowledged";

Options options_for(const std::string& folder, bool acknowledge) {
  Options options;
  options.folders = {{.shown = folder, .real = folder}};
  options.acknowledge = acknowledge;
  return options;
}

std::vector<std::string> paths_of(const Report& report) {
  std::vector<std::string> paths;
  for (const Problem& problem : report.problems) paths.push_back(problem.path);
  return paths;
}

using Paths = std::vector<std::string>;

TEST(Acknowledged, what_a_person_has_seen_is_not_shown_again_and_stays) {
  InMemoryFileSystem fs({{.path = "srv/a.json.damaged-1", .content = Bytes("half")},
                         {.path = "srv/in/b.txt.unapplied-2", .content = Bytes("kept")}});
  const Paths both = {"a.json.damaged-1", "in/b.txt.unapplied-2"};
  EXPECT_EQ(paths_of(examine(fs, options_for("/srv", false))), both);
  const Report acknowledging = examine(fs, options_for("/srv", true));
  EXPECT_EQ(paths_of(acknowledging), both);
  EXPECT_NE(acknowledging.problems.front().repair.find("not shown again"), std::string::npos);
  const Report after = examine(fs, options_for("/srv", false));
  EXPECT_EQ(paths_of(after), Paths{});
  EXPECT_EQ(after.counts.acknowledged, 2U);
  EXPECT_EQ(test::read_path(fs, "srv/a.json.damaged-1"), "half");
  EXPECT_EQ(test::read_path(fs, "srv/in/b.txt.unapplied-2"), "kept");
}

TEST(Acknowledged, a_file_that_changed_is_shown_again) {
  InMemoryFileSystem fs({{.path = "srv/a.json.damaged-1", .content = Bytes("half")}});
  (void)examine(fs, options_for("/srv", true));
  EXPECT_EQ(paths_of(examine(fs, options_for("/srv", false))), Paths{});
  test::write_path(fs, "srv/a.json.damaged-1", "flah");
  EXPECT_EQ(paths_of(examine(fs, options_for("/srv", false))), Paths{"a.json.damaged-1"});
}

TEST(Acknowledged, the_list_lies_in_the_nearest_tree_and_is_used_from_below_and_above) {
  InMemoryFileSystem fs({{.path = "srv/.untorn", .type = FileType::directory},
                         {.path = "srv/in/a.json.damaged-1", .content = Bytes("half")},
                         {.path = "srv/own/.untorn", .type = FileType::directory},
                         {.path = "srv/own/b.json.damaged-1", .content = Bytes("half")}});
  (void)examine(fs, options_for("/srv/in", true));
  EXPECT_EQ(paths_of(examine(fs, options_for("/srv", false))), Paths{"own/b.json.damaged-1"});
  (void)examine(fs, options_for("/srv", true));
  EXPECT_EQ(paths_of(examine(fs, options_for("/srv/own", false))), Paths{});
  EXPECT_NE(test::read_path(fs, "srv/own/.untorn/acknowledged").find("b.json.damaged-1"),
            std::string::npos);
  EXPECT_EQ(test::read_path(fs, list_path).find("own"), std::string::npos);
}

TEST(Acknowledged, the_list_says_what_it_is_and_forgets_files_that_have_gone) {
  InMemoryFileSystem fs({{.path = "srv/a.json.damaged-1", .content = Bytes("half")},
                         {.path = "srv/b.json.damaged-1", .content = Bytes("half")}});
  (void)examine(fs, options_for("/srv", true));
  const std::string text = test::read_path(fs, list_path);
  EXPECT_TRUE(
      text.starts_with("{\n \"untorn\": {\n  \"format\": \"acknowledged\",\n"
                       "  \"version\": 1,\n  \"oldest_reader\": 1\n }"))
      << text;
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "srv/a.json.damaged-1"));
  test::write_path(fs, "srv/c.json.damaged-1", "new");
  (void)examine(fs, options_for("/srv", true));
  const std::string after = test::read_path(fs, list_path);
  EXPECT_EQ(after.find("a.json"), std::string::npos);
  EXPECT_NE(after.find("b.json"), std::string::npos);
  EXPECT_NE(after.find("c.json"), std::string::npos);
}

TEST(Acknowledged, a_newer_list_is_left_alone_and_told) {
  const std::string newer =
      R"({"untorn": {"format": "acknowledged", "version": 2, "oldest_reader": 2}, "seen": {}})";
  InMemoryFileSystem fs({{.path = list_path, .content = Bytes(newer)},
                         {.path = "srv/a.json.damaged-1", .content = Bytes("half")}});
  const Report report = examine(fs, options_for("/srv", true));
  EXPECT_FALSE(report.is_complete());
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_EQ(report.failures.front().error.code(), Code::unsupported);
  EXPECT_EQ(test::read_path(fs, list_path), newer);
}

TEST(Acknowledged, a_damaged_list_is_a_problem_until_it_is_begun_anew) {
  for (const std::string_view content :
       {"", "{", "[]", R"({"untorn": {"format": "other", "version": 1, "oldest_reader": 1}})",
        R"({"untorn": {"format": "acknowledged", "version": 1, "oldest_reader": 1}, "files": 7})",
        R"({"untorn": {"format": "acknowledged", "version": 1, "oldest_reader": 1},
            "files": [{"path": "a", "bytes": -1, "modified_ns": 1}]})"}) {
    InMemoryFileSystem fs({{.path = list_path, .content = Bytes(content)},
                           {.path = "srv/a.json.damaged-1", .content = Bytes("half")}});
    const Report report = examine(fs, options_for("/srv", false));
    EXPECT_EQ(paths_of(report), (Paths{".untorn/acknowledged", "a.json.damaged-1"})) << content;
    EXPECT_TRUE(report.has_problems());
    (void)examine(fs, options_for("/srv", true));
    EXPECT_EQ(test::read_path(fs, list_path + ".damaged-1"), content);
    const Report after = examine(fs, options_for("/srv", false));
    EXPECT_FALSE(after.has_problems());
    EXPECT_EQ(paths_of(after), Paths{".untorn/acknowledged.damaged-1"});
  }
}

TEST(Acknowledged, an_error_of_any_call_leaves_the_old_list_or_the_new_one) {
  const std::vector<TreeEntry> tree = {{.path = "srv/a.json.damaged-1", .content = Bytes("half")}};
  for (std::uint64_t at = 0;; ++at) {
    InMemoryFileSystem below(tree);
    FaultFileSystem fs(below, Fault{.at = at, .error = Errno{EIO}});
    const Report report = examine(fs, options_for("/srv", true));
    if (!fs.fired()) break;
    const Report after = examine(below, options_for("/srv", false));
    EXPECT_TRUE(after.is_complete()) << at;
    const bool noted = after.counts.acknowledged == 1;
    EXPECT_TRUE(noted || !report.failures.empty() || !report.is_complete()) << "call " << at;
    EXPECT_EQ(below.open_handles(), 0U);
    ASSERT_LT(at, 500U);
  }
}

}  // namespace
}  // namespace untorn::health
