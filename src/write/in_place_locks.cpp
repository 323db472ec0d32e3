// SPDX-License-Identifier: Apache-2.0
#include "write/in_place_locks.h"

#include <utility>

#include "base/try.h"
#include "write/lock_until.h"

namespace untorn::write {

InPlaceLocks::InPlaceLocks(FileSystem& fs, std::optional<DirectoryLock> directory,
                           Handle target) noexcept
    : fs_(fs), directory_(std::move(directory)), target_(target) {}

InPlaceLocks::InPlaceLocks(InPlaceLocks&& other) noexcept
    : fs_(other.fs_),
      directory_(std::move(other.directory_)),
      target_(std::exchange(other.target_, Handle::none)) {}

// An explicit unlock ends it also where a forked child still has the descriptor.
InPlaceLocks::~InPlaceLocks() {
  if (target_ != Handle::none) (void)fs_.unlock(target_);
}

Result<InPlaceLocks> InPlaceLocks::take(FileSystem& fs, const std::string& path,
                                        const InPlaceLockRequest& request, unsigned& retries) {
  std::optional<DirectoryLock> directory;
  if (request.directory != Handle::none) {  // L2, L3
    UNTORN_TRY(DirectoryLock taken,
               DirectoryLock::take(fs, path, request.directory, request.until, retries));
    directory.emplace(std::move(taken));
  }
  const auto locked = lock_until(fs, request.target, request.until, retries);  // L1
  if (!locked) {
    return std::unexpected(Error::from_errno(number(locked.error()), Step::check,
                                             Outcome::not_applied, path, "the lock of the file"));
  }
  if (!*locked) {
    return std::unexpected(Error(Code::busy, Step::check, Outcome::not_applied, 0, path,
                                 "another program holds the lock of the file"));
  }
  return InPlaceLocks(fs, std::move(directory), request.target);
}

}  // namespace untorn::write
