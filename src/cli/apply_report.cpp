// SPDX-License-Identifier: Apache-2.0
#include "cli/apply_report.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "report/json.h"

namespace untorn::cli {
namespace {

using pipeline::PatchChange;
using pipeline::PatchedFile;
using pipeline::PatchProblem;

// A copy is one more file.
std::string_view shown(PatchChange change) {
  return to_string(change == PatchChange::copied ? PatchChange::added : change);
}

std::string_view outcome_of(const ApplyReport& report) {
  if (report.error) return to_string(report.error->outcome());
  if (report.receipt && report.unchanged) return "unchanged";
  return to_string(report.receipt ? Outcome::applied : Outcome::not_applied);
}

void write_optional(report::JsonWriter& json, std::string_view name, std::string_view text) {
  if (text.empty()) {
    json.null_field(name);
  } else {
    json.field(name, text);
  }
}

void write_file(report::JsonWriter& json, const PatchedFile& file) {
  json.begin_object();
  json.field("path", file.path).field("change", shown(file.change));
  json.field("hunks", file.hunks);
  write_optional(json, "old_path", file.old_path);
  json.field("lines_added", file.lines_added).field("lines_removed", file.lines_removed);
  json.end_object();
}

void write_problem(report::JsonWriter& json, const PatchProblem& problem) {
  json.begin_object();
  json.field("path", problem.path).field("hunk", problem.hunk);
  json.field("patch_line", problem.patch_line).field("line", problem.line);
  json.field("message", problem.message);
  json.end_object();
}

void write_failure(report::JsonWriter& json, const ApplyReport& report) {
  if (report.error) {
    json.key("error");
    write_error(json, *report.error, report.error->path());
    return;
  }
  ToolError error;
  if (report.tool_error) {
    error = *report.tool_error;
  } else {
    const PatchProblem& first = report.problems.front();
    error = {.code = "conflict", .step = "check", .message = first.message, .path = first.path};
  }
  json.key("error").begin_object();
  json.field("code", error.code).field("step", error.step).field("outcome", "not_applied");
  json.field("advice", "fix_then_retry").field("message", error.message).field("path", error.path);
  json.end_object();
}

}  // namespace

std::string apply_document(const ApplyReport& report) {
  report::JsonWriter json;
  json.begin_object();
  json.field("schema", "untorn.apply/1").field("root", report.root);
  json.field("outcome", outcome_of(report));
  json.field("requested", to_string(Durability::durable));
  if (report.receipt) {
    json.field("achieved", to_string(report.receipt->achieved));
  } else {
    json.null_field("achieved");
  }
  write_optional(json, "why_lower", report.receipt ? report.receipt->why_lower : "");
  json.field("syncs", report.receipt ? report.receipt->syncs : 0U);
  json.field("check", report.check).field("reverse", report.reverse);
  json.key("files").begin_array();
  for (const PatchedFile& file : report.files) write_file(json, file);
  json.end_array();
  json.key("problems").begin_array();
  for (const PatchProblem& problem : report.problems) write_problem(json, problem);
  json.end_array();
  json.key("metadata_lost").begin_array();
  if (report.receipt) {
    for (const std::string& lost : report.receipt->metadata_lost) json.string(lost);
  }
  json.end_array();
  if (report.error || report.tool_error || !report.problems.empty()) write_failure(json, report);
  json.end_object();
  return std::move(json).take() + "\n";
}

std::string apply_sentence(const ApplyReport& report) {
  constexpr std::array kinds = {std::string_view("modified"), std::string_view("added"),
                                std::string_view("deleted"), std::string_view("renamed")};
  const std::size_t files = report.files.size();
  std::string text = std::to_string(files) + (files == 1 ? " file: " : " files: ");
  bool is_first = true;
  for (const std::string_view kind : kinds) {
    const auto count =
        std::count_if(report.files.begin(), report.files.end(),
                      [&](const PatchedFile& file) { return shown(file.change) == kind; });
    if (count == 0) continue;
    text += (is_first ? "" : ", ") + std::to_string(count) + " " + std::string(kind);
    is_first = false;
  }
  if (!report.receipt) return text + "; the patch fits";
  return text + "; " + std::string(to_string(report.receipt->achieved)) +
         ", syncs: " + std::to_string(report.receipt->syncs);
}

}  // namespace untorn::cli
