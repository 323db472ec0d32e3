// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <utility>

#include "report/json.h"
#include "watch/pages.h"

namespace untorn::watch {
namespace {

constexpr double nanoseconds_per_second = 1e9;

void write_counts(report::JsonWriter& json, const Picture& picture) {
  const ProblemCounts counts = count_problems(picture);
  json.begin_object();
  for (std::size_t index = 0; index < counts.size(); ++index) {
    json.field(health::to_string(health::all_kinds[index]), counts[index]);
  }
  json.end_object();
}

void write_look(report::JsonWriter& json, const Look& look) {
  json.key("last_look");
  if (look.at_ns == 0) {
    json.null();
    return;
  }
  json.begin_object();
  json.field("at", utc_words(look.at_ns));
  json.field("elapsed_s", static_cast<double>(look.duration_ns) / nanoseconds_per_second);
  json.field("complete", look.complete);
  json.field("folders", look.counts.folders).field("files", look.counts.files);
  json.field("documents", look.counts.documents);
  json.end_object();
}

void write_coverage(report::JsonWriter& json, const Coverage& coverage) {
  json.key("coverage").begin_object();
  json.field("watched_folders", coverage.watched_folders);
  json.field("unwatched_folders", coverage.unwatched_folders);
  json.field("overflows", coverage.overflows);
  json.end_object();
}

void write_summary(report::JsonWriter& json, const View& view) {
  const Picture& picture = view.picture;
  const Stale stale = count_stale(picture);
  json.field("corrupted_files", count_corrupted(picture));
  json.field("stale_temporaries", stale.files);
  json.field("stale_temporary_bytes", stale.size_bytes);
  json.field("failed_recoveries",
             view.counted.totals.recoveries[static_cast<std::size_t>(RecoveryResult::failed)]);
  json.field("in_place_writes", picture.in_place_writes);
  write_look(json, picture.look);
  write_coverage(json, picture.coverage);
}

void write_problem(report::JsonWriter& json, const health::Problem& problem) {
  json.begin_object();
  json.field("kind", health::to_string(problem.kind));
  json.field("severity", health::to_string(problem.severity));
  json.field("path", problem.path).field("detail", problem.detail);
  json.field("repair", problem.repair);
  json.end_object();
}

void write_lists(report::JsonWriter& json, const View& view) {
  json.key("skipped").begin_array();
  for (const health::Skipped& skipped : view.picture.unreadable) {
    json.begin_object().field("path", skipped.path).field("reason", skipped.reason).end_object();
  }
  json.end_array();
  json.key("unreadable_counters").begin_array();
  for (const std::string& error : view.counted.errors) json.string(error);
  json.end_array();
}

}  // namespace

std::string render_health(const View& view) {
  report::JsonWriter json;
  json.begin_object();
  json.field("schema", "untorn.health/1").field("version", view.version);
  json.field("status", is_healthy(view.picture) ? "ok" : "problems");
  json.key("problems");
  write_counts(json, view.picture);
  write_summary(json, view);
  json.end_object();
  return std::move(json).take() + "\n";
}

std::string render_json(const View& view) {
  report::JsonWriter json;
  json.begin_object();
  json.field("schema", "untorn.watch/1").field("version", view.version);
  json.field("root", view.picture.root);
  json.field("status", is_healthy(view.picture) ? "ok" : "problems");
  json.key("problems").begin_array();
  for (const health::Problem& problem : view.picture.problems) write_problem(json, problem);
  json.end_array();
  json.key("counts");
  write_counts(json, view.picture);
  write_summary(json, view);
  write_lists(json, view);
  json.end_object();
  return std::move(json).take() + "\n";
}

}  // namespace untorn::watch
