// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "rules/link.h"
#include "rules/role.h"
#include "rules/rule.h"

namespace untorn::rules {
namespace {

using languages::FileFacts;
using languages::Operation;
using languages::OperationKind;
using languages::RecoveryFlaw;
using languages::RewriteGrade;

// What builds a program, or its documentation, writes what can be built again.
bool is_build_script(std::string_view path) {
  constexpr std::array<std::string_view, 4> anywhere = {"hatch_build.py", "noxfile.py", "setup.py",
                                                        "versioneer.py"};
  constexpr std::array<std::string_view, 3> at_root = {"build.py", "fabfile.py", "tasks.py"};
  const std::size_t slash = path.rfind('/');
  const std::string_view folder = slash == std::string_view::npos ? "" : path.substr(0, slash);
  const std::string_view name = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  const bool is_documentation = folder.find("doc") != std::string_view::npos;
  return std::ranges::find(anywhere, name) != anywhere.end() ||
         (folder.empty() && std::ranges::find(at_root, name) != at_root.end()) ||
         (name == "conf.py" && is_documentation);
}

Severity lowered(Severity severity, int steps) {
  return static_cast<Severity>(std::max(1, static_cast<int>(severity) - steps));
}

struct Judged {
  RoleAnswer role;
  const LinkedTarget* target = nullptr;
};

RoleAnswer role_of_target(const LinkedFile& file, std::uint32_t index, const LinkedTarget& target) {
  const FileFacts& facts = file.source.facts;
  const Operation& operation = facts.operations[index];
  RoleQuestion question = {.target = target,
                           .content = operation.content,
                           .permissions = operation.permissions,
                           .is_updated = file.operations[index].kind == OperationKind::update,
                           .is_appended = file.operations[index].kind == OperationKind::append,
                           .is_published = file.operations[index].publication.has_value(),
                           .function = facts.functions[operation.function].name,
                           .module = facts.module};
  if (!target.called_by.empty() && operation.target.is_whole_parameter) {
    question.writer = std::exchange(question.function, target.caller_function);
    question.writer_module = std::exchange(question.module, target.caller_module);
  }
  return decide_role(question);
}

// The target by which the operation is worst.
Judged judge_targets(const LinkedFile& file, std::uint32_t index) {
  Judged worst;
  for (const LinkedTarget& target : file.operations[index].targets) {
    if (target.published || target.path.never_leaves || target.path.is_special) continue;
    RoleAnswer role = role_of_target(file, index, target);
    if (worst.target == nullptr || severity_of(role) > severity_of(worst.role))
      worst = {std::move(role), &target};
  }
  return worst;
}

// A rewrite exists for whole writes alone; the rest is shown, with the reason.
std::pair<RewriteGrade, std::string> fix_of(RuleId rule, const Operation& operation, Role role) {
  switch (rule) {
    case RuleId::truncate_write:
      break;
    case RuleId::append_torn:
      return {RewriteGrade::display, "what is appended cannot be replaced whole"};
    case RuleId::in_place_update:
      return {RewriteGrade::display, "a part of the file is changed where it lies"};
    case RuleId::copy_onto_target:
      return {RewriteGrade::display, "a copy needs a temporary, a sync and a rename"};
    case RuleId::rename_without_fsync:
    case RuleId::temp_collision:
    case RuleId::directory_not_synced:
      return {RewriteGrade::display, "temporary, sync and rename have to change together"};
    case RuleId::lossy_recovery:
      return {RewriteGrade::display, "what a damaged file means is for the program to decide"};
  }
  const languages::Rewrite& rewrite = operation.rewrite;
  if (role == Role::log && rewrite.grade == RewriteGrade::safe)
    return {RewriteGrade::unsafe, "somebody may follow the log while it is written"};
  if (rewrite.grade != RewriteGrade::safe && rewrite.reason.empty())
    return {rewrite.grade, "no edit is known for a call of this kind"};
  return {rewrite.grade, rewrite.reason};
}

Finding find_site(const LinkedFile& file, std::uint32_t index, std::span<const Match> matches) {
  const FileFacts& facts = file.source.facts;
  const Operation& operation = facts.operations[index];
  const Judged judged = judge_targets(file, index);
  const Rule& worst = rule(matches.front().rule);
  Finding finding;
  finding.rule = worst.id;
  for (const Match& match : matches.subspan(1)) finding.also.push_back(match.rule);
  finding.role = judged.role.role;
  const bool is_built = is_build_script(file.source.path);
  finding.severity = lowered(severity_of(judged.role), worst.steps_below_role + (is_built ? 1 : 0));
  finding.range = operation.range;
  finding.api = operation.api;
  finding.function = facts.functions[operation.function].name;
  finding.why = judged.role.why;
  if (judged.target != nullptr && !judged.target->called_by.empty())
    finding.why += "; called by " + judged.target->called_by;
  if (is_built) finding.why += "; a build script";
  finding.message = matches.front().message;
  std::tie(finding.fix, finding.fix_reason) = fix_of(worst.id, operation, finding.role);
  finding.operation = index;
  return finding;
}

Finding find_flaw(const LinkedFile& file, const Match& match) {
  const FileFacts& facts = file.source.facts;
  const RecoveryFlaw& flaw = facts.recovery_flaws[match.operation];
  const RoleAnswer role = flaw_role(file, match.operation);
  Finding finding;
  finding.rule = match.rule;
  finding.role = role.role;
  finding.severity = lowered(severity_of(role), rule(match.rule).steps_below_role);
  finding.range = flaw.range;
  finding.api = "except";
  if (!flaw.exceptions.empty()) finding.api += ' ' + flaw.exceptions;
  finding.function = facts.functions[flaw.function].name;
  finding.why = role.why;
  finding.message = match.message;
  std::tie(finding.fix, finding.fix_reason) = fix_of(match.rule, {}, role.role);
  finding.operation = match.operation;
  return finding;
}

bool in_test(const FileFacts& facts, std::uint32_t function) {
  return facts.is_test || facts.functions[function].is_test;
}

}  // namespace

std::vector<Finding> judge(const LinkedFile& file, const JudgeOptions& options) {
  const FileFacts& facts = file.source.facts;
  std::vector<Finding> findings;
  if (facts.is_generated || (facts.is_test && !options.include_tests)) return findings;
  std::vector<Match> matches;
  for (const Rule& rule : all_rules()) rule.judge(file, matches);
  // Rules come worst first, and so do the matches of one site.
  std::map<std::uint32_t, std::vector<Match>> sites;
  for (Match& match : matches) {
    const bool is_flaw = match.rule == RuleId::lossy_recovery;
    const std::uint32_t function = is_flaw ? facts.recovery_flaws[match.operation].function
                                           : facts.operations[match.operation].function;
    if (in_test(facts, function) && !options.include_tests) continue;
    if (is_flaw)
      findings.push_back(find_flaw(file, match));
    else
      sites[match.operation].push_back(std::move(match));
  }
  for (const auto& [index, at_site] : sites) {
    // What a program writes for itself alone, and calls so, is no loss to anybody.
    if (judge_targets(file, index).role.is_private) continue;
    findings.push_back(find_site(file, index, at_site));
  }
  std::ranges::stable_sort(findings, {}, [](const Finding& finding) {
    return std::pair(finding.range.span.begin, finding.range.span.end);
  });
  return findings;
}

}  // namespace untorn::rules
