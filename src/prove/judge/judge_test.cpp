// SPDX-License-Identifier: Apache-2.0
//
// From a hand-made log through plan, engines and explanation: the verdict on each protocol.
#include "prove/judge/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "prove/judge/judge_test_log.h"
#include "prove/judge/plan.h"
#include "prove/report/counterexample.h"
#include "prove/report/verdict.h"

namespace untorn::prove {
namespace {

using test::TestLog;
using testing::AnyOf;
using testing::HasSubstr;

ProveReport report_of(const TestLog& log, const ProveOptions& options = {}) {
  const crash::History history(log.log);
  Plan plan(history, options);
  const Explainer explainer(history, nullptr, "/root");
  Trace trace;
  trace.log = log.log;
  ProveReport report;
  describe_run(trace, report);
  report.paths = plan.paths();
  report.notes = plan.notes();
  report.undecided = plan.undecided();
  EXPECT_TRUE(judge_end(trace, report));
  judge_log(trace, plan, explainer, report);
  judge_coverage(plan, false, report);
  const Judgement judgement = judge(history, plan.groups(), options.engines, {});
  report.engines = judgement.engines;
  for (const Failure& failure : judgement.failures) {
    report.violations.push_back(explainer.explain(failure));
  }
  conclude(report);
  return report;
}

const Violation* find(const ProveReport& report, Engine engine, Check check,
                      const std::string& path) {
  for (const Violation& each : report.violations) {
    if (each.engine == engine && each.check == check && each.path == path) return &each;
  }
  return nullptr;
}

constexpr auto kill = Engine::kill;
constexpr auto power = Engine::power;
const std::string old_text = R"({"generation": 1})";
const std::string new_text = R"({"generation": 2, "padding": ")" + std::string(9000, 'x') + "\"}";

// The steps of a replace that a program may leave out.
struct Steps {
  bool sync_file = true;
  bool sync_directory = true;
};

TestLog replace(Steps steps) {
  TestLog log;
  const InodeId old = log.initial_file("a.json", old_text);
  const InodeId fresh = log.create("a.json.tmp");
  log.write(fresh, 0, new_text);
  if (steps.sync_file) log.sync(fresh);
  log.close(fresh);
  log.rename(fresh, "a.json.tmp", "a.json", old);
  if (steps.sync_directory) log.sync_directory();
  log.acknowledge();
  return log;
}

TEST(judge, full_protocol_is_proved) {
  const ProveReport report = report_of(replace({}));
  EXPECT_EQ(report.verdict, Verdict::proved);
  EXPECT_EQ(report.exit_code(), 0);
  ASSERT_EQ(report.engines.size(), 2U);
  for (const EngineReport& engine : report.engines) {
    EXPECT_TRUE(engine.exhaustive);
    EXPECT_EQ(engine.states_checked, engine.states_total.value);
    EXPECT_GT(engine.states_distinct, 1U);
  }
  ASSERT_EQ(report.paths.size(), 1U);
  EXPECT_EQ(report.paths[0].judged_by,
            (std::vector<Check>{Check::atomic, Check::parse, Check::durable_if_synced}));
}

TEST(judge, rename_without_sync_is_empty_after_a_power_cut_and_not_after_a_kill) {
  const ProveReport report = report_of(replace({.sync_file = false}));
  EXPECT_EQ(report.verdict, Verdict::violated);
  EXPECT_EQ(report.exit_code(), 1);
  const Violation* found = find(report, power, Check::atomic, "a.json");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->observed, Observed::empty);
  ASSERT_TRUE(found->lost && found->kept);
  EXPECT_EQ(found->lost->operation, "write");
  EXPECT_EQ(found->lost->path, "a.json.tmp");
  EXPECT_EQ(found->kept->operation, "rename");
  EXPECT_EQ(found->kept->target, "a.json");
  EXPECT_THAT(found->missing, HasSubstr("fsync of the file between"));
  EXPECT_EQ(found->bytes.size, 0U);
  EXPECT_EQ(found->bytes.old_size, old_text.size());
  EXPECT_EQ(found->bytes.new_size, new_text.size());
  EXPECT_NE(find(report, power, Check::parse, "a.json"), nullptr);
  EXPECT_EQ(find(report, kill, Check::atomic, "a.json"), nullptr);
}

TEST(judge, missing_directory_sync_brings_the_old_version_back_after_exit) {
  const ProveReport report = report_of(replace({.sync_directory = false}));
  EXPECT_EQ(report.verdict, Verdict::violated);
  ASSERT_EQ(report.violations.size(), 1U);
  const Violation& found = report.violations.front();
  EXPECT_EQ(found.engine, power);
  EXPECT_EQ(found.check, Check::durable_if_synced);
  EXPECT_EQ(found.observed, Observed::old_after_ack);
  ASSERT_TRUE(found.lost);
  EXPECT_EQ(found.lost->operation, "rename");
  EXPECT_THAT(found.missing, HasSubstr("fsync of the directory"));
}

TEST(judge, without_acknowledgement_an_old_version_is_good) {
  TestLog log = replace({.sync_directory = false});
  log.log.operations.pop_back();
  EXPECT_EQ(report_of(log).verdict, Verdict::proved);
}

TEST(judge, truncating_in_place_is_found_by_both_engines) {
  TestLog log;
  const InodeId file = log.initial_file("a.json", old_text);
  log.open_truncate(file);
  log.write(file, 0, new_text);
  log.close(file);
  log.acknowledge();
  const ProveReport report = report_of(log);
  for (const auto engine : {kill, power}) {
    const Violation* found = find(report, engine, Check::atomic, "a.json");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->observed, Observed::empty);
    ASSERT_TRUE(found->lost);
    EXPECT_EQ(found->lost->operation, "write");
    ASSERT_TRUE(found->kept);
    EXPECT_EQ(found->kept->operation, "truncate");
    EXPECT_THAT(found->missing, HasSubstr("an atomic replace"));
    EXPECT_THAT(found->missing, HasSubstr("truncated in place"));
  }
  EXPECT_THAT(report.notes, testing::Contains(HasSubstr("a.json is not synced")));
}

TEST(judge, new_file_written_under_its_own_name_is_found) {
  TestLog log;
  const InodeId file = log.create("a.json");
  log.write(file, 0, new_text);
  log.sync(file);
  log.close(file);
  log.sync_directory();
  const ProveReport report = report_of(log);
  const Violation* found = find(report, kill, Check::atomic, "a.json");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->observed, Observed::empty);
  EXPECT_THAT(found->missing, HasSubstr("an atomic replace"));
}

TEST(judge, durable_asks_for_files_that_were_never_synced) {
  ProveOptions options;
  options.expect = {Check::durable};
  TestLog log;
  const InodeId file = log.initial_file("a.log", "one\n");
  log.open(file, true);
  log.write(file, 4, "two\n");
  log.acknowledge("saved two\n");
  log.close(file);
  const ProveReport report = report_of(log, options);
  const Violation* found = find(report, power, Check::durable, "a.log");
  ASSERT_NE(found, nullptr);
  EXPECT_THAT(found->observed,
              AnyOf(Observed::old_after_ack, Observed::zeros, Observed::cut_short));
  EXPECT_THAT(found->missing, HasSubstr("fsync of the file after"));
  EXPECT_EQ(find(report, kill, Check::durable, "a.log"), nullptr);
}

TEST(judge, log_with_a_sync_before_each_acknowledgement_is_proved) {
  ProveOptions options;
  options.expect = {Check::durable};
  TestLog log;
  const InodeId file = log.initial_file("a.log", "zero\n");
  log.open(file, true);
  std::uint64_t size = 5;
  for (const std::string line : {"one\n", "two\n", "three\n"}) {
    log.write(file, size, line);
    size += line.size();
    log.sync(file);
    log.acknowledge("saved " + line);
  }
  log.close(file);
  const ProveReport report = report_of(log, options);
  EXPECT_EQ(report.verdict, Verdict::proved) << render_text(report, false);
  EXPECT_EQ(report.paths.at(0).path_class, PathClass::log);
  EXPECT_EQ(report.acknowledgements, 3U);
}

TEST(judge, unsynced_append_may_leave_zeros) {
  TestLog log;
  const InodeId file = log.initial_file("a.log", "one\n");
  log.open(file, true);
  log.write(file, 4, "two\n");
  log.close(file);
  const ProveReport report = report_of(log);
  const Violation* found = find(report, power, Check::atomic, "a.log");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->observed, Observed::zeros);
}

TEST(judge, lines_finds_a_write_that_is_cut_at_a_page) {
  ProveOptions options;
  options.expect = {Check::lines};
  std::string text;
  for (int i = 0; i < 600; ++i) text += "a line of text\n";
  TestLog log;
  const InodeId file = log.initial_file("a.log", "start\n");
  log.open(file, true);
  log.write(file, 6, text);
  log.close(file);
  const ProveReport report = report_of(log, options);
  const Violation* found = find(report, kill, Check::lines, "a.log");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->observed, Observed::cut_short);
  ASSERT_TRUE(found->lost);
  EXPECT_EQ(found->lost->operation, "write");
}

TEST(judge, temporaries_are_judged_by_no_litter_alone) {
  EXPECT_EQ(report_of(replace({})).paths.size(), 1U);
  ProveOptions options;
  options.expect = {Check::no_litter};
  const ProveReport report = report_of(replace({}), options);
  const Violation* found = find(report, kill, Check::no_litter, "a.json.tmp");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->observed, Observed::litter);
}

TEST(judge, in_place_json_is_judged_by_its_parser) {
  TestLog log;
  const InodeId file = log.initial_file("a.json", new_text);
  std::string changed = new_text;
  std::fill(changed.begin() + 100, changed.begin() + 8500, 'y');
  log.open(file);
  log.write(file, 0, changed);
  log.close(file);
  EXPECT_EQ(report_of(log).paths.at(0).path_class, PathClass::in_place);
  EXPECT_EQ(report_of(log).verdict, Verdict::proved) << "each mixture parses";
}

TEST(judge, in_place_file_of_an_unknown_kind_is_undecided_and_named) {
  TestLog log;
  const InodeId file = log.initial_file("a.bin", "0123456789");
  log.open(file);
  log.write(file, 2, "xx");
  log.close(file);
  const ProveReport report = report_of(log);
  EXPECT_EQ(report.verdict, Verdict::undecided);
  EXPECT_EQ(report.exit_code(), 2);
  ASSERT_EQ(report.undecided.size(), 1U);
  EXPECT_EQ(report.undecided[0].reason, Reason::in_place_unjudged);
  EXPECT_THAT(report.undecided[0].detail, HasSubstr("a.bin"));
}

TEST(judge, unsynced_change_in_place_is_lost_after_the_acknowledgement) {
  ProveOptions options;
  options.expect = {Check::durable};
  for (const bool synced : {false, true}) {
    TestLog log;
    const InodeId file = log.initial_file("a.bin", "0123456789");
    log.open(file);
    log.write(file, 2, "xx");
    if (synced) log.sync(file);
    log.close(file);
    log.acknowledge();
    const ProveReport report = report_of(log, options);
    EXPECT_EQ(report.verdict, synced ? Verdict::proved : Verdict::violated);
    if (synced) continue;
    const Violation* found = find(report, power, Check::durable, "a.bin");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->observed, Observed::old_after_ack);
  }
}

TEST(judge, violated_wins_over_undecided) {
  TestLog log = replace({.sync_file = false});
  const InodeId file = log.initial_file("a.bin", "0123456789");
  log.open(file);
  log.write(file, 2, "xx");
  log.close(file);
  const ProveReport report = report_of(log);
  EXPECT_EQ(report.verdict, Verdict::violated);
  EXPECT_FALSE(report.undecided.empty());
}

TEST(judge, nothing_written_is_undecided) {
  const ProveReport report = report_of(TestLog());
  EXPECT_EQ(report.verdict, Verdict::undecided);
  ASSERT_EQ(report.undecided.size(), 1U);
  EXPECT_EQ(report.undecided[0].reason, Reason::nothing_written);
}

TEST(judge, ignored_paths_are_not_judged_and_that_is_said) {
  ProveOptions options;
  options.ignore = {"a.json*"};
  const ProveReport report = report_of(replace({.sync_file = false}), options);
  EXPECT_EQ(report.verdict, Verdict::undecided);
  EXPECT_THAT(report.undecided.at(0).detail, HasSubstr("left out"));
}

TEST(judge, unmodelled_call_on_a_judged_file_is_undecided) {
  TestLog log = replace({});
  log.unmodelled(log.log.operations.front().inode, "a shared mapping for writing");
  const ProveReport report = report_of(log);
  EXPECT_EQ(report.verdict, Verdict::undecided);
  ASSERT_EQ(report.undecided.size(), 1U);
  EXPECT_EQ(report.undecided[0].reason, Reason::unmodelled_call);
  EXPECT_THAT(report.undecided[0].detail, HasSubstr("mmap of a.json"));
}

TEST(judge, unmodelled_call_on_an_ignored_file_does_not_matter) {
  TestLog log = replace({});
  const InodeId cache = log.initial_file("x.pyc", "cache");
  log.unmodelled(cache, "a shared mapping for writing");
  EXPECT_EQ(report_of(log).verdict, Verdict::proved);
}

TEST(judge, sampling_passes_and_is_not_proved) {
  ProveReport report = report_of(replace({}));
  report.engines[0].exhaustive = false;
  conclude(report);
  EXPECT_EQ(report.verdict, Verdict::passed);
  EXPECT_EQ(report.exit_code(), 0);
  report.require_exhaustive = true;
  EXPECT_EQ(report.exit_code(), 2);
}

TEST(judge, budget_that_is_over_before_it_began_is_undecided) {
  const TestLog log = replace({});
  const crash::History history(log.log);
  const ProveOptions options;
  Plan plan(history, options);
  JudgeLimits limits;
  limits.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  const Judgement judgement = judge(history, plan.groups(), options.engines, limits);
  for (const EngineReport& engine : judgement.engines) {
    if (engine.states_checked > 0) continue;
    EXPECT_FALSE(judgement.undecided.empty());
  }
}

TEST(judge, replay_token_names_log_and_state) {
  const auto token = [](Steps steps) { return report_of(replace(steps)).violations.at(0).replay; };
  EXPECT_EQ(token({.sync_file = false}), token({.sync_file = false}));
  EXPECT_NE(token({.sync_file = false}), token({.sync_directory = false}));
}

}  // namespace
}  // namespace untorn::prove
