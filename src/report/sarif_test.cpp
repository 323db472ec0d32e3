// SPDX-License-Identifier: Apache-2.0
//
// The shape of the document. What the standard asks of it beyond this, tests of its writers ask of
// whole reports.
#include "report/sarif.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace untorn::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

SarifRun sample() {
  SarifRun run;
  run.tool = "untorn prove";
  run.version = "1.2.3";
  run.root = "/srv/my app";
  run.rules = {{"atomic", "Atomic", "A file holds one of its versions.", "Replace it whole."},
               {"parse", "Parse", "A file parses.", "", SarifLevel::warning}};
  SarifResult result;
  result.rule = "parse";
  result.level = SarifLevel::warning;
  result.message = "it is lost";
  result.locations = {{"bin/app.py", 6, "f.write(x)", "", "save"}};
  result.related = {{"/usr/lib/x.py", 8, "", "kept"}};
  result.flow = {{{"bin/app.py", 6, "", "lost"}, true}, {{"bin/app.py", 9, "", "sync"}, false}};
  result.fingerprint = "abc";
  run.results = {result};
  return run;
}

TEST(render_sarif, begins_as_the_standard_asks) {
  EXPECT_THAT(render_sarif(sample()), StartsWith("{\"$schema\": \"https://docs.oasis-open.org/"));
  EXPECT_THAT(render_sarif(sample()), HasSubstr("\"version\": \"2.1.0\", \"runs\": [{\"tool\": "));
}

TEST(render_sarif, a_result_names_its_rule_by_id_and_place) {
  EXPECT_THAT(
      render_sarif(sample()),
      HasSubstr(R"("ruleId": "parse", "ruleIndex": 1, "level": "warning", "message": {"text": )"));
}

TEST(render_sarif, relative_paths_are_below_the_root_and_absolute_ones_are_not) {
  const std::string document = render_sarif(sample());
  EXPECT_THAT(document,
              HasSubstr(R"("originalUriBaseIds": {"ROOT": {"uri": "file:///srv/my%20app/"}})"));
  EXPECT_THAT(document,
              HasSubstr(R"("artifactLocation": {"uri": "bin/app.py", "uriBaseId": "ROOT"})"));
  EXPECT_THAT(document, HasSubstr(R"("artifactLocation": {"uri": "file:///usr/lib/x.py"})"));
}

TEST(render_sarif, flows_are_ordered_and_say_what_matters) {
  EXPECT_THAT(render_sarif(sample()),
              HasSubstr(R"({"executionOrder": 1, "importance": "essential", "location": )"));
  EXPECT_THAT(render_sarif(sample()),
              HasSubstr(R"({"executionOrder": 2, "importance": "unimportant", "location": )"));
}

TEST(render_sarif, a_line_that_is_not_known_has_no_region) {
  SarifRun run = sample();
  run.results[0].locations = {{"state.json", 0}};
  run.results[0].related.clear();
  run.results[0].flow.clear();
  EXPECT_THAT(render_sarif(run), Not(HasSubstr("region")));
  EXPECT_THAT(render_sarif(run), Not(HasSubstr("codeFlows")));
}

TEST(render_sarif, a_tool_that_could_not_do_its_work_says_why) {
  SarifRun run = sample();
  run.successful = false;
  run.notifications = {"the budget ended"};
  run.command = {"python3", "save.py"};
  const std::string document = render_sarif(run);
  EXPECT_THAT(document, HasSubstr(R"("executionSuccessful": false, "arguments": ["python3", )"));
  EXPECT_THAT(document, HasSubstr(R"("toolExecutionNotifications": [{"level": "warning", )"));
}

TEST(uri_path, encodes_every_byte_that_is_not_plain) {
  EXPECT_EQ(uri_path("a/b-1._~"), "a/b-1._~");
  EXPECT_EQ(uri_path("a b%?#\n\xFF\xC3\xA9:"), "a%20b%25%3F%23%0A%FF%C3%A9%3A");
}

}  // namespace
}  // namespace untorn::report
