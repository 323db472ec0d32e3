// SPDX-License-Identifier: Apache-2.0
//
// Where the command counts what it did.
#pragma once
#include <memory>
#include <string>

#include "untorn/counters.h"

namespace untorn::cli {

// The counters of the tree that the file belongs to: the nearest folder, its own or one above it on
// the same mount, that has a `.untorn`. Null if there is none (none is ever made for this), or if
// nothing can be counted there.
[[nodiscard]] std::shared_ptr<Counters> counters_of_file(const std::string& path);
// The same for a folder.
[[nodiscard]] std::shared_ptr<Counters> counters_of_folder(const std::string& path);

}  // namespace untorn::cli
