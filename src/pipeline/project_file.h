// SPDX-License-Identifier: Apache-2.0
//
// Reading a file of a project as it is, without the project's lock.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "untorn/error.h"
#include "untorn/pipeline/project.h"

namespace untorn::pipeline {

// Nothing if there is none. `path` is below the project, without ".."; a symbolic link on the way
// is refused with Code::not_regular_file, since it could lead out.
[[nodiscard]] Result<std::optional<std::string>> read_project_file(const Project& project,
                                                                   std::string_view path);

}  // namespace untorn::pipeline
