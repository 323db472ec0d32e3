// SPDX-License-Identifier: Apache-2.0
//
// Is the file of --output the one that a command works on?
#pragma once
#include <string>

#include "untorn/replace.h"

namespace untorn::cli {

// By where both lead: a name may be a link, and what it leads to need not exist yet. `output` is
// followed, `path` as `policy` says.
[[nodiscard]] bool leads_to_same(const std::string& output, const std::string& path,
                                 SymlinkPolicy policy);

}  // namespace untorn::cli
