// SPDX-License-Identifier: Apache-2.0
//
// Whether a project already depends on a Python package.
//
// Asked are pyproject.toml, setup.cfg, setup.py, Pipfile and requirements*.txt of the folder and of
// those above it, up to `boundary`: a requirement that begins with the package's name. Comments do
// not count. Threads: any.
#pragma once
#include <filesystem>
#include <string_view>

#include "untorn/filesystem.h"

namespace untorn::fix {

[[nodiscard]] bool depends_on(FileSystem& fs, const std::filesystem::path& folder,
                              const std::filesystem::path& boundary, std::string_view package);

// The text of such a file names the package as a requirement. `is_list`: one requirement a line.
[[nodiscard]] bool names_requirement(std::string_view text, std::string_view package, bool is_list);

}  // namespace untorn::fix
