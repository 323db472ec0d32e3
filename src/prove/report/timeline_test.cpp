// SPDX-License-Identifier: Apache-2.0
//
// From a hand-made log to the picture of its violations.
#include "prove/report/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "prove/judge/judge_test_log.h"
#include "prove/report/verdict.h"
#include "prove/report/window.h"

namespace untorn::prove {
namespace {

using Mark = PictureLine::Mark;
using test::TestLog;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

ProveReport report_of(const TestLog& log, crash::Model model = crash::Model::portable,
                      const std::vector<Engine>& engines = ProveOptions().engines) {
  const crash::History history(log.log);
  const ProveOptions options;
  const Plan plan(history, options);
  const Explainer explainer(history, nullptr, "/root");
  ProveReport report;
  JudgeLimits limits;
  limits.model = model;
  const Judgement judgement = judge(history, plan.groups(), engines, limits);
  PictureMaker pictures(history, explainer, model);
  for (const Failure& failure : judgement.failures) {
    report.violations.push_back(explainer.explain(failure));
    pictures.add(failure, report.violations.back());
  }
  pictures.draw(report);
  conclude(report);
  return report;
}

const Violation& violation_of(const ProveReport& report, Engine engine, Check check) {
  for (const Violation& each : report.violations) {
    if (each.engine == engine && each.check == check) return each;
  }
  ADD_FAILURE() << "no such violation";
  return report.violations.front();
}

std::vector<Mark> marks(const std::vector<PictureLine>& lines) {
  std::vector<Mark> all;
  for (const PictureLine& line : lines) all.push_back(line.mark);
  return all;
}

const std::string new_text(9000, 'x');

// Operations: 0 create, 1 begin, 2 write, 3 end, 4 rename.
TestLog rename_without_sync(bool target_exists = true) {
  TestLog log;
  const InodeId old = target_exists ? log.initial_file("a.txt", "old text") : no_inode;
  const InodeId fresh = log.create("a.tmp");
  log.write(fresh, 0, new_text);
  log.close(fresh);
  log.rename(fresh, "a.tmp", "a.txt", old);
  return log;
}

TEST(timeline, names_what_was_lost_and_what_was_kept) {
  TestLog log = rename_without_sync();
  log.acknowledge("saved\nand more");
  const ProveReport report = report_of(log);
  const Violation& violation = violation_of(report, Engine::power, Check::atomic);
  EXPECT_THAT(violation.lost_operations, ElementsAre(2U));
  EXPECT_THAT(violation.kept_operations, Contains(4U));
  std::vector<std::string> operations;
  for (const TimelineEntry& entry : report.timeline) operations.push_back(entry.note.operation);
  EXPECT_THAT(operations, ElementsAre("create", "write", "rename", "acknowledge"));
  EXPECT_EQ(report.timeline.back().note.path, "saved");
  const auto lines = picture_of(report, violation, 20);
  EXPECT_THAT(marks(lines), ElementsAre(Mark::done, Mark::lost, Mark::kept, Mark::done, Mark::cut));
  EXPECT_EQ(lines[1].entry->operation, 2U);
}

TEST(timeline, holds_the_first_bytes_before_and_after) {
  const ProveReport report = report_of(rename_without_sync());
  const StateBytes& bytes = violation_of(report, Engine::power, Check::atomic).bytes;
  EXPECT_EQ(bytes.old_head, "old text");
  EXPECT_EQ(bytes.new_head, new_text.substr(0, 256));
  EXPECT_EQ(bytes.old_size, 8U);
  EXPECT_EQ(bytes.new_size, 9000U);
}

TEST(timeline, leaves_out_what_other_files_saw) {
  TestLog log;
  const InodeId other = log.create("other.txt");
  for (int i = 0; i < 50; ++i) log.write(other, static_cast<std::uint64_t>(i), "x");
  log.sync(other);
  log.close(other);
  const InodeId file = log.initial_file("a.txt", "old text");
  log.open_truncate(file);
  log.write(file, 0, "new text that is longer");
  log.close(file);
  const ProveReport report = report_of(log);
  const Violation& violation = violation_of(report, Engine::kill, Check::atomic);
  EXPECT_EQ(violation.path, "a.txt");
  for (const PictureLine& line : picture_of(report, violation, 20)) {
    EXPECT_TRUE(line.entry == nullptr || line.entry->note.path == "a.txt");
  }
}

TEST(timeline, a_killed_call_comes_right_before_the_cut) {
  TestLog log;
  const InodeId file = log.initial_file("a.txt", "old text");
  log.open_truncate(file);
  log.write(file, 0, new_text);
  log.close(file);
  log.acknowledge();
  const ProveReport report = report_of(log);
  const Violation& violation = violation_of(report, Engine::kill, Check::atomic);
  const auto lines = picture_of(report, violation, 20);
  const auto cut = std::find_if(lines.begin(), lines.end(),
                                [](const PictureLine& line) { return line.mark == Mark::cut; });
  ASSERT_NE(cut, lines.end());
  EXPECT_NE(cut, lines.begin());
  for (auto line = std::next(cut); line != lines.end(); ++line)
    EXPECT_EQ(line->mark, Mark::not_begun);
}

TEST(timeline, long_runs_are_cut_to_what_matters) {
  TestLog log;
  const InodeId old = log.initial_file("a.txt", "old text");
  const InodeId fresh = log.create("a.tmp");
  for (std::uint64_t i = 0; i < 500; ++i) log.write(fresh, i, "y");
  log.rename(fresh, "a.tmp", "a.txt", old);
  log.close(fresh);
  const ProveReport report = report_of(log, crash::Model::portable, {Engine::power});
  EXPECT_LE(report.timeline.size(), 400U);
  const Violation& violation = violation_of(report, Engine::power, Check::atomic);
  const auto lines = picture_of(report, violation, 12);
  EXPECT_THAT(marks(lines), Contains(Mark::lost));
  EXPECT_THAT(marks(lines), Contains(Mark::kept));
  EXPECT_THAT(marks(lines), Contains(Mark::cut));
  EXPECT_THAT(marks(lines), Contains(Mark::left_out));
  EXPECT_LE(std::count_if(lines.begin(), lines.end(),
                          [](const PictureLine& line) { return line.mark != Mark::left_out; }),
            12);
}

TEST(timeline, a_good_run_has_none) {
  TestLog log;
  const InodeId old = log.initial_file("a.txt", "old text");
  const InodeId fresh = log.create("a.tmp");
  log.write(fresh, 0, new_text);
  log.sync(fresh);
  log.close(fresh);
  log.rename(fresh, "a.tmp", "a.txt", old);
  log.sync_directory();
  log.acknowledge();
  const ProveReport report = report_of(log);
  EXPECT_EQ(report.verdict, Verdict::proved);
  EXPECT_TRUE(report.timeline.empty());
}

std::string window(const TestLog& log, Check check = Check::atomic,
                   crash::Model model = crash::Model::portable) {
  const ProveReport report = report_of(log, model);
  return violation_of(report, Engine::power, check).window;
}

TEST(window_of, rename_without_sync_depends_on_what_stood_there) {
  EXPECT_EQ(window(rename_without_sync(true)), "ext4 none seen, xfs 0.05 s, btrfs none seen");
  TestLog created = rename_without_sync(false);
  EXPECT_EQ(window(created), "ext4 31 s, xfs 15 s, btrfs none seen");
}

TEST(window_of, a_sync_of_something_else_makes_it_worse) {
  TestLog directory = rename_without_sync();
  directory.sync_directory();
  EXPECT_EQ(window(directory), "ext4 6 s, xfs 45 s or more, btrfs 31 s");
  TestLog foreign = rename_without_sync(false);
  const InodeId other = foreign.create("other.txt");
  foreign.write(other, 0, "x");
  foreign.sync(other);
  foreign.close(other);
  EXPECT_EQ(window(foreign), "ext4 41 s, xfs 45 s or more, btrfs 15 s");
}

TEST(window_of, says_nothing_about_a_protocol_that_nobody_measured) {
  TestLog created = rename_without_sync(false);
  created.sync_directory();
  EXPECT_EQ(window(created), "");
}

TEST(window_of, names_the_one_file_system_of_the_model) {
  EXPECT_EQ(window(rename_without_sync(false), Check::atomic, crash::Model::xfs), "xfs 15 s");
}

TEST(window_of, knows_how_git_stores_its_objects) {
  TestLog log;
  const InodeId fresh = log.create("tmp_obj");
  log.write(fresh, 0, new_text);
  log.close(fresh);
  log.link(fresh, "tmp_obj", "object");
  log.unlink(fresh, "tmp_obj");
  EXPECT_EQ(window(log), "ext4 31 s, xfs none seen, btrfs none seen");
}

TEST(window_of, an_append_and_a_name_that_is_not_committed) {
  TestLog log;
  const InodeId file = log.initial_file("a.log", "one\n");
  log.open(file, true);
  log.write(file, 4, "two\n");
  log.close(file);
  EXPECT_EQ(window(log), "ext4 25 s, xfs none seen, btrfs none seen");
  TestLog acknowledged;
  const InodeId old = acknowledged.initial_file("a.txt", "old");
  const InodeId fresh = acknowledged.create("a.tmp");
  acknowledged.write(fresh, 0, "new");
  acknowledged.sync(fresh);
  acknowledged.close(fresh);
  acknowledged.rename(fresh, "a.tmp", "a.txt", old);
  acknowledged.acknowledge();
  EXPECT_EQ(window(acknowledged, Check::durable_if_synced),
            "ext4 up to 5 s, xfs up to 30 s, btrfs up to 30 s");
}

TEST(window_of, a_kill_has_none) {
  TestLog log;
  const InodeId file = log.initial_file("a.txt", "old text");
  log.open_truncate(file);
  log.write(file, 0, new_text);
  log.close(file);
  const ProveReport report = report_of(log);
  EXPECT_EQ(violation_of(report, Engine::kill, Check::atomic).window, "");
}

}  // namespace
}  // namespace untorn::prove
