// SPDX-License-Identifier: Apache-2.0
//
// From what the rules say of one file to what is reported: the settings choose, comments silence,
// fingerprints name.
//
// Threads: a function of its arguments.
#pragma once
#include <vector>

#include "rules/link.h"
#include "scan/config.h"
#include "scan/examine.h"
#include "scan/scan.h"

namespace untorn::scan {

struct FileSites {
  std::vector<FoundSite> findings;  // in the order of the text
  std::vector<IdleSuppression> idle_suppressions;
};

// `path_in_config` is the file's path from the folder of its settings. A rule that is not wanted
// leaves a site to the next that holds there.
[[nodiscard]] FileSites find_sites(const rules::LinkedFile& linked, const Examined& examined,
                                   const Config& config, std::string_view path_in_config);

}  // namespace untorn::scan
