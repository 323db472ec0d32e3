// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/escape.h"
#include "rules/rule.h"
#include "scan/impact.h"
#include "scan/render.h"
#include "scan/summary.h"

namespace untorn::scan {
namespace {

using languages::RewriteGrade;
using rules::Role;
using rules::Severity;

constexpr std::array severities = {Severity::critical, Severity::high, Severity::medium,
                                   Severity::low};
constexpr std::size_t examples_max = 5;

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char byte) { return static_cast<char>(std::toupper(byte)); });
  return result;
}

std::string capitalized(std::string_view text) {
  return text.empty() ? std::string() : upper(text.substr(0, 1)) + std::string(text.substr(1));
}

// As a code span that no content can end: its fence is longer than any run of backticks inside.
std::string code(std::string_view raw) {
  const std::string text = escape_controls(raw);
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char byte : text) {
    run = byte == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  const std::string pad = longest > 0 ? " " : "";
  return fence + pad + text + pad + fence;
}

// Plain where Markdown sees nothing in it, else a code span.
std::string path_text(std::string_view path) {
  const bool plain = std::all_of(path.begin(), path.end(), [](unsigned char byte) {
    return std::isalnum(byte) != 0 || byte == '/' || byte == '.' || byte == '_' || byte == '-';
  });
  return plain && path.find("__") == std::string_view::npos ? std::string(path) : code(path);
}

// Text of a source inside a sentence: what Markdown or HTML would take for markup is written out.
std::string sentence(std::string_view raw) {
  std::string text;
  for (const char byte : escape_controls(raw)) {
    if (std::string_view("\\`*_[]<>|&").find(byte) != std::string_view::npos) text += '\\';
    text += byte;
  }
  return text;
}

class MarkdownReport {
 public:
  explicit MarkdownReport(const ScanReport& report) : report_(report), summary_(summarize(report)) {
    for (const FoundSite& site : report.findings) {
      if (!site.shown) continue;
      if (site.suppressed) {
        suppressed_.push_back(&site);
      } else if (is_flaw(site.finding)) {
        flaws_.push_back(&site);
      } else {
        sites_.push_back(&site);
      }
    }
  }

  std::string render() {
    executive_summary();
    files_at_risk();
    impact_analysis();
    loaders();
    recommended_fixes();
    monitoring();
    skipped();
    suppressed();
    return std::move(text_);
  }

 private:
  [[nodiscard]] const std::string& path_of(std::size_t file) const {
    return report_.sources[file].path;
  }

  [[nodiscard]] std::string place_of(const FoundSite& site) const {
    return code(path_of(site.file) + ":" + std::to_string(site.finding.range.first.line));
  }

  [[nodiscard]] std::string entry(const FoundSite& site) const {
    const rules::Finding& finding = site.finding;
    std::string text = place_of(site) + " " + code(finding.api);
    if (!finding.function.empty()) text += " in " + code(finding.function);
    return text;
  }

  void executive_summary() {
    text_ += "# Unsafe file writes\n\n## Executive Summary\n\n";
    text_ += "Found **" + counted(summary_.write_sites, "non-atomic file write operation") + "** ";
    text_ += "across " + counted(report_.files_scanned, "scanned file");
    if (const FoundSite* worst = worst_site()) {
      text_ += ", including **" + path_text(path_of(worst->file)) + "**";
      if (!worst->finding.function.empty()) text_ += " (" + code(worst->finding.function) + ")";
      text_ += ", which is " + std::string(rules::to_string(worst->finding.severity));
      if (!worst->finding.why.empty()) text_ += ": " + sentence(worst->finding.why);
      text_ +=
          ". If the process or the machine stops during such a write, the file is lost or "
          "half written";
    }
    text_ += ".\n";
    if (summary_.recovery_flaws != 0) {
      text_ += "\nCounted apart: **" + counted(summary_.recovery_flaws, "loader") +
               "** that take a damaged file for a new beginning.\n";
    }
    if (summary_.hidden != 0) {
      text_ += "\nNot shown: " + counted(summary_.hidden, "finding") +
               " below the least severity asked for.\n";
    }
    text_ += "\n| severity | write sites |\n| --- | --- |\n";
    for (const Severity severity : severities) {
      text_ += "| " + std::string(rules::to_string(severity)) + " | " +
               std::to_string(count_of(severity)) + " |\n";
    }
  }

  [[nodiscard]] std::uint64_t count_of(Severity severity) const {
    const auto found = summary_.by_severity.find(severity);
    return found == summary_.by_severity.end() ? 0 : found->second;
  }

  // The worst site of the file that stands first.
  [[nodiscard]] const FoundSite* worst_site() const {
    const FoundSite* worst = nullptr;
    for (const FoundSite* site : sites_) {
      if (site->file != summary_.by_file.front().file) continue;
      if (worst == nullptr || site->finding.severity > worst->finding.severity) worst = site;
    }
    return worst;
  }

  [[nodiscard]] std::set<Role> roles_of(std::size_t file, Severity severity) const {
    std::set<Role> roles;
    for (const FoundSite* site : sites_) {
      const bool counts = site->file == file && site->finding.severity == severity;
      if (counts) roles.insert(site->finding.role);
    }
    return roles;
  }

  static std::string titles(const std::set<Role>& roles) {
    std::string text;
    for (const Role role : roles) {
      text += (text.empty() ? "" : ", ") + std::string(impact_of(role).title);
    }
    return text;
  }

  void files_at_risk() {
    if (sites_.empty()) return;
    text_ += "\n## Files at Risk\n";
    std::size_t number = 0;
    for (const Severity severity : severities) {
      std::string list;
      std::set<Role> roles;
      for (const FileSummary& file : summary_.by_file) {
        if (file.findings == 0 || file.severity != severity) continue;
        const std::set<Role> own = roles_of(file.file, severity);
        roles.insert(own.begin(), own.end());
        list += std::to_string(++number) + ". **" + path_text(path_of(file.file)) + "** - " +
                titles(own) + " (" + counted(file.findings, "write") + ")\n";
      }
      if (list.empty()) continue;
      text_ += "\n### " + capitalized(rules::to_string(severity)) + " (" + titles(roles) + ")\n\n";
      text_ += list;
    }
  }

  void impact_analysis() {
    std::map<Role, std::vector<const FoundSite*>> by_role;
    for (const FoundSite* site : sites_) by_role[site->finding.role].push_back(site);
    if (by_role.empty()) return;
    text_ += "\n## Impact Analysis\n";
    for (const auto& [role, sites] : by_role) {
      const Impact& impact = impact_of(role);
      Severity worst = Severity::low;
      for (const FoundSite* site : sites) worst = std::max(worst, site->finding.severity);
      text_ += "\n### " + std::string(impact.title) + " (" + counted(sites.size(), "write site") +
               ")\n\n";
      text_ += "**Scenario**: " + std::string(impact.scenario) + "\n\n**Result**:\n\n";
      for (const std::string_view result : impact.results)
        text_ += "- " + std::string(result) + "\n";
      text_ +=
          "\n**Probability**: low for each write, and every write is one more chance (a kill, "
          "no memory, a full disk, a power cut).\n\n";
      text_ += "**Impact**: " + upper(rules::to_string(worst)) + " - " +
               std::string(impact.impact) + ".\n";
    }
  }

  void loaders() {
    if (flaws_.empty()) return;
    text_ +=
        "\n## Loaders That Finish the Loss\n\nThey answer as if nothing had been kept when "
        "the file is damaged; what is saved next replaces what could have been recovered.\n\n";
    for (const FoundSite* site : flaws_) {
      text_ += "- " + entry(*site) + ": " + sentence(site->finding.message) + "\n";
    }
  }

  void recommended_fixes() {
    if (sites_.empty()) return;
    text_ += "\n## Recommended Fixes\n";
    std::size_t priority = 0;
    for (const Severity severity : severities) {
      std::map<RewriteGrade, std::vector<const FoundSite*>> grades;
      for (const FoundSite* site : sites_) {
        if (site->finding.severity == severity) grades[site->finding.fix].push_back(site);
      }
      if (grades.empty()) continue;
      text_ += "\n### Priority " + std::to_string(++priority) + ": " +
               capitalized(rules::to_string(severity)) + " (" +
               counted(count_of(severity), "write site") + ")\n\n";
      for (const RewriteGrade grade :
           {RewriteGrade::safe, RewriteGrade::unsafe, RewriteGrade::display, RewriteGrade::none}) {
        const auto found = grades.find(grade);
        if (found != grades.end()) fix_list(grade, found->second);
      }
    }
  }

  static std::string_view says(RewriteGrade grade) {
    switch (grade) {
      case RewriteGrade::safe:
        return "`untorn fix` makes them atomic and keeps their meaning";
      case RewriteGrade::unsafe:
        return "`untorn fix --unsafe` makes them atomic; read the diff, behaviour may change";
      case RewriteGrade::display:
        return "`untorn fix` says what to do and changes nothing";
      case RewriteGrade::none:
        return "to be changed by hand";
    }
    return "";
  }

  void fix_list(RewriteGrade grade, const std::vector<const FoundSite*>& sites) {
    text_ += "- " + std::to_string(sites.size()) + " " + std::string(rules::to_string(grade)) +
             ": " + std::string(says(grade)) + "\n";
    for (std::size_t at = 0; at < sites.size() && at < examples_max; ++at) {
      text_ += "  - " + entry(*sites[at]);
      if (!sites[at]->finding.fix_reason.empty()) {
        text_ += ": " + sentence(sites[at]->finding.fix_reason);
      }
      text_ += "\n";
    }
    if (sites.size() > examples_max) {
      text_ += "  - and " + std::to_string(sites.size() - examples_max) + " more\n";
    }
  }

  void monitoring() {
    if (sites_.empty() && flaws_.empty()) return;
    text_ +=
        "\n## Monitoring\n\nAfter the fixes, watch:\n\n"
        "1. **New unsafe writes** - `untorn scan` in the pipeline exits with 1\n"
        "2. **Corrupted files** - `untorn doctor` should find none\n"
        "3. **Recovery failures** - should be zero; a recovery is worth a look\n"
        "4. **Temporaries left behind** - `untorn doctor` counts them and their age\n"
        "5. **Cost** - a durable write waits for the disk: `untorn doctor --probe`\n"
        "6. **The promise itself** - `untorn prove -- COMMAND` on what was fixed\n";
  }

  void skipped() {
    if (report_.skipped.empty()) return;
    text_ += "\n## Skipped\n\n";
    for (const SkippedFile& file : report_.skipped) {
      text_ += "- " + path_text(file.path) + " (" + std::string(to_string(file.kind)) +
               "): " + sentence(file.reason) + "\n";
    }
  }

  void suppressed() {
    if (suppressed_.empty()) return;
    text_ += "\n## Suppressed\n\n";
    for (const FoundSite* site : suppressed_) {
      text_ +=
          "- " + entry(*site) + ": " + std::string(rules::rule(site->finding.rule).code) + "\n";
    }
  }

  const ScanReport& report_;
  const Summary summary_;
  std::vector<const FoundSite*> sites_;
  std::vector<const FoundSite*> flaws_;
  std::vector<const FoundSite*> suppressed_;
  std::string text_;
};

}  // namespace

std::string render_markdown(const ScanReport& report) {
  return MarkdownReport(report).render();
}

}  // namespace untorn::scan
