// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "watch/metrics_text.h"
#include "watch/pages.h"

namespace untorn::watch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string metrics_of(const Picture& picture, const Counted& counted = {}) {
  return render_metrics({.picture = picture, .counted = counted, .version = "1.2.3"});
}

// The value of a line that begins so.
std::string value_of(const std::string& text, const std::string& series) {
  const std::size_t at = text.find("\n" + series + " ");
  if (at == std::string::npos) return "no such series";
  const std::size_t start = at + series.size() + 2;
  return text.substr(start, text.find('\n', start) - start);
}

health::Problem stale(health::Severity severity, std::uint64_t size_bytes) {
  return {.kind = health::Kind::stale_temporary,
          .severity = severity,
          .path = "t",
          .detail = {},
          .repair = {},
          .temporary = health::TemporaryFacts{.size_bytes = size_bytes}};
}

TEST(MetricsText, a_family_has_its_help_type_and_unit) {
  MetricsText text;
  text.family({"app_wait_seconds", "Time \"lost\".", MetricType::gauge, "seconds"}).seconds(1);
  EXPECT_EQ(std::move(text).take(),
            "# HELP app_wait_seconds Time \"lost\".\n# TYPE app_wait_seconds gauge\n"
            "# UNIT app_wait_seconds seconds\napp_wait_seconds 0.000000001\n");
}

TEST(MetricsText, label_values_cannot_leave_their_quotes_or_line) {
  MetricsText text;
  text.family({"m", "back\\slash\nline", MetricType::counter});
  text.sample(1, {{"a", "x\"} 9\nm{a=\"y\\"}, {"b", std::string_view("\xff\0", 2)}});
  const std::string out = std::move(text).take();
  EXPECT_THAT(out, HasSubstr("# HELP m back\\\\slash\\nline\n"));
  EXPECT_THAT(out, HasSubstr("m{a=\"x\\\"} 9\\nm{a=\\\"y\\\\\",b=\"\xEF\xBF\xBD"));
}

TEST(MetricsText, seconds_are_exact) {
  EXPECT_EQ(seconds_text(0), "0");
  EXPECT_EQ(seconds_text(1), "0.000000001");
  EXPECT_EQ(seconds_text(1'500'000'000), "1.5");
  EXPECT_EQ(seconds_text(-250'000'000), "-0.25");
  EXPECT_EQ(seconds_text(std::numeric_limits<std::int64_t>::max()), "9223372036.854775807");
  EXPECT_EQ(seconds_text(std::numeric_limits<std::int64_t>::min()), "-9223372036.854775808");
}

TEST(MetricsText, buckets_are_cumulative_and_end_with_the_count) {
  DurationCounts durations;
  durations.buckets.front() = 2;  // up to 10 µs
  durations.buckets[1] = 3;       // up to 50 µs
  durations.buckets.back() = 4;   // over 5 s
  durations.sum_ns = 30'000'000'007;
  MetricsText text;
  text.family({"d_seconds", "D.", MetricType::histogram, "seconds"}).histogram(durations);
  const std::string out = std::move(text).take();
  EXPECT_EQ(value_of(out, "d_seconds_bucket{le=\"1e-05\"}"), "2");
  EXPECT_EQ(value_of(out, "d_seconds_bucket{le=\"5e-05\"}"), "5");
  EXPECT_EQ(value_of(out, "d_seconds_bucket{le=\"0.0001\"}"), "5");
  EXPECT_EQ(value_of(out, "d_seconds_bucket{le=\"1\"}"), "5");
  EXPECT_EQ(value_of(out, "d_seconds_bucket{le=\"5\"}"), "5");
  EXPECT_EQ(value_of(out, "d_seconds_bucket{le=\"+Inf\"}"), "9");
  EXPECT_EQ(value_of(out, "d_seconds_sum"), "30.000000007");
  EXPECT_EQ(value_of(out, "d_seconds_count"), "9");
}

TEST(Metrics, every_combination_of_labels_is_there_before_anything_happened) {
  const std::string text = metrics_of({});
  for (const char* level : {"process", "ordered", "durable"}) {
    for (const char* outcome : {"not_applied", "applied_unsynced", "applied", "unknown"}) {
      const std::string labels =
          std::string("{durability=\"") + level + "\",outcome=\"" + outcome + "\"}";
      EXPECT_EQ(value_of(text, "untorn_commits_total" + labels), "0") << labels;
    }
  }
  for (const char* result : {"recovered", "rolled_forward", "discarded", "failed"}) {
    EXPECT_EQ(value_of(text, std::string("untorn_recoveries_total{result=\"") + result + "\"}"),
              "0");
  }
  for (const health::Kind kind : health::all_kinds) {
    const std::string labels = "{kind=\"" + std::string(to_string(kind)) + "\"}";
    EXPECT_EQ(value_of(text, "untorn_problems" + labels), "0");
  }
  EXPECT_EQ(value_of(text, "untorn_corrupted_files"), "0");
  EXPECT_EQ(value_of(text, "untorn_in_place_writes_total"), "0");
  EXPECT_EQ(value_of(text, "untorn_build_info{version=\"1.2.3\"}"), "1");
}

TEST(Metrics, each_number_of_the_counters_stands_in_its_own_series) {
  Counted counted;
  std::uint64_t next = 100;
  for (auto& level : counted.totals.commits) {
    for (auto& outcome : level) outcome = next++;
  }
  for (auto& result : counted.totals.recoveries) result = next++;
  counted.totals.bytes = next++;
  counted.totals.set_aside = next++;
  counted.totals.torn_lines = next++;
  counted.totals.swept = next++;
  const std::string text = metrics_of({}, counted);
  EXPECT_EQ(value_of(text, "untorn_commits_total{durability=\"process\",outcome=\"not_applied\"}"),
            "100");
  EXPECT_EQ(value_of(text, "untorn_commits_total{durability=\"ordered\",outcome=\"applied\"}"),
            "106");
  EXPECT_EQ(value_of(text, "untorn_commits_total{durability=\"durable\",outcome=\"unknown\"}"),
            "111");
  EXPECT_EQ(value_of(text, "untorn_recoveries_total{result=\"recovered\"}"), "112");
  EXPECT_EQ(value_of(text, "untorn_recoveries_total{result=\"failed\"}"), "115");
  EXPECT_EQ(value_of(text, "untorn_written_bytes_total"), "116");
  EXPECT_EQ(value_of(text, "untorn_set_aside_files_total"), "117");
  EXPECT_EQ(value_of(text, "untorn_torn_lines_total"), "118");
  EXPECT_EQ(value_of(text, "untorn_swept_temporaries_total"), "119");
}

TEST(Metrics, only_temporaries_without_a_writer_count_as_stale) {
  Picture picture;
  picture.problems = {stale(health::Severity::warning, 10), stale(health::Severity::warning, 32),
                      stale(health::Severity::info, 1000)};
  const std::string text = metrics_of(picture);
  EXPECT_EQ(value_of(text, "untorn_stale_temporaries"), "2");
  EXPECT_EQ(value_of(text, "untorn_stale_temporary_bytes"), "42");
  EXPECT_EQ(value_of(text, "untorn_problems{kind=\"stale-temporary\"}"), "2");
}

TEST(Metrics, a_damaged_document_is_a_corrupted_file_and_its_path_is_no_label) {
  Picture picture;
  picture.problems = {{.kind = health::Kind::corrupt_document,
                       .severity = health::Severity::error,
                       .path = "secret-name.json",
                       .detail = "cut",
                       .repair = {}}};
  picture.in_place = {{.path = "other-name.json", .writer = "vim", .times = 1}};
  const std::string text = metrics_of(picture);
  EXPECT_EQ(value_of(text, "untorn_corrupted_files"), "1");
  EXPECT_THAT(text, Not(HasSubstr("secret-name")));
  EXPECT_THAT(text, Not(HasSubstr("other-name")));
}

TEST(Metrics, it_is_seen_when_a_look_was_not_complete) {
  Picture picture;
  picture.look = {.at_ns = 1'700'000'000'500'000'000, .duration_ns = 20'000, .complete = true};
  const std::string complete = metrics_of(picture);
  EXPECT_EQ(value_of(complete, "untorn_last_look_timestamp_seconds"), "1700000000.5");
  EXPECT_EQ(value_of(complete, "untorn_last_look_complete"), "1");
  picture.look.complete = false;
  EXPECT_EQ(value_of(metrics_of(picture), "untorn_last_look_complete"), "0");
}

}  // namespace
}  // namespace untorn::watch
