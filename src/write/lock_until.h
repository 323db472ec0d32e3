// SPDX-License-Identifier: Apache-2.0
//
// Waiting for a lock (flock) that others hold, for a time that has an end.
#pragma once
#include <chrono>

#include "untorn/filesystem.h"

namespace untorn::write {

// Tries to lock `file` for us alone: without waiting, again and again with growing pauses, at least
// once. False: others held it until then. Attempts after the first are added to `retries`.
[[nodiscard]] SystemResult<bool> lock_until(FileSystem& fs, Handle file,
                                            std::chrono::steady_clock::time_point until,
                                            unsigned& retries);

}  // namespace untorn::write
