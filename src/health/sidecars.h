// SPDX-License-Identifier: Apache-2.0
//
// Files that were being overwritten where they lie when their writer was interrupted: the sidecars
// (untorn/in_place.h) in one folder.
#pragma once
#include <string>
#include <vector>

#include "health/problem.h"
#include "health/repair_policy.h"
#include "untorn/filesystem.h"

namespace untorn::health {

// The folder by its absolute path and by that of the report.
struct SidecarPlace {
  const std::string& real;
  const std::string& path;
};

// Which of the names in a folder are sidecars.
[[nodiscard]] std::vector<std::string> sidecars_among(const std::vector<Entry>& entries);

// One problem for each of them: told, or with the policy's leave finished. What a living writer
// holds is left to it.
void judge_sidecars(FileSystem& fs, const SidecarPlace& place,
                    const std::vector<std::string>& names, const RepairPolicy& policy,
                    Findings& findings);

}  // namespace untorn::health
