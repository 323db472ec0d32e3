// SPDX-License-Identifier: Apache-2.0
//
// Cases of the rules, read from Markdown: source files in, expected findings in their comments.
//
// A heading of the second level begins a case; each block ```python in it is a file, `app.py` or
// what `path=` after the fence says. A finding is expected by a comment on its line:
//
//     path.write_text(text)  # untorn-expect: UT001 critical state -- read back by load()
//
// rule and what else holds there ("UT003+UT005+UT004"), severity, role, and after "--" a part of
// the reason. Two at one line are parted by ";". Where there is no comment all is silent.
// `include-tests` after a fence judges tests too, `atomic-writers=NAME,…` declares functions, and
// `unseen` says that the reader sees no write at all: else a silent case must have one.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace untorn::tests {

struct CaseSource {
  std::string path;
  std::string text;
};

struct RuleCase {
  std::string file;   // "UT001-truncate-write"
  std::string title;  // the heading
  std::uint32_t line = 0;
  std::vector<CaseSource> sources;
  std::vector<std::string> atomic_writers;
  bool include_tests = false;
  bool unseen = false;
};

struct Expectation {
  std::string path;
  std::uint32_t line = 0;
  std::string rules;  // "UT003+UT005+UT004"
  std::string severity;
  std::string role;
  std::string why;  // a part of it
};

[[nodiscard]] std::vector<RuleCase> read_cases(const std::filesystem::path& file);
[[nodiscard]] std::vector<Expectation> expectations_of(const CaseSource& source);

}  // namespace untorn::tests
