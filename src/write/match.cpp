// SPDX-License-Identifier: Apache-2.0
#include "write/match.h"

#include <cerrno>
#include <utility>

#include "base/try.h"
#include "filesystem/same_file.h"
#include "filesystem/unsupported.h"
#include "write/lock_until.h"

namespace untorn::write {
namespace {

using std::chrono::steady_clock;

Error conflict(const std::string& path, std::string detail) {
  return {Code::conflict, Step::check, Outcome::not_applied, 0, path, std::move(detail)};
}

Error lock_error(const std::string& path, Errno os_errno) {
  if (means_unsupported(os_errno) || number(os_errno) == ENOLCK ||
      number(os_errno) == EBADF) {  // NFS: only for descriptors that can be written
    return {Code::unsupported, Step::check, Outcome::not_applied,
            number(os_errno),  path,        "the directory cannot be locked here"};
  }
  return Error::from_errno(number(os_errno), Step::check, Outcome::not_applied, path,
                           "the lock of the directory");
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(FileSystem& fs, const std::string& path, Handle directory,
                                          steady_clock::time_point until, unsigned& retries) {
  auto opened = fs.open(directory, ".", {.access = Access::directory});
  if (!opened) return std::unexpected(lock_error(path, opened.error()));
  OwnedHandle handle(fs, *opened);
  const auto locked = lock_until(fs, handle.get(), until, retries);
  if (!locked) return std::unexpected(lock_error(path, locked.error()));
  if (!*locked) {
    return std::unexpected(Error(Code::timed_out, Step::check, Outcome::not_applied, 0, path,
                                 "others hold the lock of the directory"));
  }
  return DirectoryLock(fs, std::move(handle));
}

DirectoryLock::~DirectoryLock() {
  if (handle_.get() != Handle::none) (void)fs_.unlock(handle_.get());  // M1
}

Result<Status> check_version(FileSystem& fs, const std::string& path, const Target& target,
                             const Version& wanted) {
  const auto failed = [&path](Errno os_errno) {
    return std::unexpected(
        Error::from_errno(number(os_errno), Step::check, Outcome::not_applied, path));
  };
  auto opened = fs.open(target.place.folder(), target.place.name,
                        {.access = Access::read, .follow = false, .nonblocking = true});
  if (!opened && is_missing(opened.error())) {
    return std::unexpected(conflict(path, "the file does not exist any more"));
  }
  if (!opened && number(opened.error()) == ELOOP) {
    return std::unexpected(conflict(path, "a symbolic link has its name now"));
  }
  if (!opened) return failed(opened.error());
  const OwnedHandle file(fs, *opened);
  auto status = fs.status(file.get());
  if (!status) return failed(status.error());
  if (status->type != FileType::regular || !wanted.could_be(*status)) {
    return std::unexpected(conflict(path, "it holds another version"));
  }
  auto content = hash_content(fs, file.get());
  if (!content) return failed(content.error());
  if (*content != wanted.content) {
    return std::unexpected(conflict(path, "it holds another version, of the same length"));
  }
  return *status;
}

}  // namespace untorn::write
