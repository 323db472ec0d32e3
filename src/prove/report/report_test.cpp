// SPDX-License-Identifier: Apache-2.0
//
// The documents of a report. Fields are the contract: a test per field that programs read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "prove/prove.h"

namespace untorn::prove {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

ProveReport violated() {
  ProveReport report;
  report.verdict = Verdict::violated;
  report.root = "/srv/app";
  report.command_exit = 0;
  report.operations = 9;
  report.syncs = 2;
  report.acknowledgements = 1;
  report.paths = {{"settings.json", PathClass::whole, 2, {Check::atomic, Check::parse}}};
  report.engines = {{crash::Model::kill, {4, true}, 4, 4, true, 0, {}, 0.01},
                    {crash::Model::portable, {18, true}, 18, 6, true, 1, {}, 0.1}};
  Violation violation;
  violation.engine = crash::Model::portable;
  violation.check = Check::atomic;
  violation.path = "settings.json";
  violation.observed = Observed::empty;
  violation.observed_also = {Observed::cut_short, Observed::zeros};
  violation.lost =
      OperationNote{"write", "settings.json.tmp", "", 10'000, {}, Source{"app.py", 6, "save"}};
  violation.kept = OperationNote{"rename", "settings.json.tmp",        "settings.json", {},
                                 {},       Source{"app.py", 8, "save"}};
  violation.missing = "fsync of the file between app.py line 6 and app.py line 8";
  violation.states = 6;
  violation.replay = "7f3a-p-0b10";
  violation.bytes = {true, 0, "", 300, 10'000};
  report.violations = {violation};
  report.notes = {"a note"};
  report.limits = {"a limit"};
  report.elapsed_s = 0.4;
  return report;
}

TEST(render_json, has_every_field_of_the_contract) {
  const json document = json::parse(render_json(violated()));
  EXPECT_FALSE(document.begin().key().empty());
  EXPECT_EQ(document["schema"], "untorn.prove/1");
  EXPECT_EQ(document["verdict"], "violated");
  EXPECT_EQ(
      document["scope"],
      json({{"runs", 1}, {"model", "portable"}, {"states_checked", 22}, {"states_total", 22}}));
  EXPECT_EQ(document["command_exit"], 0);
  EXPECT_EQ(document["operations"], 9);
  EXPECT_EQ(document["syncs"], 2);
  EXPECT_EQ(document["acknowledgements"], 1);
  EXPECT_EQ(document["paths"][0], json({{"path", "settings.json"},
                                        {"class", "whole"},
                                        {"versions", 2},
                                        {"judged_by", {"atomic", "parse"}}}));
  const json& engine = document["engines"][1];
  EXPECT_EQ(engine["engine"], "power");
  EXPECT_EQ(engine["states_total"], 18);
  EXPECT_EQ(engine["states_checked"], 18);
  EXPECT_EQ(engine["states_distinct"], 6);
  EXPECT_EQ(engine["exhaustive"], true);
  EXPECT_EQ(engine["violations"], 1);
  EXPECT_TRUE(engine["elapsed_s"].is_number());
  EXPECT_EQ(document["notes"], json({"a note"}));
  EXPECT_EQ(document["limits"], json({"a limit"}));
  EXPECT_TRUE(document["undecided"].is_array());
  EXPECT_DOUBLE_EQ(document["elapsed_s"], 0.4);
}

TEST(render_json, schema_comes_first) {
  EXPECT_THAT(render_json(violated()), StartsWith("{\"schema\":"));
}

TEST(render_json, violation_names_calls_and_lines) {
  const json violation = json::parse(render_json(violated()))["violations"][0];
  EXPECT_EQ(violation["engine"], "power");
  EXPECT_EQ(violation["check"], "atomic");
  EXPECT_EQ(violation["path"], "settings.json");
  EXPECT_EQ(violation["observed"], "empty");
  EXPECT_EQ(violation["observed_also"], json({"short", "zeros"}));
  EXPECT_EQ(violation["lost"]["operation"], "write");
  EXPECT_EQ(violation["lost"]["path"], "settings.json.tmp");
  EXPECT_EQ(violation["lost"]["source"],
            json({{"path", "app.py"}, {"line", 6}, {"function", "save"}}));
  EXPECT_EQ(violation["kept"]["target"], "settings.json");
  EXPECT_EQ(violation["missing"], "fsync of the file between app.py line 6 and app.py line 8");
  EXPECT_TRUE(violation["proved_fix"].is_null());
  EXPECT_EQ(violation["states"], 6);
  EXPECT_EQ(violation["replay"], "7f3a-p-0b10");
  EXPECT_EQ(violation["bytes"]["size"], 0);
}

TEST(render_json, unknown_things_are_null) {
  ProveReport report = violated();
  report.command_exit.reset();
  report.violations[0].lost->source.reset();
  report.violations[0].kept.reset();
  const json document = json::parse(render_json(report));
  EXPECT_TRUE(document["command_exit"].is_null());
  EXPECT_TRUE(document["violations"][0]["lost"]["source"].is_null());
  EXPECT_TRUE(document["violations"][0]["kept"].is_null());
}

TEST(render_json, any_bytes_in_names_and_content_give_valid_json) {
  ProveReport report = violated();
  report.violations[0].path = "my\nstate \xFF.txt";
  report.violations[0].bytes.head = std::string("\0\xFF\"\\\n", 5);
  report.violations[0].bytes.size = 5;
  const json document = json::parse(render_json(report));
  EXPECT_EQ(document["violations"][0]["path"], "my\nstate \xEF\xBF\xBD.txt");
  EXPECT_EQ(document["violations"][0]["bytes"]["head"], "\\x00\\xff\"\\\\\\n");
}

TEST(render_json, counts_that_do_not_fit_say_so) {
  ProveReport report = violated();
  report.engines[1].states_total = {UINT64_MAX, false};
  report.engines[1].exhaustive = false;
  report.engines[1].seed = 7;
  const json document = json::parse(render_json(report));
  EXPECT_EQ(document["engines"][1]["states_total_exact"], false);
  EXPECT_EQ(document["engines"][1]["seed"], 7);
  EXPECT_EQ(document["scope"]["states_total"], UINT64_MAX);
}

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
