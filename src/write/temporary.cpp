// SPDX-License-Identifier: Apache-2.0
#include "write/temporary.h"

#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "filesystem/random_hex.h"
#include "filesystem/same_file.h"
#include "write/target.h"

namespace untorn::write {
namespace {

// A collision of 128 random bits does not happen; a cleaner that takes the fresh file away before
// it is locked can happen, rarely. More than a few in a row is something else.
constexpr int attempts_max = 8;

// A file system without locks is no reason to refuse: the lock only protects from cleaners, and
// where nobody can lock, no cleaner of ours removes anything.
bool locks_are_missing(Errno os_errno) {
  return means_unsupported(os_errno) || number(os_errno) == ENOLCK;
}

}  // namespace

Temporary::Temporary(FileSystem& fs, Handle directory, std::string name)
    : fs_(&fs), directory_(directory), name_(std::move(name)), owner_(getpid()) {}

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
  return owner_ == getpid();
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

Result<Temporary> Temporary::create(FileSystem& fs, Handle directory, const std::string& path,
                                    std::uint32_t mode) {
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
    auto held = fs.status(*opened);
    if (!held) return std::unexpected(temporary.give_up(failed(held.error())));
    auto named = fs.status_at(directory, temporary.name_);
    if (!named && number(named.error()) == ENOENT) continue;
    if (!named) return std::unexpected(temporary.give_up(failed(named.error())));
    if (!same_file(*named, *held)) {
      temporary.mark_published();  // someone else's file has the name now: not ours to remove
      continue;
    }
    temporary.created_ = *held;
    return temporary;
  }
  return std::unexpected(Error(Code::busy, Step::create_temporary, Outcome::not_applied, 0, path,
                               "every new temporary was taken away"));
}

}  // namespace untorn::write
