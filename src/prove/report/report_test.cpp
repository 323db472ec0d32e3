// SPDX-License-Identifier: Apache-2.0
//
// The documents that programs read. Fields are the contract: a test per field that programs read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "prove/prove.h"
#include "prove/report/report_test_sample.h"

namespace untorn::prove {
namespace {

using nlohmann::json;
using test::fixed;
using test::violated;
using testing::HasSubstr;
using testing::StartsWith;

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

TEST(render_json, shows_the_timeline_and_what_the_bad_state_lacks) {
  const json document = json::parse(render_json(violated()));
  ASSERT_EQ(document["timeline"].size(), 4U);
  EXPECT_EQ(document["timeline"][1]["number"], 2);
  EXPECT_EQ(document["timeline"][1]["operation"], "write");
  EXPECT_EQ(document["timeline"][1]["source"]["line"], 6);
  const json& violation = document["violations"][0];
  EXPECT_EQ(violation["lost_operations"], json({2}));
  EXPECT_EQ(violation["kept_operations"], json({4}));
  EXPECT_EQ(violation["begun"], 5);
  EXPECT_EQ(violation["window"], "ext4 31 s, xfs 15 s, btrfs none seen");
  EXPECT_EQ(violation["bytes"]["old_head"], "{\"old\": 1}");
  EXPECT_EQ(violation["bytes"]["new_head"], "{\"new\": 2}");
}

TEST(render_json, a_proved_fix_is_a_text_and_its_steps) {
  const json violation = json::parse(render_json(fixed()))["violations"][0];
  EXPECT_EQ(violation["proved_fix"],
            "insert os.fsync(f.fileno()) after app.py line 6: 0 bad of 9 states");
  EXPECT_EQ(violation["proved_fix_states"], 9);
  ASSERT_EQ(violation["proved_fix_steps"].size(), 2U);
  EXPECT_EQ(violation["proved_fix_steps"][0]["call"], "fsync of settings.json.tmp");
  EXPECT_EQ(violation["proved_fix_steps"][0]["source"]["line"], 6);
  EXPECT_EQ(violation["proved_fix_steps"][0]["after_operation"], 2);
  EXPECT_TRUE(violation["proved_fix_steps"][1]["source"].is_null());
}

TEST(render_json, a_failed_call_says_how_it_failed) {
  ProveReport report = violated();
  report.violations[0].engine = Engine::fault;
  report.violations[0].lost->fault = "ENOSPC";
  const json violation = json::parse(render_json(report))["violations"][0];
  EXPECT_EQ(violation["lost"]["fault"], "ENOSPC");
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

// What code scanning asks of a document, field by field.
TEST(render_sarif, is_one_run_with_rules_and_results) {
  const json document = json::parse(render_sarif(fixed()));
  EXPECT_EQ(document["version"], "2.1.0");
  EXPECT_THAT(document["$schema"].get<std::string>(), HasSubstr("sarif-schema-2.1.0.json"));
  ASSERT_EQ(document["runs"].size(), 1U);
  const json& run = document["runs"][0];
  EXPECT_EQ(run["tool"]["driver"]["name"], "untorn prove");
  EXPECT_EQ(run["invocations"][0]["executionSuccessful"], true);
  EXPECT_EQ(run["originalUriBaseIds"]["ROOT"]["uri"], "file:///srv/app/");
  ASSERT_EQ(run["results"].size(), 1U);
  const json& result = run["results"][0];
  const auto index = result["ruleIndex"].get<std::size_t>();
  const json& rule = run["tool"]["driver"]["rules"][index];
  EXPECT_EQ(result["ruleId"], "atomic");
  EXPECT_EQ(rule["id"], "atomic");
  EXPECT_FALSE(rule["shortDescription"]["text"].get<std::string>().empty());
  EXPECT_EQ(rule["defaultConfiguration"]["level"], "error");
  EXPECT_EQ(result["level"], "error");
  const auto text = result["message"]["text"].get<std::string>();
  EXPECT_THAT(text, HasSubstr("settings.json is 0 bytes after a power cut"));
  EXPECT_THAT(text, HasSubstr("Proved fix: insert os.fsync(f.fileno())"));
  EXPECT_EQ(result["properties"]["provedFix"].get<std::string>(),
            "insert os.fsync(f.fileno()) after app.py line 6: 0 bad of 9 states");
}

TEST(render_sarif, stands_at_the_lost_call_and_flows_through_both) {
  const json result = json::parse(render_sarif(violated()))["runs"][0]["results"][0];
  const json& place = result["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "app.py");
  EXPECT_EQ(place["artifactLocation"]["uriBaseId"], "ROOT");
  EXPECT_EQ(place["region"]["startLine"], 6);
  ASSERT_EQ(result["relatedLocations"].size(), 2U);
  EXPECT_THAT(result["relatedLocations"][0]["message"]["text"].get<std::string>(),
              StartsWith("lost: write("));
  EXPECT_THAT(result["relatedLocations"][1]["message"]["text"].get<std::string>(),
              StartsWith("kept: rename("));
  const json& steps = result["codeFlows"][0]["threadFlows"][0]["locations"];
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0]["importance"], "essential");
  EXPECT_EQ(steps[1]["location"]["physicalLocation"]["region"]["startLine"], 8);
}

TEST(render_sarif, a_fingerprint_does_not_change_when_lines_move) {
  const auto fingerprint = [](const ProveReport& report) {
    return json::parse(render_sarif(report))["runs"][0]["results"][0]["partialFingerprints"];
  };
  ProveReport moved = violated();
  moved.violations[0].lost->source->line += 10;
  moved.violations[0].kept->source->line += 10;
  EXPECT_EQ(fingerprint(violated()), fingerprint(moved));
  moved.violations[0].lost->source->function = "store";
  EXPECT_NE(fingerprint(violated()), fingerprint(moved));
}

TEST(render_sarif, a_result_without_lines_stands_at_the_damaged_file) {
  ProveReport report = violated();
  report.violations[0].lost->source.reset();
  report.violations[0].kept->source.reset();
  for (TimelineEntry& entry : report.timeline) entry.note.source.reset();
  const json result = json::parse(render_sarif(report))["runs"][0]["results"][0];
  EXPECT_EQ(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "settings.json");
  EXPECT_FALSE(result.contains("codeFlows"));
}

TEST(render_sarif, undecided_is_no_success_and_says_why) {
  ProveReport report = violated();
  report.violations.clear();
  report.verdict = Verdict::undecided;
  report.undecided = {{Reason::budget, "the budget ended"}};
  const json run = json::parse(render_sarif(report))["runs"][0];
  EXPECT_EQ(run["invocations"][0]["executionSuccessful"], false);
  EXPECT_EQ(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
            "budget: the budget ended");
  EXPECT_TRUE(run["results"].empty());
}

TEST(render_sarif, any_bytes_in_names_give_valid_json) {
  ProveReport report = violated();
  report.violations[0].path = "my\nstate \xFF.txt";
  report.violations[0].lost->source->path = "\xFF \n.py";
  const json result = json::parse(render_sarif(report))["runs"][0]["results"][0];
  EXPECT_EQ(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "%FF%20%0A.py");
}

}  // namespace
}  // namespace untorn::prove
