// SPDX-License-Identifier: Apache-2.0
//
// SARIF 2.1.0, as code scanning reads it: one run of one tool, its rules and its results.
//
//   SarifRun run;
//   run.tool = "untorn prove";
//   run.rules = {{.id = "atomic", .name = "Atomic", .description = "…"}};
//   run.results.push_back({.rule = "atomic", .message = "…", .locations = {{"app.py", 6}}});
//   std::string document = render_sarif(run);
//
// Paths of locations are relative to SarifRun::root, or absolute; they become percent-encoded URIs,
// whatever bytes they hold. Texts become valid UTF-8. A result without a location gets none: some
// readers pass over it, so give each at least a file.
//
// Threads: pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace untorn::report {

enum class SarifLevel : std::uint8_t { note, warning, error };

struct SarifRule {
  std::string id;
  std::string name;         // CamelCase, as the standard asks
  std::string description;  // one sentence
  std::string help;         // what to do about it
  SarifLevel level = SarifLevel::error;
};

struct SarifLocation {
  std::string path;
  std::uint32_t line = 0;  // 0: the file as a whole
  std::string text = {};   // of that line
  std::string message = {};
  std::string function = {};
};

// One station on the way to the failure.
struct SarifStep {
  SarifLocation location;
  bool essential = false;
};

struct SarifResult {
  std::string rule;
  SarifLevel level = SarifLevel::error;
  std::string message;
  std::vector<SarifLocation> locations;
  std::vector<SarifLocation> related;
  std::vector<SarifStep> flow;  // none: no code flow
  // Stays the same while the fault does, wherever its lines move.
  std::string fingerprint;
  std::vector<std::pair<std::string, std::string>> properties = {};
};

struct SarifRun {
  std::string tool;
  std::string version;
  std::string root;  // absolute
  std::vector<SarifRule> rules;
  std::vector<SarifResult> results;
  std::vector<std::string> command;        // that the tool ran, if it ran one
  std::vector<std::string> notifications;  // why there may be results that are not here
  bool successful = true;                  // the tool could do its work
  std::vector<std::pair<std::string, std::string>> properties = {};
};

[[nodiscard]] std::string render_sarif(const SarifRun& run);

// `path` as the path of a URI: everything but unreserved characters and '/' is percent-encoded.
[[nodiscard]] std::string uri_path(std::string_view path);

}  // namespace untorn::report
