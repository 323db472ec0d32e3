// SPDX-License-Identifier: Apache-2.0
//
// Help texts, made from the tables of the commands.
#pragma once
#include <string>
#include <vector>

#include "cli/command.h"

namespace untorn::cli {

// What `untorn` alone prints: the commands and one example.
[[nodiscard]] std::string short_help(const std::vector<Command>& commands);
// What `untorn COMMAND --help` prints.
[[nodiscard]] std::string command_help(const Command& command);

}  // namespace untorn::cli
