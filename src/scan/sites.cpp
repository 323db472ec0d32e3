// SPDX-License-Identifier: Apache-2.0
#include "scan/sites.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "rules/rule.h"
#include "scan/fingerprint.h"
#include "scan/suppressions.h"

namespace untorn::scan {
namespace {

using rules::Finding;
using rules::RuleId;
using rules::Severity;

// The finding as the first of its other rules would have made it. False: none is left.
bool pass_on(Finding& finding, const rules::LinkedFile& linked) {
  if (finding.also.empty()) return false;
  const rules::Rule& before = rules::rule(finding.rule);
  const rules::Rule& next = rules::rule(finding.also.front());
  std::vector<rules::Match> matches;
  next.judge(linked, matches);
  const auto match = std::find_if(matches.begin(), matches.end(), [&](const rules::Match& each) {
    return each.rule == next.id && each.operation == finding.operation;
  });
  if (match != matches.end()) finding.message = match->message;
  const int severity =
      static_cast<int>(finding.severity) + before.steps_below_role - next.steps_below_role;
  finding.severity = static_cast<Severity>(
      std::clamp(severity, static_cast<int>(Severity::low), static_cast<int>(Severity::critical)));
  finding.rule = next.id;
  finding.also.erase(finding.also.begin());
  return true;
}

class SiteFinder {
 public:
  SiteFinder(const rules::LinkedFile& linked, const Examined& examined, const Config& config,
             std::string_view path_in_config)
      : linked_(linked),
        examined_(examined),
        config_(config),
        path_in_config_(path_in_config),
        suppressions_(linked.source.facts.comments, config.require_reasons) {}

  FileSites run() {
    FileSites sites;
    const rules::JudgeOptions options = {.include_tests = config_.include_tests};
    for (Finding& finding : rules::judge(linked_, options)) {
      if (choose(finding)) sites.findings.push_back(describe(std::move(finding)));
    }
    const languages::FileFacts& facts = linked_.source.facts;
    if (facts.is_generated || (facts.is_test && !config_.include_tests)) return sites;
    const auto judged = [&](RuleId rule) { return wants(rule); };
    for (Suppressions::Idle& idle : suppressions_.idle(judged)) {
      sites.idle_suppressions.push_back({.path = linked_.source.path,
                                         .line = idle.line,
                                         .rule = std::move(idle.rule),
                                         .reason = std::move(idle.reason)});
    }
    return sites;
  }

 private:
  [[nodiscard]] bool wants(RuleId rule) const { return config_.wants(rule, path_in_config_); }

  bool choose(Finding& finding) const {
    while (!wants(finding.rule)) {
      if (!pass_on(finding, linked_)) return false;
    }
    std::erase_if(finding.also, [&](RuleId rule) { return !wants(rule); });
    return true;
  }

  FoundSite describe(Finding finding) {
    FoundSite site;
    site.suppressed = suppressions_.silence(finding.rule, finding.range);
    std::erase_if(finding.also,
                  [&](RuleId rule) { return suppressions_.silence(rule, finding.range); });
    site.shown = finding.severity >= config_.min_severity;
    site.fails = !site.suppressed && config_.fail_on && finding.severity >= *config_.fail_on;
    const std::string_view code = rules::rule(finding.rule).code;
    const Hash128 call = call_of(finding);
    const std::uint32_t ordinal = seen_[{code, finding.function, call}]++;
    site.fingerprint = fingerprint({.code = code,
                                    .path = linked_.source.path,
                                    .function = finding.function,
                                    .call = call,
                                    .ordinal = ordinal});
    site.finding = std::move(finding);
    return site;
  }

  [[nodiscard]] Hash128 call_of(const Finding& finding) const {
    const std::vector<Hash128>& calls =
        finding.rule == RuleId::lossy_recovery ? examined_.flaw_calls : examined_.operation_calls;
    return finding.operation < calls.size() ? calls[finding.operation] : Hash128();
  }

  const rules::LinkedFile& linked_;
  const Examined& examined_;
  const Config& config_;
  const std::string_view path_in_config_;
  Suppressions suppressions_;
  std::map<std::tuple<std::string_view, std::string, Hash128>, std::uint32_t> seen_;
};

}  // namespace

FileSites find_sites(const rules::LinkedFile& linked, const Examined& examined,
                     const Config& config, std::string_view path_in_config) {
  return SiteFinder(linked, examined, config, path_in_config).run();
}

}  // namespace untorn::scan
