// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "untorn/json.h"
#include "watch/pages.h"

namespace untorn::watch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

health::Problem damaged(std::string path) {
  return {.kind = health::Kind::corrupt_document,
          .severity = health::Severity::error,
          .path = std::move(path),
          .detail = "it is cut off",
          .repair = "--repair brings it back"};
}

Picture healthy() {
  Picture picture;
  picture.root = "/var/lib/app";
  picture.look = {.at_ns = 1'700'000'000'000'000'000,
                  .duration_ns = 1'000'000,
                  .complete = true,
                  .counts = {.folders = 2, .files = 3, .documents = 1}};
  return picture;
}

std::string page_of(const Picture& picture, const Counted& counted = {}) {
  return render_page({.picture = picture, .counted = counted, .version = "1.2.3"});
}

std::string health_of(const Picture& picture) {
  return render_health({.picture = picture, .counted = {}, .version = "1.2.3"});
}

TEST(Page, names_of_files_cannot_bring_markup) {
  Picture picture = healthy();
  picture.problems = {damaged("<script>alert(1)</script>.json")};
  picture.in_place = {{.path = "<img src=x>", .writer = "<b>", .times = 1}};
  picture.unreadable = {{.path = "<i>", .reason = "<u>"}};
  Counted counted;
  counted.errors = {"<s>"};
  const std::string page = page_of(picture, counted);
  for (const char* markup : {"<script", "<img", "<b>", "<i>", "<u>", "<s>"}) {
    EXPECT_THAT(page, Not(HasSubstr(markup)));
  }
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;.json"));
}

TEST(Page, says_in_words_whether_all_is_well) {
  EXPECT_THAT(page_of(healthy()), HasSubstr(">Healthy</h1>"));
  Picture picture = healthy();
  picture.problems = {damaged("a.json"), damaged("b.json")};
  EXPECT_THAT(page_of(picture), HasSubstr(">2 problems</h1>"));
  picture = healthy();
  picture.look.complete = false;
  EXPECT_THAT(page_of(picture), HasSubstr("Not everything could be looked at"));
}

TEST(Page, stays_readable_with_very_many_problems) {
  Picture picture = healthy();
  for (int number = 0; number < 20'000; ++number) {
    picture.problems.push_back(damaged("f" + std::to_string(number)));
  }
  const std::string page = page_of(picture);
  EXPECT_LT(page.size(), 200'000U);
  EXPECT_THAT(page, HasSubstr("20000 problems"));
  EXPECT_THAT(page, HasSubstr("and 19500 more"));
}

TEST(Page, lists_the_worst_first) {
  Picture picture = healthy();
  health::Problem small = damaged("a-small.json");
  small.severity = health::Severity::info;
  picture.problems = {small, damaged("z-large.json")};
  const std::string page = page_of(picture);
  EXPECT_LT(page.find("z-large.json"), page.find("a-small.json"));
}

TEST(Page, loads_and_runs_nothing) {
  const std::string page = page_of(healthy());
  for (const char* foreign : {"<script", "src=", "http:", "https:", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(foreign))) << foreign;
  }
}

TEST(Page, half_of_the_commits_are_within_the_bound_of_their_bucket) {
  Counted counted;
  counted.totals.commit_durations.buckets[4] = 98;  // up to 1 ms
  counted.totals.commit_durations.buckets[6] = 1;   // up to 10 ms
  counted.totals.commit_durations.buckets.back() = 1;
  const std::string page = page_of(healthy(), counted);
  EXPECT_THAT(page, HasSubstr("<td class=\"number\">100</td>"));
  EXPECT_THAT(page, HasSubstr("0.001 s"));
  EXPECT_THAT(page, HasSubstr("0.01 s"));
}

TEST(HealthDocument, is_json_and_says_ok) {
  const auto document = JsonDocument::parse(health_of(healthy()));
  ASSERT_TRUE(document.has_value());
  const std::string text = health_of(healthy());
  EXPECT_THAT(text, HasSubstr(R"({"schema": "untorn.health/1")"));
  EXPECT_THAT(text, HasSubstr(R"("status": "ok")"));
  EXPECT_THAT(text, HasSubstr(R"("corrupt-document": 0)"));
  EXPECT_THAT(text, HasSubstr(R"("at": "2023-11-14T22:13:20Z")"));
}

TEST(HealthDocument, counts_problems_by_kind_and_names_no_path) {
  Picture picture = healthy();
  picture.problems = {damaged("hidden.json")};
  const std::string text = health_of(picture);
  EXPECT_THAT(text, HasSubstr(R"("status": "problems")"));
  EXPECT_THAT(text, HasSubstr(R"("corrupt-document": 1)"));
  EXPECT_THAT(text, Not(HasSubstr("hidden")));
}

TEST(HealthDocument, is_not_ok_when_something_could_not_be_looked_at) {
  Picture picture = healthy();
  picture.look.complete = false;
  EXPECT_THAT(health_of(picture), HasSubstr(R"("status": "problems")"));
}

TEST(WatchDocument, lists_each_problem_and_what_could_not_be_read) {
  Picture picture = healthy();
  picture.problems = {damaged(std::string("a\xff\n.json"))};
  picture.unreadable = {{.path = "locked", .reason = "Permission denied"}};
  const std::string text = render_json({.picture = picture, .counted = {}, .version = "1.2.3"});
  EXPECT_TRUE(JsonDocument::parse(text).has_value());
  EXPECT_THAT(text, HasSubstr(R"({"schema": "untorn.watch/1")"));
  EXPECT_THAT(text, HasSubstr(R"("path": "a)"));
  EXPECT_THAT(text, HasSubstr(R"("reason": "Permission denied")"));
}

}  // namespace
}  // namespace untorn::watch
