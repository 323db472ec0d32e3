// SPDX-License-Identifier: Apache-2.0
//
// The folders that a command was told to look at.
#pragma once
#include <string>
#include <vector>

#include "health/doctor.h"

namespace untorn::cli {

// Each as it was given and as it is; the current folder if none was given. One that is not there
// keeps its name: opening it will say why.
[[nodiscard]] std::vector<health::NamedFolder> named_folders(
    const std::vector<std::string>& arguments);

}  // namespace untorn::cli
