// SPDX-License-Identifier: Apache-2.0
#include "line_log/inspect.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "tests/support/files.h"

namespace untorn::line_log {
namespace {

using testing::read_file;
using testing::write_file;

class InspectLogs : public ::testing::Test {
 protected:
  InspectLogs() {
    (void)fs.make_directory(Handle::working_directory, "p", 0755);
    (void)fs.make_directory(Handle::working_directory, "p/logs", 0755);
  }

  void append(const std::string& path, const std::string& line) {
    auto log = LineLog::open(fs, "p/" + path, {.tree = "p"});
    ASSERT_TRUE(log) << log.error();
    ASSERT_TRUE(log->append(line));
  }

  std::vector<LogReport> inspect() {
    auto reports = inspect_logs(fs, "p");
    EXPECT_TRUE(reports) << reports.error();
    return std::move(reports).value_or(std::vector<LogReport>());
  }

  InMemoryFileSystem fs;
};

TEST_F(InspectLogs, a_tree_without_logs_has_none) {
  EXPECT_TRUE(inspect().empty());
  EXPECT_FALSE(inspect_logs(fs, "none"));
}

TEST_F(InspectLogs, sound_logs_have_no_problem) {
  append("logs/b.log", "one");
  append("a.log", "two");
  const auto reports = inspect();
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].path, "a.log");
  EXPECT_EQ(reports[1].path, "logs/b.log");
  for (const LogReport& report : reports) {
    EXPECT_TRUE(report.exists);
    EXPECT_EQ(report.bytes, 4U);
    EXPECT_FALSE(report.torn.happened);
    EXPECT_TRUE(report.moved.empty());
    EXPECT_FALSE(report.unreadable);
  }
}

TEST_F(InspectLogs, a_torn_end_is_found_and_nothing_is_changed) {
  append("logs/a.log", "one");
  write_file(fs, "p/logs/a.log", "one\ntorn");
  const auto before = fs.tree();
  const auto reports = inspect();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_TRUE(reports[0].torn.happened);
  EXPECT_EQ(reports[0].torn.bytes, 4U);
  EXPECT_EQ(reports[0].torn.reason, "it ends in the middle of a line");
  EXPECT_EQ(fs.tree().size(), before.size());
  EXPECT_EQ(read_file(fs, "p/logs/a.log"), "one\ntorn");
  // The open repairs, as the header says; afterwards what was moved is listed.
  ASSERT_TRUE(LineLog::open(fs, "p/logs/a.log", {.tree = "p"}));
  const auto after = inspect();
  EXPECT_FALSE(after[0].torn.happened);
  EXPECT_EQ(after[0].moved, std::vector<std::string>{"logs/a.log.torn-1"});
}

TEST_F(InspectLogs, nul_bytes_after_the_mark_are_found) {
  append("a.log", "one");
  write_file(fs, "p/a.log", std::string("one\n\0\0\ntwo\n", 11));
  EXPECT_EQ(inspect()[0].torn.reason, "NUL bytes at line 2");
}

TEST_F(InspectLogs, a_removed_log_is_no_problem) {
  append("a.log", "one");
  ASSERT_TRUE(fs.unlink(Handle::working_directory, "p/a.log"));
  const auto reports = inspect();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_FALSE(reports[0].exists);
  EXPECT_FALSE(reports[0].torn.happened);
  EXPECT_FALSE(reports[0].unreadable);
}

TEST_F(InspectLogs, a_damaged_mark_still_names_its_log_and_a_newer_one_is_told) {
  append("logs/a.log", "one");
  write_file(fs, "p/.untorn/logs/logs%2Fa.log", "garbage");
  write_file(fs, "p/logs/a.log", "torn");
  ASSERT_EQ(inspect().size(), 1U);
  EXPECT_TRUE(inspect()[0].torn.happened);
  write_file(fs, "p/.untorn/logs/logs%2Fa.log", "untorn-log-mark 9 9 x\n");
  ASSERT_TRUE(inspect()[0].unreadable);
  EXPECT_EQ(inspect()[0].unreadable->code(), Code::unsupported);
}

}  // namespace
}  // namespace untorn::line_log
