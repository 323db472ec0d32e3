// SPDX-License-Identifier: Apache-2.0
//
// From edits to the patch that makes them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/patch_source.h"
#include "untorn/error.h"
#include "untorn/pipeline/patch_manager.h"

namespace untorn::pipeline {

// Why a patch of the project may not change this path; "" if it may. After patch::check_path.
[[nodiscard]] std::string project_path_problem(std::string_view path);

// The patch as text. Errors as PatchManager::create says.
[[nodiscard]] Result<std::string> patch_of(const PatchSource& source,
                                           const std::vector<PatchEdit>& edits);

}  // namespace untorn::pipeline
