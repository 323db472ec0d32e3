// SPDX-License-Identifier: Apache-2.0
//
// Is an operation log that came from outside one that a traced run could have written?
//
//   L1. Inode 0 is a directory; every inode, directory and stack that is referred to exists.
//   L2. A name is one component: not empty, not "." or "..", without '/' and NUL. The names of
//       synthetic directories of --also, which are absolute, are the exception.
//   L3. Directories are directories, and none ever lies in itself.
//   L4. No file is longer than the tracer allows, and a write is as long as its payload.
//
// Threads: a pure function. Cost: one pass, and the depth of the tree for each moved directory.
#pragma once
#include <optional>
#include <string>

#include "filesystem/operation_log.h"

namespace untorn::prove {

// One phrase, or nothing if the log is sound.
[[nodiscard]] std::optional<std::string> problem_with_log(const OperationLog& log);

}  // namespace untorn::prove
