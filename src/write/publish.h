// SPDX-License-Identifier: Apache-2.0
//
// From the finished temporary to the name, and from the name to the disk.
#pragma once
#include <string>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/replace.h"
#include "write/target.h"
#include "write/temporary.h"

namespace untorn::write {

// What the receipt says about the level from here on.
void note_level(Receipt& receipt, Level level);

// Puts the temporary under the target's name, by one rename; with Existence::must_not_exist by one
// that fails when the name is taken. On failure the temporary is still there.
[[nodiscard]] Result<void> publish(FileSystem& fs, const std::string& path, const Target& target,
                                   Temporary& temporary, Existence existence);

// What the sync of the directory means, whoever made it. Where the file system has no sync for
// directories, that is no failure but a lower level. Every other failure has the outcome
// applied_unsynced.
[[nodiscard]] Result<Level> judge_name_sync(const SystemResult<void>& synced,
                                            const std::string& path, const Target& target,
                                            const ReplaceOptions& options);
// Makes the name durable: the sync, and what it means.
[[nodiscard]] Result<Level> sync_name(FileSystem& fs, const std::string& path, const Target& target,
                                      const ReplaceOptions& options);

}  // namespace untorn::write
