// SPDX-License-Identifier: Apache-2.0
//
// Settings of `untorn prove` from the nearest untorn.toml ([prove]) or pyproject.toml
// ([tool.untorn.prove]), looked for in a folder and those above it. The keys are the names of the
// flags. A flag replaces what a file says.
//
// Threads: pure functions of the file system.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "untorn/error.h"

namespace untorn::prove {

struct Settings {
  std::string path;  // of the file that was read, "" if there is none
  std::vector<std::string> also;
  std::vector<std::string> check;
  std::vector<std::string> expect;
  std::vector<std::string> only;
  std::vector<std::string> ignore;
  std::vector<std::string> engine;
  std::optional<std::string> root;
  std::optional<std::string> ack;
  std::optional<std::string> model;
  std::optional<std::string> budget;
  std::optional<std::string> stop_after;
  std::optional<std::string> seed;
  std::optional<std::string> isolation;
  bool require_exhaustive = false;
  bool deep = false;
};

// Errors: invalid_argument for a file that is not TOML, an unknown key or a value of a wrong type.
[[nodiscard]] Result<Settings> find_settings(const std::string& folder);

}  // namespace untorn::prove
