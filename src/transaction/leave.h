// SPDX-License-Identifier: Apache-2.0
//
// Leaving a tree as it was before the first transaction.
#pragma once
#include <string>

#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::transaction {

// Removes `.untorn` if it holds nothing but the lock and .gitignore, and nobody holds or waits for
// the lock. Whether it did, or there was none. Nothing is synced: after a power cut an empty
// `.untorn` may be back.
[[nodiscard]] Result<bool> remove_unused_kept_folder(FileSystem& fs, const std::string& root);

}  // namespace untorn::transaction
