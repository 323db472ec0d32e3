// SPDX-License-Identifier: Apache-2.0
//
// Parsing of a command's arguments from its table. The parsing library is behind this file alone.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// The candidate that a typing mistake most likely meant: at most two edits away, and fewer than
// half of its letters. Empty when none is near.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       const std::vector<std::string>& candidates);

}  // namespace untorn::cli
