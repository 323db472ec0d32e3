// SPDX-License-Identifier: Apache-2.0
//
// The report for people.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "prove/prove.h"
#include "prove/report/report_test_sample.h"

namespace untorn::prove {
namespace {

using test::fixed;
using test::violated;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(render_text, begins_with_the_verdict_and_ends_with_it) {
  const std::string text = render_text(violated(), false);
  EXPECT_THAT(text, StartsWith("NOT CRASH-SAFE  settings.json is 0 bytes after a power cut (model "
                               "portable, exhaustive, 18 of 18 states, 6 bad)\n"));
  EXPECT_TRUE(text.ends_with("\nverdict: violated\n"));
}

TEST(render_text, names_lines_bytes_and_sizes) {
  ProveReport report = violated();
  report.violations[0].bytes = {
      true, 5000, std::string("ab\0\n", 4) + std::string(100, '\0'), 300, {}};
  report.violations[0].observed = Observed::zeros;
  const std::string text = render_text(report, false);
  EXPECT_THAT(text, HasSubstr("lost:"));
  EXPECT_THAT(text, HasSubstr("write(settings.json.tmp, 10000 bytes)"));
  EXPECT_THAT(text, HasSubstr("app.py line 6 in save"));
  EXPECT_THAT(text, HasSubstr("rename(settings.json.tmp -> settings.json)"));
  EXPECT_THAT(text, HasSubstr("61 62 00 0a"));
  EXPECT_THAT(text, HasSubstr("|ab.."));
  EXPECT_THAT(text, HasSubstr("5000 bytes (before the run 300 bytes, after it absent)"));
  EXPECT_THAT(text, HasSubstr("4936 more bytes"));
}

TEST(render_text, draws_the_timeline) {
  EXPECT_THAT(render_text(violated(), false),
              HasSubstr("  timeline:\n"
                        "               2  create(settings.json.tmp)\n"
                        "    lost       3  write(settings.json.tmp, 10000 bytes)          app.py "
                        "line 6 in save\n"
                        "    kept       5  rename(settings.json.tmp -> settings.json)     app.py "
                        "line 8 in save\n"
                        "    ------------ the power goes ----------------------------------------"
                        "\n"
                        "               6  acknowledge(exit 0)\n"));
}

TEST(render_text, gives_window_fix_and_token) {
  const std::string text = render_text(fixed(), false);
  EXPECT_THAT(text, HasSubstr("  window:  ext4 31 s, xfs 15 s, btrfs none seen (measured"));
  EXPECT_THAT(text, HasSubstr("  proved fix: insert os.fsync(f.fileno()) after app.py line 6"));
  EXPECT_THAT(text, HasSubstr("  replay:  untorn replay 7f3a-p-0b10 DIR\n"));
  ProveReport without = violated();
  without.violations[0].window.clear();
  without.violations[0].replay.clear();
  EXPECT_THAT(render_text(without, false), Not(HasSubstr("window:")));
  EXPECT_THAT(render_text(without, false), Not(HasSubstr("proved fix:")));
  EXPECT_THAT(render_text(without, false), Not(HasSubstr("replay:")));
}

TEST(render_text, a_fault_is_no_state) {
  ProveReport report = violated();
  Violation& violation = report.violations[0];
  violation.engine = Engine::fault;
  violation.lost->fault = "ENOSPC";
  violation.kept.reset();
  violation.output = "exit code 0, but the new content is not there";
  report.engines = {{Engine::fault, {310, true}, 55, 55, false, 1, {}, 0.1}};
  const std::string text = render_text(report, false);
  EXPECT_THAT(text, StartsWith("NOT CRASH-SAFE  settings.json is 0 bytes after a failed call "
                               "(55 of 310 faults, 6 bad)\n"));
  EXPECT_THAT(text, HasSubstr("failed:"));
  EXPECT_THAT(text, HasSubstr("write(settings.json.tmp, 10000 bytes): ENOSPC"));
  EXPECT_THAT(text, HasSubstr("exit code 0, but"));
  EXPECT_THAT(text, HasSubstr("content: 0 bytes (before the run 300 bytes"));
  EXPECT_THAT(text, Not(HasSubstr("sampled")));
  EXPECT_THAT(text, Not(HasSubstr("timeline:")));
}

TEST(render_text, a_verdict_says_what_was_tried) {
  ProveReport report = violated();
  report.violations.clear();
  report.verdict = Verdict::proved;
  const EngineReport faults{Engine::fault, {55, true}, 55, 55, true, 0, {}, 0.1};
  report.engines.push_back(faults);
  EXPECT_THAT(render_text(report, false), StartsWith("PROVED  every crash state of this run was "
                                                     "judged and every fault was tried, and"));
  report.engines = {faults};
  EXPECT_THAT(render_text(report, false), StartsWith("PROVED  every fault was tried, and none"));
  report.verdict = Verdict::passed;
  EXPECT_THAT(render_text(report, false), StartsWith("PASSED  none of the faults that were tried"));
}

TEST(render_text, never_says_safe_about_anything_but_not_crash_safe) {
  ProveReport report = violated();
  report.violations.clear();
  report.verdict = Verdict::proved;
  const std::string text = render_text(report, false);
  EXPECT_THAT(text, StartsWith("PROVED"));
  EXPECT_THAT(text, Not(HasSubstr("safe")));
}

TEST(render_text, names_cannot_steer_the_terminal) {
  ProveReport report = violated();
  report.violations[0].path = "a\x1b[31m\nb";
  report.paths[0].path = "a\x1b[31m\nb";
  report.notes = {"x\x1b[0m"};
  report.timeline[0].note.path = "a\x1b[31m\nb";
  report.violations[0].lost->source = Source{"\x1b[2J.py", 1, "\x1b[0m", "\x1b[0m"};
  report.violations[0].missing = "\x1b[0m";
  report.violations[0].output = "\x1b[0m\n\x1b[0m";
  report.violations[0].proved_fix = ProvedFix{{}, 1, "\x1b[0m"};
  EXPECT_THAT(render_text(report, false), Not(HasSubstr("\x1b")));
}

TEST(render_text, colour_is_only_there_when_asked) {
  EXPECT_THAT(render_text(violated(), true), HasSubstr("\x1b[1;31mNOT CRASH-SAFE"));
  EXPECT_THAT(render_text(violated(), false), Not(HasSubstr("\x1b")));
}

TEST(render_text, undecided_gives_the_reason_first) {
  ProveReport report = violated();
  report.violations.clear();
  report.verdict = Verdict::undecided;
  report.undecided = {{Reason::nothing_written, "the command changed no file below the root"}};
  const std::string text = render_text(report, false);
  EXPECT_THAT(text, StartsWith("UNDECIDED  the command changed no file below the root\n"));
  EXPECT_THAT(text, HasSubstr("undecided: nothing-written: "));
}

TEST(render_text, an_interruption_is_the_reason) {
  ProveReport report = violated();
  report.violations.clear();
  report.verdict = Verdict::undecided;
  report.interrupted = true;
  EXPECT_THAT(render_text(report, false), StartsWith("UNDECIDED  it was interrupted\n"));
}

}  // namespace
}  // namespace untorn::prove
