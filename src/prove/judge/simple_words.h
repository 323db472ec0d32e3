// SPDX-License-Identifier: Apache-2.0
//
// A command line that needs no shell.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::prove {

// The words of a command line in which a shell would do nothing but take them apart: a program of
// its own, plain words and quoted ones. Nothing where a shell would expand, redirect, combine, set
// a variable or run a command of its own; such a line is the shell's to run.
[[nodiscard]] std::optional<std::vector<std::string>> simple_words(std::string_view line);

}  // namespace untorn::prove
