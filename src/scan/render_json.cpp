// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "rules/rule.h"
#include "scan/render.h"
#include "scan/summary.h"

namespace untorn::scan {
namespace {

using report::JsonWriter;
using rules::Severity;

void write_skipped(JsonWriter& json, const ScanReport& report) {
  json.key("skipped").begin_array();
  for (const SkippedFile& file : report.skipped) {
    json.begin_object().field("path", file.path).field("kind", to_string(file.kind));
    json.field("reason", file.reason).end_object();
  }
  json.end_array();
}

void write_summary(JsonWriter& json, const ScanReport& report, const Summary& summary) {
  const auto at = [&](Severity severity) {
    const auto found = summary.by_severity.find(severity);
    return found == summary.by_severity.end() ? std::uint64_t{0} : found->second;
  };
  json.key("summary").begin_object();
  json.field("write_sites", summary.write_sites).field("recovery_flaws", summary.recovery_flaws);
  for (const Severity severity :
       {Severity::critical, Severity::high, Severity::medium, Severity::low}) {
    json.field(rules::to_string(severity), at(severity));
  }
  json.field("suppressed", summary.suppressed).field("hidden", summary.hidden);
  json.key("by_file").begin_array();
  for (const FileSummary& file : summary.by_file) {
    json.begin_object().field("path", report.sources[file.file].path);
    json.field("findings", file.findings).field("recovery_flaws", file.recovery_flaws);
    json.field("severity", rules::to_string(file.severity)).end_object();
  }
  json.end_array().end_object();
}

void write_statistics(JsonWriter& json, const Summary& summary) {
  json.key("statistics").begin_array();
  for (const rules::Rule& rule : rules::all_rules()) {
    const auto found = summary.by_rule.find(rule.id);
    if (found == summary.by_rule.end()) continue;
    json.begin_object().field("code", rule.code).field("rule", rule.name);
    json.field("findings", found->second).end_object();
  }
  json.end_array();
}

void write_left_out(JsonWriter& json, const LeftOut& left_out) {
  json.key("left_out").begin_object();
  json.field("ignored", left_out.ignored).field("vendored_folders", left_out.vendored_folders);
  json.field("hidden_folders", left_out.hidden_folders).field("links", left_out.links);
  json.field("tests", left_out.tests).field("generated", left_out.generated).end_object();
}

void write_idle(JsonWriter& json, const ScanReport& report) {
  json.key("unused_suppressions").begin_array();
  for (const IdleSuppression& idle : report.idle_suppressions) {
    json.begin_object().field("path", idle.path).field("line", idle.line);
    json.field("rule", idle.rule).field("reason", idle.reason).end_object();
  }
  json.end_array();
}

}  // namespace

void write_finding(JsonWriter& json, const ScanReport& report, const FoundSite& site) {
  const rules::Finding& finding = site.finding;
  const rules::Rule& rule = rules::rule(finding.rule);
  json.begin_object().field("rule", rule.name).field("code", rule.code);
  json.key("also").begin_array();
  for (const rules::RuleId also : finding.also) json.string(rules::rule(also).name);
  json.end_array();
  json.field("severity", rules::to_string(finding.severity));
  json.field("role", rules::to_string(finding.role)).field("path", report.sources[site.file].path);
  json.field("line", finding.range.first.line).field("column", finding.range.first.column);
  json.field("end_line", finding.range.last.line).field("end_column", finding.range.last.column);
  json.field("language", "python").field("api", finding.api).field("function", finding.function);
  json.field("why", finding.why).field("message", finding.message);
  json.field("fix", rules::to_string(finding.fix)).field("fix_reason", finding.fix_reason);
  json.field("fingerprint", site.fingerprint).field("suppressed", site.suppressed).end_object();
}

std::string render_json(const ScanReport& report, const RenderOptions& options) {
  const Summary summary = summarize(report);
  JsonWriter json;
  json.begin_object().field("schema", "untorn.scan/1");
  json.field("tool_version", options.tool_version).field("root", report.root);
  json.field("files_scanned", report.files_scanned).field("files_skipped", report.skipped.size());
  json.field("files_parsed", report.files_parsed).field("files_cached", report.files_cached);
  json.field("bytes_scanned", report.bytes_scanned).field("elapsed_s", report.elapsed_s);
  json.key("findings").begin_array();
  for (const FoundSite& site : report.findings) {
    if (site.shown) write_finding(json, report, site);
  }
  json.end_array();
  write_skipped(json, report);
  write_summary(json, report, summary);
  if (options.statistics) write_statistics(json, summary);
  write_left_out(json, report.left_out);
  write_idle(json, report);
  json.end_object();
  return std::move(json).take() + "\n";
}

}  // namespace untorn::scan
