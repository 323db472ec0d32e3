// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "base/escape.h"
#include "rules/rule.h"
#include "scan/render.h"
#include "scan/summary.h"

namespace untorn::scan {
namespace {

using rules::Severity;

constexpr std::array severities = {Severity::critical, Severity::high, Severity::medium,
                                   Severity::low};

std::string painted(std::string_view escape, std::string_view text, bool colored) {
  if (!colored) return std::string(text);
  return "\x1b[" + std::string(escape) + "m" + std::string(text) + "\x1b[0m";
}

std::string_view color_of(Severity severity) {
  switch (severity) {
    case Severity::critical:
      return "1;31";
    case Severity::high:
      return "31";
    case Severity::medium:
      return "33";
    case Severity::low:
      return "2";
  }
  return "0";
}

std::string_view code_of(rules::RuleId id) {
  return rules::rule(id).code;
}

std::string line_of(const ScanReport& report, const FoundSite& site, bool colored) {
  const rules::Finding& finding = site.finding;
  const rules::Rule& rule = rules::rule(finding.rule);
  const std::string place = escape_controls(report.sources[site.file].path) + ":" +
                            std::to_string(finding.range.first.line) + ":" +
                            std::to_string(finding.range.first.column);
  std::string line = painted("1", place, colored) + " ";
  line += painted(color_of(finding.severity), rules::to_string(finding.severity), colored);
  line += " " + std::string(rule.code) + " " + std::string(rule.name);
  for (std::size_t at = 0; at < finding.also.size(); ++at) {
    line += (at == 0 ? " (also " : ", ") + std::string(code_of(finding.also[at]));
  }
  if (!finding.also.empty()) line += ")";
  line += "  " + escape_controls(finding.message);
  if (!finding.why.empty()) {
    line += "  " + painted("2", "[" + escape_controls(finding.why) + "]", colored);
  }
  return line + "\n";
}

std::string findings_text(const ScanReport& report, bool colored) {
  std::string text;
  std::size_t file = report.sources.size();
  for (const FoundSite& site : report.findings) {
    if (!site.shown || site.suppressed) continue;
    if (site.file != file && !text.empty()) text += "\n";
    file = site.file;
    text += line_of(report, site, colored);
  }
  return text.empty() ? text : text + "\n";
}

std::string statistics_text(const Summary& summary) {
  std::vector<std::pair<std::uint64_t, const rules::Rule*>> rows;
  for (const rules::Rule& rule : rules::all_rules()) {
    const auto found = summary.by_rule.find(rule.id);
    if (found != summary.by_rule.end()) rows.emplace_back(found->second, &rule);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& left, const auto& right) { return left.first > right.first; });
  std::string text;
  for (const auto& [count, rule] : rows) {
    const std::string number = std::to_string(count);
    text += std::string(number.size() < 7 ? 7 - number.size() : 0, ' ') + number;
    text += "  " + std::string(rule->code) + " " + std::string(rule->name) + "\n";
  }
  return text.empty() ? text : text + "\n";
}

std::string skipped_text(const ScanReport& report) {
  std::string text;
  for (const SkippedFile& file : report.skipped) {
    text += "skipped " + escape_controls(file.path) + ": " + std::string(to_string(file.kind)) +
            ": " + escape_controls(file.reason) + "\n";
  }
  return text.empty() ? text : text + "\n";
}

std::string verdict_text(const Summary& summary, bool colored) {
  if (summary.write_sites == 0 && summary.recovery_flaws == 0) {
    return painted("32", "No unsafe file writes found", colored) + "\n";
  }
  std::string text = painted("1",
                             "Found " + counted(summary.write_sites, "unsafe write") + " in " +
                                 counted(summary.by_file.size(), "file"),
                             colored);
  const char* separator = ": ";
  for (const Severity severity : severities) {
    const auto found = summary.by_severity.find(severity);
    if (found == summary.by_severity.end()) continue;
    text += separator +
            painted(color_of(severity),
                    std::to_string(found->second) + " " + std::string(rules::to_string(severity)),
                    colored);
    separator = ", ";
  }
  text += "\n";
  if (summary.recovery_flaws != 0) {
    text += "Found " +
            counted(summary.recovery_flaws, "loader that answers", "loaders that answer") +
            " as if nothing had been kept when the file is damaged\n";
  }
  return text;
}

std::string amount_text(const ScanReport& report, const Summary& summary) {
  constexpr double bytes_in_mb = 1e6;
  constexpr double bytes_in_kb = 1e3;
  const auto bytes = static_cast<double>(report.bytes_scanned);
  const bool is_large = bytes >= bytes_in_mb;
  std::array<char, 96> figures = {};
  (void)std::snprintf(figures.data(), figures.size(), "%.1f %s in %.2f s",
                      bytes / (is_large ? bytes_in_mb : bytes_in_kb), is_large ? "MB" : "kB",
                      report.elapsed_s);
  std::string text = "Scanned " + counted(report.files_scanned, "file") + ", " + figures.data();
  const LeftOut& left_out = report.left_out;
  const auto add = [&](std::uint64_t count, std::string_view one, std::string_view many) {
    if (count != 0) text += "; " + counted(count, one, many);
  };
  add(report.skipped.size(), "skipped", "skipped");
  add(summary.suppressed, "suppressed", "suppressed");
  add(summary.hidden, "below --min-severity", "below --min-severity");
  add(left_out.ignored, "ignored", "ignored");
  add(left_out.vendored_folders, "vendored folder", "vendored folders");
  add(left_out.tests, "test file left out", "test files left out");
  return text + "\n";
}

std::string next_text(const Summary& summary) {
  if (summary.write_sites == 0 && summary.recovery_flaws == 0) return {};
  const auto safe = summary.by_fix.find(languages::RewriteGrade::safe);
  if (safe != summary.by_fix.end()) {
    return "Next: untorn fix --diff shows the " + counted(safe->second, "safe fix", "safe fixes") +
           "; untorn scan --explain RULE says why a rule matters\n";
  }
  return "Next: untorn scan --explain RULE says why a rule matters, and what cures it\n";
}

}  // namespace

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  std::string text = std::to_string(count) + " ";
  if (count == 1) return text += one;
  if (!many.empty()) return text += many;
  return (text += one) += "s";
}

std::string render_text(const ScanReport& report, const RenderOptions& options) {
  const Summary summary = summarize(report);
  return (options.statistics ? statistics_text(summary) : findings_text(report, options.colored)) +
         skipped_text(report) + verdict_text(summary, options.colored) +
         amount_text(report, summary) + next_text(summary);
}

}  // namespace untorn::scan
