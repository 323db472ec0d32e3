// SPDX-License-Identifier: Apache-2.0
//
// The locks under which a target is overwritten where it lies.
//
//  L1  The target itself is locked (flock) from the last look at it until its sidecar is gone for
//      good. So writers that go by other names of it, with other folders for their sidecars, take
//      turns too; and none of them is told that it is done as long as a power cut could bring back
//      a sidecar that undoes it.
//  L2  With if_match, and in a recovery, the directory of the name is locked as in M1 (match.h), as
//      long as L1: the others who state if_match replace that name by a rename.
//  L3  The order is: the folder of the sidecars, the directory, the target; never two of one kind
//      at a time. Nobody who waits for one of them holds a later one, so nobody waits in a ring.
//      (Who replaces by a rename holds the lock of its own temporary meanwhile. Once that has the
//      name, a lock of the target waits until its writer has closed it: not longer than the final
//      syncs of that call, or of its batch.)
//  L4  Every wait has an end, one for all three. A lock ends with its holder, also a killed one.
#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "write/match.h"

namespace untorn::write {

struct InPlaceLockRequest {
  Handle directory = Handle::none;  // none: without L2
  Handle target = Handle::none;     // must stay open as long as the locks are held
  std::chrono::steady_clock::time_point until;
};

class InPlaceLocks {
 public:
  // Attempts after the first are added to `retries`. `path` is for messages.
  //   timed_out    others held the lock of the directory until then
  //   busy         others held the lock of the target until then
  //   unsupported  there are no such locks here
  [[nodiscard]] static Result<InPlaceLocks> take(FileSystem& fs, const std::string& path,
                                                 const InPlaceLockRequest& request,
                                                 unsigned& retries);
  InPlaceLocks(InPlaceLocks&& other) noexcept;
  InPlaceLocks& operator=(InPlaceLocks&&) = delete;
  ~InPlaceLocks();

 private:
  InPlaceLocks(FileSystem& fs, std::optional<DirectoryLock> directory, Handle target) noexcept;

  FileSystem& fs_;
  std::optional<DirectoryLock> directory_;
  Handle target_;  // none: moved from
};

}  // namespace untorn::write
