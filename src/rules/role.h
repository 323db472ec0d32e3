// SPDX-License-Identifier: Apache-2.0
//
// What a written file is to its program, and how bad it is to lose it.
//
//   RoleAnswer answer = decide_role({.target = target, .content = operation.content, …});
//   Severity severity = severity_of(answer);
//
// Signals in order; the first that speaks decides:
//   S1. an ending that is never anything else: ".py" is code, ".patch" a patch, ".log" a log
//   S2. words of the path's last part: "session_token"
//   S3. words of the rest of the path: the folder, the variables it came from. "history" only
//       where somebody reads it back: what is only appended to is a log
//   S4. another function of the same program reads the file back: state. Overrules the words that
//       say report, and where JSON or the like is read, those that say log or document
//   S5. permissions that keep others out: a credential
//   S6. endings that suggest: ".md" is a document, ".csv" a report
//   S7. what is written: an ini or toml file is a configuration, a table a report
//   S8. words of the enclosing function, its class and its module; where a function is given the
//       path, of its caller's first
// docs/internals/scan-roles.md has the words and the reasons.
//
// Threads: functions of their arguments alone.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "languages/facts.h"
#include "rules/finding.h"
#include "rules/link.h"

namespace untorn::rules {

struct RoleQuestion {
  const LinkedTarget& target;
  languages::Content content = languages::Content::unknown;
  std::optional<std::uint32_t> permissions = std::nullopt;
  bool is_updated = false;         // a part is overwritten, so that the rest matters
  bool is_appended = false;        // nothing that was written is ever written again
  bool is_published = false;       // the name is given by a rename, and so is no temporary's
  std::string_view function = {};  // that names the path: "StateManager.save"
  std::string_view module = {};    // "pipeline.state.manager"
  std::string_view writer = {};  // the function that is given the path and writes, if it is another
  std::string_view writer_module = {};
};

struct RoleAnswer {
  Role role = Role::unknown;
  // Of an unknown file: it holds structured data, is edited in place, or a name says "save".
  bool matters = false;
  // Of a temporary: words say so, and no ending that others look for: it is the program's own.
  bool is_private = false;
  std::string why;  // a phrase: `the path says "registry"`
};

[[nodiscard]] RoleAnswer decide_role(const RoleQuestion& question);
// Of what a lossy loader reads: read back as by S4, and structured, for it can be damaged.
[[nodiscard]] RoleAnswer flaw_role(const LinkedFile& file, std::uint32_t index);
[[nodiscard]] Severity severity_of(const RoleAnswer& answer) noexcept;

}  // namespace untorn::rules
