// SPDX-License-Identifier: Apache-2.0
//
// Parsing of a command's arguments from its table. The parsing library is behind this file alone.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/nearest.h"
#include "cli/command.h"

namespace untorn::cli {

struct Parsed {
  bool help = false;
  std::vector<std::string> rest;             // after "--", for commands that take a command
  std::optional<std::string> usage_problem;  // one line, when the arguments are wrong
};

// Fills the targets of `command` and `common` from `arguments`, which do not hold the tool's and
// the command's name.
[[nodiscard]] Parsed parse(const Command& command, CommonFlags& common,
                           const std::vector<std::string>& arguments);

// The flags that every command has, pointing into `common`.
[[nodiscard]] std::vector<Flag> common_flags(CommonFlags& common,
                                             const std::vector<std::string>& formats);

}  // namespace untorn::cli
