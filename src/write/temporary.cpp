// SPDX-License-Identifier: Apache-2.0
#include "write/temporary.h"

#include <cerrno>
#include <utility>

#include "base/try.h"
#include "filesystem/fork_guard.h"
#include "filesystem/random_hex.h"
#include "filesystem/same_file.h"
#include "filesystem/unsupported.h"

namespace untorn::write {
namespace {

// A collision of 128 random bits does not happen; a cleaner that takes the fresh file away before
// it is locked can happen, rarely. More than a few in a row is something else.
constexpr int attempts_max = 8;

Error taken_away(const std::string& path) {
  return {Code::busy,
          Step::create_temporary,
          Outcome::not_applied,
          0,
          path,
          "every new temporary was taken away"};
}

// A file system without locks is no reason to refuse: the lock only protects from cleaners, and
// where nobody can lock, no cleaner of ours removes anything.
bool locks_are_missing(Errno os_errno) {
  return means_unsupported(os_errno) || number(os_errno) == ENOLCK;
}

}  // namespace

Temporary::Temporary(FileSystem& fs, Handle directory, std::string name)
    : fs_(&fs), directory_(directory), name_(std::move(name)), owner_(process_token()) {}

Temporary::Temporary(Temporary&& other) noexcept
    : fs_(other.fs_),
      directory_(other.directory_),
      file_(std::move(other.file_)),
      name_(std::exchange(other.name_, {})),
      created_(other.created_),
      owner_(other.owner_) {}

Temporary& Temporary::operator=(Temporary&& other) noexcept {
  if (this == &other) return *this;
  (void)remove();
  fs_ = other.fs_;
  directory_ = other.directory_;
  file_ = std::move(other.file_);
  name_ = std::exchange(other.name_, {});
  created_ = other.created_;
  owner_ = other.owner_;
  return *this;
}

Temporary::~Temporary() {
  (void)remove();
}

bool Temporary::is_ours() const noexcept {
  return owner_ == process_token();
}

SystemResult<void> Temporary::remove() noexcept {
  if (name_.empty() || !is_ours()) return {};
  const std::string name = std::exchange(name_, {});
  auto removed = fs_->unlink(directory_, name);
  if (!removed) removed = fs_->unlink(directory_, name);
  if (!removed && number(removed.error()) == ENOENT) return {};
  return removed;
}

Error Temporary::give_up(const Error& reason) {
  const std::string name = name_;
  auto removed = remove();
  close();
  if (removed) return reason;
  std::string detail = reason.detail().empty() ? "" : reason.detail() + "; ";
  detail += "the temporary " + name + " could not be removed";
  return {reason.code(),     reason.step(), reason.outcome(),
          reason.os_errno(), reason.path(), std::move(detail)};
}

Result<Temporary> Temporary::create_unseen(FileSystem& fs, Handle directory,
                                           const std::string& path, std::uint32_t mode) {
  const auto failed = [&path](Errno os_errno) {
    return Error::from_errno(number(os_errno), Step::create_temporary, Outcome::not_applied, path);
  };
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    std::string name = std::string(temporary_prefix) + random_hex(fs);
    auto opened = fs.open(directory, name,
                          {.access = Access::write,
                           .create = true,
                           .exclusive = true,
                           .follow = false,
                           .mode = mode});
    if (!opened && number(opened.error()) == EEXIST) continue;
    if (!opened) return std::unexpected(failed(opened.error()));
    Temporary temporary(fs, directory, std::move(name));
    temporary.file_ = OwnedHandle(fs, *opened);
    // A cleaner may have locked it first, and is about to remove it: leave it that one.
    auto locked = fs.lock(*opened, LockMode::exclusive);
    if (!locked && number(locked.error()) == EWOULDBLOCK) continue;
    if (!locked && !locks_are_missing(locked.error())) {
      return std::unexpected(temporary.give_up(failed(locked.error())));
    }
    return temporary;
  }
  return std::unexpected(taken_away(path));
}

Result<Temporary> Temporary::create(FileSystem& fs, Handle directory, const std::string& path,
                                    std::uint32_t mode) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    UNTORN_TRY(Temporary temporary, create_unseen(fs, directory, path, mode));
    auto named = temporary.look();
    if (!named) {
      return std::unexpected(temporary.give_up(Error::from_errno(
          number(named.error()), Step::create_temporary, Outcome::not_applied, path)));
    }
    if (*named) return temporary;
  }
  return std::unexpected(taken_away(path));
}

SystemResult<bool> Temporary::look_by_name() {
  auto named = fs_->status_at(directory_, name_);
  if (!named && !is_missing(named.error())) return std::unexpected(named.error());
  if (named && same_file(*named, created_)) {
    created_ = *named;
    return true;
  }
  if (named) name_.clear();  // somebody else's file
  return false;
}

SystemResult<bool> Temporary::look() {
  auto status = fs_->status(file_.get());
  if (!status) return std::unexpected(status.error());
  created_ = *status;
  if (status->links > 0) return true;
  // Not every file system counts names. The name itself knows.
  auto named = fs_->status_at(directory_, name_);
  if (!named && !is_missing(named.error())) return std::unexpected(named.error());
  if (named && same_file(*named, *status)) return true;
  name_.clear();  // gone, or somebody else's file: nothing of ours to remove
  return false;
}

}  // namespace untorn::write
