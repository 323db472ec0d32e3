// SPDX-License-Identifier: Apache-2.0
//
// An errno that means "not here" rather than "it failed".
#pragma once
#include "untorn/filesystem.h"

namespace untorn {

// Of a sync of a directory, a lock, a rename without replacing, an extended attribute.
[[nodiscard]] bool means_unsupported(Errno os_errno) noexcept;

}  // namespace untorn
