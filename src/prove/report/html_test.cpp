// SPDX-License-Identifier: Apache-2.0
//
// The page of a report: what it shows, and that nothing the run brought becomes markup.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "prove/prove.h"
#include "prove/report/html_parts.h"

namespace untorn::prove {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

ProveReport violated() {
  ProveReport report;
  report.verdict = Verdict::violated;
  report.root = "/srv/app";
  report.command = {"python3", "save it.py"};
  report.command_exit = 0;
  report.engines = {{Engine::power, {18, true}, 18, 6, true, 1, {}, 0.1}};
  report.paths = {{"settings.json", PathClass::whole, 2, {Check::atomic}}};
  const Source write{"app.py", 6, "save", "f.write(text)"};
  report.timeline = {
      {1, {"write", "settings.json.tmp", "", 10, {}, write}},
      {3, {"rename", "settings.json.tmp", "settings.json", {}, {}, Source{"app.py", 8, "save"}}},
      {4, {"acknowledge", "saved", "", {}, {}, {}}}};
  Violation violation;
  violation.engine = Engine::power;
  violation.path = "settings.json";
  violation.observed = Observed::mixed;
  violation.lost = report.timeline[0].note;
  violation.kept = report.timeline[1].note;
  violation.missing = "fsync of the file";
  violation.states = 6;
  violation.replay = "7f3a-p-0b10";
  violation.window = "ext4 31 s";
  violation.proved_fix = ProvedFix{{{"fsync of settings.json.tmp", write, 1}}, 9, "insert fsync"};
  violation.lost_operations = {1};
  violation.kept_operations = {3};
  violation.begun = 4;
  violation.bytes = {true, 4, "aXcY", 4, 4, "aBcd", "aXyz"};
  report.violations = {violation};
  report.limits = {"a limit"};
  return report;
}

TEST(render_html, needs_nothing_but_itself) {
  const std::string page = render_html(violated());
  EXPECT_THAT(page, StartsWith("<!DOCTYPE html>\n"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* foreign : {"http:", "https:", "<script", "<img", "<link", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(foreign)));
}

TEST(render_html, tells_the_whole_story) {
  const std::string page = render_html(violated());
  EXPECT_THAT(page, HasSubstr("<h1 class=\"bad\">Not crash-safe</h1>"));
  EXPECT_THAT(page, HasSubstr("python3 &#39;save it.py&#39;"));
  EXPECT_THAT(page, HasSubstr("<code>f.write(text)</code>"));
  EXPECT_THAT(page, HasSubstr("app.py line 6 in save"));
  EXPECT_THAT(page, HasSubstr("fsync of the file"));
  EXPECT_THAT(page, HasSubstr("insert fsync"));
  EXPECT_THAT(page, HasSubstr("ext4 31 s"));
  EXPECT_THAT(page, HasSubstr("untorn replay 7f3a-p-0b10 DIR"));
  EXPECT_THAT(page, HasSubstr("<tr class=\"lost\"><td class=\"mark\">lost</td>"));
  EXPECT_THAT(page, HasSubstr("<tr class=\"kept\"><td class=\"mark\">kept</td>"));
  EXPECT_THAT(page, HasSubstr("<tr class=\"cut\"><td colspan=\"4\">the power goes</td></tr>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"mark\">not begun</td>"));
}

TEST(render_html, nothing_of_the_run_becomes_markup) {
  const std::string hostile = "<script>alert(1)</script>\"'&\n\x1b[31m\xFF";
  ProveReport report = violated();
  report.root = hostile;
  report.command = {hostile};
  report.paths[0].path = hostile;
  report.notes = {hostile};
  report.limits = {hostile};
  report.undecided = {{Reason::budget, hostile}};
  for (TimelineEntry& entry : report.timeline) {
    entry.note = {hostile, hostile, hostile, {}, {}, Source{hostile, 1, hostile, hostile}, hostile};
  }
  Violation& violation = report.violations[0];
  violation.path = hostile;
  violation.lost = report.timeline[0].note;
  violation.kept = violation.lost;
  violation.missing = hostile;
  violation.window = hostile;
  violation.replay = hostile;
  violation.output = hostile;
  violation.proved_fix = ProvedFix{{{hostile, violation.lost->source, 1}}, 1, hostile};
  violation.bytes = {true, hostile.size(), hostile, hostile.size(), 3, hostile, "<b>"};
  const std::string page = render_html(report);
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<b>")), Not(HasSubstr("\x1b")),
                          Not(HasSubstr("\xFF"))));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
}

TEST(render_html, a_proof_shows_no_violations) {
  ProveReport report = violated();
  report.verdict = Verdict::proved;
  report.violations.clear();
  report.timeline.clear();
  const std::string page = render_html(report);
  EXPECT_THAT(page, HasSubstr("<h1 class=\"good\">Proved</h1>"));
  EXPECT_THAT(page, HasSubstr("crash states, all there are"));
  EXPECT_THAT(page, Not(HasSubstr("class=\"entry\"")));
}

TEST(render_html, many_violations_stay_a_page) {
  ProveReport report = violated();
  for (int i = 0; i < 300; ++i) {
    report.violations.push_back(report.violations.front());
    report.violations.back().path = "file" + std::to_string(i);
  }
  const std::string page = render_html(report);
  EXPECT_THAT(page, HasSubstr("and 201 more; --format json has them all"));
  EXPECT_THAT(page, Not(HasSubstr("id=\"v101\"")));
}

TEST(html_bytes, marks_bytes_by_the_version_they_agree_with) {
  // 'a' as both, 'X' as after, 'c' as before, 'Y' as neither.
  const std::string markup = html_bytes(violated().violations[0].bytes);
  EXPECT_THAT(markup, HasSubstr("61 <mark class=\"is-new\">58</mark> <mark class=\"is-old\">63"
                                "</mark> <mark class=\"is-wrong\">59</mark>"));
  EXPECT_THAT(markup, HasSubstr("a<mark class=\"is-new\">X</mark><mark class=\"is-old\">c</mark>"
                                "<mark class=\"is-wrong\">Y</mark>"));
}

TEST(html_bytes, says_what_is_absent_empty_or_cut_off) {
  const std::string markup = html_bytes({true, 0, "", {}, 5000, "", std::string(256, 'x')});
  EXPECT_THAT(markup, HasSubstr("<p class=\"soft\">no file</p>"));
  EXPECT_THAT(markup, HasSubstr("<p class=\"soft\">empty</p>"));
  EXPECT_THAT(markup, HasSubstr("and 4744 more bytes"));
}

}  // namespace
}  // namespace untorn::prove
