// SPDX-License-Identifier: Apache-2.0
//
// The changes of one fix as one transaction: after a kill or a power cut all files are changed or
// none, once something recovered the tree (the next fix, `untorn doctor --repair`).
//
//   auto result = apply_together(fs, root, changes, stop);
//   if (!result) result = apply_changes(fs, changes, stop);
//
// Invariants:
//   G1  A file is changed only if it holds `before` when it is looked at, and still then when the
//       transaction is committed.
//   G2  A stop, or a failure, before the commit point leaves every file as it was.
//   G3  `.untorn` is removed again if it was not there before and nothing needs it.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "fix/apply.h"
#include "untorn/filesystem.h"

namespace untorn::fix {

// Nothing, with nothing changed, where there cannot be one transaction: locks of the file system
// are not known to work, `root` is no directory that may be written, or a file lies outside it or
// on another mount. `stop` is asked between two files, and last before the commit.
[[nodiscard]] std::optional<ApplyResult> apply_together(FileSystem& fs, const std::string& root,
                                                        std::span<const FileUpdate> changes,
                                                        const std::function<bool()>& stop);

}  // namespace untorn::fix
