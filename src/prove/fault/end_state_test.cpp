// SPDX-License-Identifier: Apache-2.0
//
// Rules G1 to G7, each with the run that keeps it and the run that breaks it.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "prove/fault/end_state.h"
#include "prove/judge/judge_test_log.h"

namespace untorn::prove {
namespace {

using test::TestLog;

const std::string old_text = R"({"generation": 1})";
const std::string new_text = R"({"generation": 2, "more": "than before"})";

RecordedRun run_of(const OperationLog& log) {
  RecordedRun run;
  run.trace.log = log;
  return run;
}

// The undisturbed run: a new state through a temporary.
TestLog replacing(const std::string& text, const std::string& path = "state.json") {
  TestLog log;
  const InodeId before = log.initial_file(path, old_text);
  const InodeId made = log.create("state.tmp");
  log.write(made, 0, text);
  log.sync(made);
  log.close(made);
  log.rename(made, "state.tmp", path, before);
  log.acknowledge();
  return log;
}

TestLog appending(int records) {
  TestLog log;
  const InodeId file = log.initial_file("app.log", "");
  log.open(file, true);
  std::uint64_t at = 0;
  for (int i = 0; i < records; ++i) {
    const std::string line = "record " + std::to_string(i) + " of the log\n";
    log.write(file, at, line);
    log.sync(file);
    at += line.size();
  }
  log.close(file);
  log.acknowledge();
  return log;
}

struct Judged {
  std::string checks;  // "durable:short"
  std::size_t undecided = 0;
};

Judged judge(const OperationLog& first, const OperationLog& second, const OperationLog& own,
             bool done, const std::vector<LostWrite>& lost = {}, ProveOptions options = {}) {
  const Reference reference(run_of(first), run_of(second), options);
  const crash::History history(own);
  const EndState state(history, reference.history());
  const EndJudgement judgement = judge_end_state(reference, state, done, lost, options);
  Judged judged;
  for (const EndFinding& finding : judgement.findings) {
    judged.checks += (judged.checks.empty() ? "" : " ") + std::string(to_string(finding.check)) +
                     ":" + std::string(to_string(finding.observed));
  }
  judged.undecided = judgement.undecided.size();
  return judged;
}

Judged judge(const TestLog& reference, const TestLog& own, bool done,
             const std::vector<LostWrite>& lost = {}) {
  return judge(reference.log, reference.log, own.log, done, lost);
}

TEST(EndState, the_new_state_is_good_whether_the_run_is_done_or_loud) {
  const TestLog reference = replacing(new_text);
  EXPECT_EQ(judge(reference, reference, true).checks, "");
  EXPECT_EQ(judge(reference, reference, false).checks, "");
}

TEST(EndState, the_old_state_is_good_only_after_a_loud_failure) {
  const TestLog reference = replacing(new_text);
  TestLog own;
  own.initial_file("state.json", old_text);
  own.create("state.tmp");
  EXPECT_EQ(judge(reference, own, false).checks, "");
  EXPECT_EQ(judge(reference, own, true).checks, "durable:old-after-ack");
}

TEST(EndState, a_path_that_the_run_never_touched_is_old) {
  const TestLog reference = replacing(new_text);
  const TestLog own;
  EXPECT_EQ(judge(reference, own, false).checks, "");
  EXPECT_EQ(judge(reference, own, true).checks, "durable:old-after-ack");
}

TEST(EndState, half_of_the_new_state_is_bad_in_both_cases) {
  const TestLog reference = replacing(new_text);
  const TestLog own = replacing(new_text.substr(0, 20));
  EXPECT_EQ(judge(reference, own, true).checks, "durable:short");
  EXPECT_EQ(judge(reference, own, false).checks, "atomic:short");
}

TEST(EndState, no_new_state_at_all_is_bad_in_both_cases) {
  const TestLog reference = replacing(new_text);
  const TestLog own = replacing("");
  EXPECT_EQ(judge(reference, own, true).checks, "durable:empty");
  EXPECT_EQ(judge(reference, own, false).checks, "atomic:empty");
}

TEST(EndState, a_log_that_stops_early_is_good_after_a_loud_failure) {
  EXPECT_EQ(judge(appending(4), appending(2), false).checks, "");
  EXPECT_EQ(judge(appending(4), appending(2), true).checks, "durable:old-after-ack");
}

TEST(EndState, a_log_may_hold_lines_about_the_failure_between_its_records) {
  const TestLog reference = appending(3);
  TestLog own;
  const InodeId file = own.initial_file("app.log", "");
  own.open(file, true);
  own.write(file, 0, "record 0 of the log\nwarning: disk full, trying again\n");
  own.write(file, 53, "record 1 of the log\nrecord 2 of the log\n");
  EXPECT_EQ(judge(reference, own, true).checks, "");
  EXPECT_EQ(judge(reference, own, false).checks, "");
}

TEST(EndState, a_torn_record_inside_a_log_is_bad) {
  const TestLog reference = appending(3);
  TestLog own;
  const InodeId file = own.initial_file("app.log", "");
  own.open(file, true);
  own.write(file, 0, "record 0 of the log\nrecord 1 ofrecord 1 of the log\n");
  EXPECT_NE(judge(reference, own, true).checks, "");
  EXPECT_NE(judge(reference, own, false).checks, "");
}

TEST(EndState, a_torn_record_at_the_end_of_a_log_is_a_prefix) {
  const TestLog reference = appending(3);
  TestLog own;
  const InodeId file = own.initial_file("app.log", "");
  own.open(file, true);
  own.write(file, 0, "record 0 of the log\nrecor");
  EXPECT_EQ(judge(reference, own, false).checks, "");
  EXPECT_NE(judge(reference, own, true).checks, "");
}

TEST(EndState, a_varying_path_is_bad_where_a_failed_write_left_a_hole) {
  const OperationLog first = replacing(R"({"time": 100})", "state.txt").log;
  const OperationLog second = replacing(R"({"time": 200})", "state.txt").log;
  const TestLog own = replacing(R"({"time": 3)", "state.txt");
  const InodeId made = own.log.operations.front().inode;
  const LostWrite lost{made, false, 10, 13, 2};
  EXPECT_EQ(judge(first, second, own.log, true).checks, "") << "nobody failed";
  EXPECT_EQ(judge(first, second, own.log, true, {lost}).checks, "durable:short");
  EXPECT_EQ(judge(first, second, own.log, false, {lost}).checks, "atomic:short");
}

TEST(EndState, a_hole_that_a_later_write_fills_is_none) {
  const OperationLog first = replacing(R"({"time": 100})").log;
  const OperationLog second = replacing(R"({"time": 200})").log;
  TestLog own;
  const InodeId before = own.initial_file("state.json", old_text);
  const InodeId made = own.create("state.tmp");
  own.write(made, 0, R"({"ti)");
  const LostWrite lost{made, false, 4, 13, own.log.operations.size()};
  own.write(made, 4, R"(me": )");
  own.write(made, 9, "300}");
  own.rename(made, "state.tmp", "state.json", before);
  EXPECT_EQ(judge(first, second, own.log, true, {lost}).checks, "");
}

TEST(EndState, a_varying_path_that_is_old_is_bad_when_the_run_is_done) {
  const OperationLog first = replacing(R"({"time": 100})").log;
  const OperationLog second = replacing(R"({"time": 200})").log;
  const TestLog own;
  EXPECT_EQ(judge(first, second, own.log, true).checks, "durable:old-after-ack");
  EXPECT_EQ(judge(first, second, own.log, false).checks, "");
}

TEST(EndState, a_close_that_failed_takes_what_was_not_synced) {
  TestLog reference;
  const InodeId before = reference.initial_file("state.json", old_text);
  const InodeId made = reference.create("state.tmp");
  reference.write(made, 0, new_text);
  const std::size_t closed = reference.log.operations.size();
  reference.close(made);
  reference.rename(made, "state.tmp", "state.json", before);
  reference.acknowledge();
  const std::vector<LostWrite> lost = {{made, true, 0, 0, closed}};
  EXPECT_EQ(judge(reference, reference, true, lost).checks, "durable:empty");
  EXPECT_EQ(judge(reference, reference, false, lost).checks, "atomic:empty");
  EXPECT_EQ(judge(reference, reference, true).checks, "");
}

TEST(EndState, a_close_that_failed_after_a_sync_takes_nothing) {
  const TestLog reference = replacing(new_text);
  const InodeId made = reference.log.operations.front().inode;
  const std::vector<LostWrite> lost = {{made, true, 0, 0, 4}};
  EXPECT_EQ(judge(reference, reference, true, lost).checks, "");
}

TEST(EndState, a_bystander_must_not_be_taken_along) {
  const TestLog reference = replacing(new_text);
  TestLog own;
  own.initial_file("state.json", old_text);
  const InodeId other = own.initial_file("settings.json", "{}");
  own.unlink(other, "settings.json");
  EXPECT_EQ(judge(reference, own, false).checks, "atomic:missing");
}

TEST(EndState, a_left_temporary_is_litter_only_if_asked) {
  const TestLog reference = replacing(new_text);
  TestLog own;
  own.initial_file("state.json", old_text);
  own.write(own.create("state.tmp"), 0, "half");
  EXPECT_EQ(judge(reference, own, false).checks, "");
  ProveOptions options;
  options.expect = {Check::atomic, Check::no_litter};
  EXPECT_EQ(judge(reference.log, reference.log, own.log, false, {}, options).checks,
            "no-litter:litter");
}

TEST(EndState, nothing_is_compared_when_no_check_of_bytes_is_asked) {
  const TestLog reference = replacing(new_text);
  const TestLog own = replacing("");
  ProveOptions options;
  options.expect = {};
  EXPECT_EQ(judge(reference.log, reference.log, own.log, true, {}, options).checks, "");
}

TEST(Reference, paths_that_only_one_run_leaves_are_not_judged) {
  TestLog second;
  second.initial_file("state.json", old_text);
  second.write(second.create("other.dat"), 0, "x");
  const ProveOptions options;
  const Reference reference(run_of(replacing(new_text).log), run_of(second.log), options);
  EXPECT_TRUE(reference.is_unsteady("other.dat"));
  EXPECT_TRUE(reference.is_varying("state.json"));
  EXPECT_FALSE(reference.is_unsteady("state.json"));
}

}  // namespace
}  // namespace untorn::prove
