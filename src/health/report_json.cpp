// SPDX-License-Identifier: Apache-2.0
#include "health/counters_json.h"
#include "health/doctor.h"
#include "report/json.h"

namespace untorn::health {
namespace {

void write_problem(report::JsonWriter& json, const Problem& problem) {
  json.begin_object();
  json.field("kind", to_string(problem.kind)).field("severity", to_string(problem.severity));
  json.field("path", problem.path).field("detail", problem.detail);
  json.field("repair", problem.repair).field("repaired", problem.repaired);
  if (problem.temporary) {
    json.field("owner", to_string(problem.temporary->owner));
    json.field("size_bytes", problem.temporary->size_bytes);
    json.field("age_s", problem.temporary->age_s);
  }
  json.end_object();
}

void write_text_or_null(report::JsonWriter& json, std::string_view name, const std::string& text) {
  if (text.empty()) {
    json.null_field(name);
  } else {
    json.field(name, text);
  }
}

void write_measures(report::JsonWriter& json, const Measures& measures) {
  constexpr int digits = 1;
  json.field("tries", measures.tries);
  json.key("file_sync_us").real(measures.file_sync_us, digits);
  json.key("folder_sync_us").real(measures.folder_sync_us, digits);
  json.key("rename_us").real(measures.rename_us, digits);
  json.key("levels").begin_array();
  for (const LevelCost& level : measures.levels) {
    json.begin_object();
    json.field("requested", to_string(level.requested));
    json.field("achieved", to_string(level.achieved));
    write_text_or_null(json, "why_lower", level.why_lower);
    json.field("syncs", level.syncs).field("commits", level.commits);
    json.key("replace_us").real(level.replace_us, digits);
    json.end_object();
  }
  json.end_array();
}

void write_file_system(report::JsonWriter& json, const FileSystemReport& report) {
  json.begin_object();
  json.field("kind", report.kind.name).field("volatile", report.kind.volatile_storage);
  json.field("network", report.kind.network).field("atomic_rename", report.kind.atomic_rename);
  json.field("achievable", to_string(report.achievable));
  write_text_or_null(json, "why_lower", report.why_lower);
  json.field("protocol", to_string(report.protocol));
  write_text_or_null(json, "why_classic", report.kind.why_classic);
  write_text_or_null(json, "device_cache", report.device_cache.value_or(""));
  if (report.flushes) {
    json.field("flushes", *report.flushes);
  } else {
    json.null_field("flushes");
  }
  json.field("probed", report.measures.has_value());
  if (report.measures) write_measures(json, *report.measures);
  json.end_object();
}

void write_failure(report::JsonWriter& json, const Failure& failure) {
  const Error& error = failure.error;
  json.begin_object();
  json.field("code", to_string(error.code())).field("step", to_string(error.step()));
  json.field("outcome", to_string(error.outcome())).field("advice", to_string(error.advice()));
  json.field("message", error.message()).field("path", failure.path);
  json.end_object();
}

void write_interruption(report::JsonWriter& json) {
  json.begin_object();
  json.field("code", "interrupted").field("step", "look").field("outcome", "not_applied");
  json.field("advice", "retry");
  json.field("message", "interrupted; what is listed was looked at, and repaired where it says so");
  json.field("path", ".").end_object();
}

}  // namespace

std::string render_json(const Report& report) {
  report::JsonWriter json;
  json.begin_object();
  json.field("schema", "untorn.doctor/1").field("root", report.root);
  json.key("problems").begin_array();
  for (const Problem& problem : report.problems) write_problem(json, problem);
  json.end_array();
  json.key("filesystem");
  if (report.filesystem.kind.name.empty()) {
    json.null();
  } else {
    write_file_system(json, report.filesystem);
  }
  json.key("skipped").begin_array();
  for (const Skipped& skipped : report.skipped) {
    json.begin_object();
    json.field("path", skipped.path).field("reason", skipped.reason);
    json.field("failed", skipped.failed).end_object();
  }
  json.end_array();
  json.field("folders", report.counts.folders).field("files", report.counts.files);
  json.field("documents", report.counts.documents);
  json.field("acknowledged", report.counts.acknowledged);
  if (report.counters) {
    json.key("counters");
    write_counters(json, *report.counters);
  }
  if (report.interrupted) {
    json.key("error");
    write_interruption(json);
  } else if (!report.failures.empty()) {
    json.key("error");
    write_failure(json, report.failures.front());
  }
  json.end_object();
  return std::move(json).take() + "\n";
}

}  // namespace untorn::health
