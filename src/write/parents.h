// SPDX-License-Identifier: Apache-2.0
//
// Making the directories of a path that are missing, so that they survive what the new file does.
//
//  N1  Each directory is made with 0777 less the umask, from the outermost on. One that somebody
//      else makes meanwhile is taken, and treated as if we had made it: nobody knows whether its
//      name is safe yet.
//  N2  At `durable` the directory that holds the new name is synced before the next one is made in
//      it, the deepest last. So no crash leaves a durable file in a directory that is lost.
//  N3  Not where one commit of the journal, after the rename, brings all older names with it
//      (one_commit with a full commit: a sync of the directory).
//  N4  What was made stays when the replacement fails later: somebody else may use it already.
#pragma once
#include <string>
#include <string_view>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/replace.h"

namespace untorn::write {

struct MadeParents {
  OwnedHandle directory;  // the deepest
  unsigned syncs = 0;
};

// Makes what is missing of `parents`, the directories of `path` (for messages), and opens the
// deepest.
[[nodiscard]] Result<MadeParents> make_parents(FileSystem& fs, const std::string& path,
                                               std::string_view parents,
                                               const ReplaceOptions& options);

}  // namespace untorn::write
