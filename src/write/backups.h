// SPDX-License-Identifier: Apache-2.0
//
// Older versions of a file, kept beside it by hard links: `<name>.~1~` is the newest.
//
//  V1  The file keeps its name all the time: the backup is a second name of it, made before the
//      rename that replaces it.
//  V2  `.~1~`, once there, is never missing: the version before it gets its next name by a link,
//      and the new one takes `.~1~` by a rename over it.
//  V3  Versions move up by one, the oldest first, as far as there is no gap; what would become
//      N+1 is replaced. Names above N are not touched.
//  V4  At `ordered` and above the content is on the device before it gets the name: whoever wrote
//      it may not have synced it. Its name becomes durable with that of the new version.
//  V5  A crash between V1 and the rename leaves one file under two names: this one and `.~1~`, or
//      `.~1~` and `.~2~`. The next call knows them by the inode and does not move them again.
//  V6  Callers that keep backups in one directory exclude each other by the lock of match.h, where
//      there are locks.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/replace.h"
#include "write/plan.h"
#include "write/target.h"

namespace untorn::write {

// "a", 2 → "a.~2~".
[[nodiscard]] std::string backup_name(std::string_view name, unsigned number);

// How many names of `file` in the directory of the target are those of its backups, or temporary
// ones of Untorn, under which a backup begins.
[[nodiscard]] std::uint64_t count_backups(FileSystem& fs, const Place& place, const Status& file);

// Gives the file under the target's name its place among the backups. Nothing is done if there is
// none, or no regular one. Adds the syncs that were made to `receipt`.
//   unsupported  the file cannot have a second name here
[[nodiscard]] Result<void> keep_backup(FileSystem& fs, const std::string& path,
                                       const Target& target, const ReplaceOptions& options,
                                       const Plan& plan, Receipt& receipt);

}  // namespace untorn::write
