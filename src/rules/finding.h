// SPDX-License-Identifier: Apache-2.0
//
// What a scan says about one place in a source.
#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "languages/facts.h"

namespace untorn::rules {

enum class Severity : std::uint8_t { low = 1, medium, high, critical };

// What the written file is to its program: from it follow the severity and the level of a fix.
enum class Role : std::uint8_t {
  state,
  config,
  registry,
  credential,
  code,
  patch,
  backup,
  document,
  log,
  report,
  cache,
  temporary,
  unknown,
};

// Which is the worst is decided by the order of all_rules() in rules/rule.h, not by the number.
enum class RuleId : std::uint8_t {
  truncate_write = 1,        // UT001
  append_torn = 2,           // UT002
  rename_without_fsync = 3,  // UT003
  directory_not_synced = 4,  // UT004
  temp_collision = 5,        // UT005
  in_place_update = 10,      // UT010
  copy_onto_target = 12,     // UT012
  lossy_recovery = 14,       // UT014
};

// The names of the JSON report.
[[nodiscard]] std::string_view to_string(Severity) noexcept;
[[nodiscard]] std::string_view to_string(Role) noexcept;
[[nodiscard]] std::string_view to_string(languages::RewriteGrade) noexcept;  // "safe", …

struct Finding {
  RuleId rule = RuleId::truncate_write;
  std::vector<RuleId> also;  // what else holds at this site, worst first
  Severity severity = Severity::medium;
  Role role = Role::unknown;
  languages::Range range;
  std::string api;
  std::string function;  // "StateManager.save"; empty at module level
  std::string why;       // what decided the role: "read back by load() at line 20"
  std::string message;   // one sentence: what can be lost, and how
  languages::RewriteGrade fix = languages::RewriteGrade::none;
  std::string fix_reason;       // why it is not "safe"; empty when it is
  std::uint32_t operation = 0;  // index in FileFacts::operations; of a flaw, in recovery_flaws
};

}  // namespace untorn::rules
