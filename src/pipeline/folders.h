// SPDX-License-Identifier: Apache-2.0
//
// Folders of a project.
#pragma once
#include <filesystem>

#include "untorn/durability.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::pipeline {

// Makes the last folder of the path if it is not there; with its parent synced at `durable`: what
// is saved in it shall not vanish with it. Code::not_found if there is no parent,
// Code::not_regular_file if something else is in the way.
[[nodiscard]] Result<void> make_folder(FileSystem& fs, const std::filesystem::path& path,
                                       Durability durability);

}  // namespace untorn::pipeline
