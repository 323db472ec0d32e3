// SPDX-License-Identifier: Apache-2.0
//
// The settings of a scan: `untorn.toml`, or [tool.untorn] in pyproject.toml.
//
//   select = ["UT001"]            ignore = ["append-torn"]      exclude = ["build/", "*_pb2.py"]
//   include-tests = false         min-severity = "medium"       fail-on = "high"
//   atomic-writers = ["pkg.files.save"]                         require-reasons = true
//   [[override]]
//   paths = ["tools/**"]
//   ignore = ["UT014"]
//
// For each scanned file the nearest settings file counts, alone: the one in its folder, or in the
// next folder above that has one; untorn.toml before pyproject.toml, and a pyproject.toml without
// [tool.untorn] is none. Patterns are those of .gitignore, from the folder of the settings file. A
// flag is stronger than a file. The table `prove` belongs to `untorn prove` and is not looked at.
//
// Errors: invalid_argument, with the line, for what is no TOML, for an unknown key (and the nearest
// that exists), an unknown rule, and a value of a wrong type.
//
// Threads: pure functions of their arguments and the file system.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/finding.h"
#include "scan/glob.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::scan {

// At which severity the command fails; no value in the optional: never.
using FailLevel = std::optional<rules::Severity>;

// What flags say, where they say something.
struct Overrides {
  std::optional<std::vector<rules::RuleId>> select;
  std::optional<std::vector<rules::RuleId>> ignore;
  std::optional<rules::Severity> min_severity;
  std::optional<FailLevel> fail_on;
  bool include_tests = false;
};

struct PathOverride {
  std::vector<Glob> paths;
  std::vector<rules::RuleId> select;  // empty: says nothing
  std::vector<rules::RuleId> ignore;
};

struct Config {
  std::string path;                   // of the file; empty: these are the defaults
  std::string folder;                 // patterns are relative to it; absolute
  std::vector<rules::RuleId> select;  // empty: all
  std::vector<rules::RuleId> ignore;
  std::vector<Glob> exclude;
  std::vector<PathOverride> path_overrides;
  std::vector<std::string> atomic_writers;
  rules::Severity min_severity = rules::Severity::low;
  FailLevel fail_on = rules::Severity::low;
  bool include_tests = false;
  bool require_reasons = false;

  // `file` is relative to `folder`, with '/'.
  [[nodiscard]] bool wants(rules::RuleId rule, std::string_view file) const;
};

// Reads one settings file by its path; nothing if it holds none (a pyproject.toml without ours).
[[nodiscard]] Result<std::optional<Config>> read_config(FileSystem& fs, const std::string& path);

// The settings that count in `folder` by its own files or those of the folders above it.
[[nodiscard]] Result<Config> nearest_config(FileSystem& fs, const std::string& folder);

// `flags` laid over `config`.
[[nodiscard]] Config overridden(Config config, const Overrides& flags);

// Names and codes, as a flag or a file lists them; an Error names the first that is unknown.
[[nodiscard]] Result<std::vector<rules::RuleId>> parse_rules(std::span<const std::string> names);
[[nodiscard]] std::optional<rules::Severity> parse_severity(std::string_view name);

}  // namespace untorn::scan
