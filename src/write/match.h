// SPDX-License-Identifier: Apache-2.0
//
// Replacing exactly the version that was read: the lock under which it is compared, and the
// exchange that shows what was replaced.
//
//  M1  The lock is flock on an open file description of the directory of our own, taken without
//      waiting, again and again with growing pauses. The kernel ends it with its holder; no file is
//      left behind. An explicit unlock ends it also where a forked child still has the descriptor.
//  M2  Under it: the file under the name is opened, looked at, and its content hashed. Everything
//      that the etag names must be equal. Then the rename, then the unlock. Neither writing the
//      new content nor the final syncs happen under the lock.
//  M3  Match::cooperative ends with a plain rename. So no update is lost among those who take the
//      lock. A rename of somebody who does not, between M2 and ours, is overwritten.
//  M4  Match::detect gives the temporary a name that no sweep touches, and exchanges it with the
//      target. So whatever was replaced, by whomever it was put there, has a name at every instant.
//  M5  What came out is compared with what M2 saw: inode, size, time of modification, content (the
//      exchange itself changes the change time). If it is the same, it is removed.
//  M6  If not, the two are exchanged back, once. If our version comes out, it is removed, after a
//      sync of the directory, and the name holds the stranger's version again. If yet another
//      version comes out, ours was replaced in between: that version is kept under the name of M4.
//      There is no third exchange: against somebody who renames in a loop it need not end.
#pragma once
#include <chrono>
#include <string>

#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/replace.h"
#include "write/target.h"
#include "write/temporary.h"
#include "write/version.h"

namespace untorn::write {

// M1.
class DirectoryLock {
 public:
  // Attempts after the first are added to `retries`.
  //   timed_out    others held it until then
  //   unsupported  there are no such locks here
  [[nodiscard]] static Result<DirectoryLock> take(FileSystem& fs, const std::string& path,
                                                  Handle directory,
                                                  std::chrono::steady_clock::time_point until,
                                                  unsigned& retries);
  DirectoryLock(DirectoryLock&&) noexcept = default;
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  DirectoryLock(FileSystem& fs, OwnedHandle handle) noexcept
      : fs_(fs), handle_(std::move(handle)) {}

  FileSystem& fs_;
  OwnedHandle handle_;
};

// M2: what is under the name, if it is the version `wanted`; else Code::conflict.
[[nodiscard]] Result<Status> check_version(FileSystem& fs, const std::string& path,
                                           const Target& target, const Version& wanted);

// M4 to M6, with what check_version() returned.
//   conflict     not_applied: the name holds a version of somebody else's
//                unknown: the same, and one that followed it is kept; the detail has its name
//   unsupported  no such rename here
[[nodiscard]] Result<void> publish_by_exchange(FileSystem& fs, const std::string& path,
                                               const Target& target, Temporary& temporary,
                                               const Status& seen, const Version& wanted);

}  // namespace untorn::write
