// SPDX-License-Identifier: Apache-2.0
//
// What recovery relies on:
//
//  V1  A sidecar under its own name was whole and synced before it got that name. If it is not
//      whole, storage has damaged it: it is set aside and never used.
//  V2  A temporary that begins as a sidecar and whose lock is free belongs to a writer that is gone
//      and had not begun to overwrite.
//  V3  A target is known by inode and birth, on the file system that holds the sidecar. The number
//      of the device is not compared: it may be another one after a restart.
//  V4  A sidecar is believed only if its owner is us, root, or the owner of the target, if nobody
//      else may write it, and if it has one name.
//  V5  It is removed after its target is synced, and its removal is synced before anyone is told
//      and before the locks of the target end: otherwise it could come back and undo what was
//      written later.
#include "write/sidecar_folder.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/numbered_name.h"
#include "base/try.h"
#include "filesystem/kept_folder.h"
#include "filesystem/same_file.h"
#include "write/in_place_locks.h"
#include "write/overwrite.h"
#include "write/resolve.h"
#include "write/temporary_name.h"

namespace untorn::write {
namespace {

constexpr std::uint32_t writable_by_others = 0022;
constexpr std::uint64_t numbers_max = 1'000;

Error folder_error(Errno os_errno, Step step, const std::string& path, std::string detail = {}) {
  return Error::from_errno(number(os_errno), step, Outcome::not_applied, path, std::move(detail));
}

}  // namespace

Result<SidecarFolder> SidecarFolder::open(FileSystem& fs, std::string path) {
  SidecarFolder folder;
  folder.fs_ = &fs;
  folder.path_ = std::move(path);
  auto opened = fs.open(Handle::working_directory, folder.path_, {.access = Access::directory});
  if (!opened) {
    return std::unexpected(
        folder_error(opened.error(), Step::open_directory, folder.path_, "for the sidecar"));
  }
  folder.folder_ = OwnedHandle(fs, *opened);
  const FileSystemKind kind = fs.kind(folder.handle());
  folder.volatile_ = kind.volatile_storage;
  if (!locks_are_trusted(kind)) {
    return std::unexpected(Error(
        Code::unsupported, Step::inspect, Outcome::not_applied, 0, folder.path_,
        "no sidecar on " + kind.name + ": its locks are not known to keep other writers away"));
  }
  return folder;
}

Result<bool> SidecarFolder::holds_sidecars() const {
  const auto entries = fs_->list(handle());
  if (!entries) return std::unexpected(folder_error(entries.error(), Step::inspect, path_));
  for (const Entry& entry : *entries) {
    if (is_sidecar_name(entry.name) || is_temporary_name(entry.name)) return true;
  }
  return false;
}

Result<OwnedHandle> SidecarFolder::lock(std::chrono::milliseconds wait) const {
  return take_lock(*fs_, handle(), sidecar_lock_name, path_, {.wait = wait});
}

class SidecarFolder::Recovery {
 public:
  Recovery(const SidecarFolder& folder, std::chrono::steady_clock::time_point until)
      : fs_(*folder.fs_), folder_(folder), until_(until) {}

  Result<FolderRecovery> run() {
    const auto entries = fs_.list(folder_.handle());
    if (!entries) {
      return std::unexpected(folder_error(entries.error(), Step::inspect, folder_.path_));
    }
    for (const Entry& entry : *entries) {
      if (is_sidecar_name(entry.name)) {
        judge_sidecar(entry.name);
      } else if (is_temporary_name(entry.name)) {
        UNTORN_CHECK(judge_temporary(entry.name));
      }
    }
    sync_folder();
    if (sync_error_) return std::unexpected(*sync_error_);
    return std::move(result_);
  }

 private:
  // A regular file of that name; none if it is anything else, or gone.
  [[nodiscard]] SystemResult<OwnedHandle> open_file(const std::string& name) {
    auto opened = fs_.open(folder_.handle(), name,
                           {.access = Access::read, .follow = false, .nonblocking = true});
    if (!opened) return std::unexpected(opened.error());
    return OwnedHandle(fs_, *opened);
  }

  void keep(const std::string& name, const std::string& target, std::string why) {
    result_.told.kept.push_back({.sidecar = name, .target = target, .why = std::move(why)});
  }

  void judge_sidecar(const std::string& name) {
    auto file = open_file(name);
    if (!file) {
      if (number(file.error()) != ENOENT) keep(name, "", reason_of("opening it", file.error()));
      return;
    }
    const auto status = fs_.status(file->get());
    if (!status) return keep(name, "", reason_of("looking at it", status.error()));
    if (status->type != FileType::regular) return keep(name, "", "it is not a regular file");
    auto look = look_at_sidecar(fs_, file->get());
    if (!look) return keep(name, "", reason_of("reading it", look.error()));
    switch (look->state) {
      case SidecarState::newer:
        return keep(name, "", "a newer version of Untorn wrote it");
      case SidecarState::foreign:
      case SidecarState::cut:
        return set_aside(name);
      case SidecarState::whole:
        return finish(name, file->get(), *status, *look);
    }
  }

  // V1.
  void set_aside(const std::string& name) {
    for (std::uint64_t n = 1; n <= numbers_max; ++n) {
      const std::string aside = numbered_name(name, ".damaged-", n);
      auto renamed =
          fs_.rename(folder_.handle(), name, folder_.handle(), aside, RenameMode::no_replace);
      if (renamed) {
        changed_ = true;
        result_.told.damaged.push_back(aside);
        return;
      }
      if (number(renamed.error()) != EEXIST) {
        return keep(name, "", "it is damaged; " + reason_of("renaming it", renamed.error()));
      }
    }
    keep(name, "", "it is damaged, and every name to set it aside is taken");
  }

  void finish(const std::string& name, Handle file, const Status& sidecar,
              const SidecarLook& look) {
    const std::string& path = look.target.path;
    const auto leave = [&](const std::string& why, const std::optional<Error>& error) {
      result_.unfinished.push_back(
          {.device = sidecar.device, .target = look.target, .error = error});
      keep(name, path, why);
    };
    const auto target = open_target(path);
    if (!target) {
      const Error& error = target.error();
      return leave(error.message(),
                   error.os_errno() == ENOENT ? std::nullopt : std::optional(error));
    }
    const auto locks = lock_target(path, *target);
    if (!locks) return leave(locks.error().message(), locks.error());
    const auto named = fs_.status_at(target->folder.get(), target->name);
    const auto status = fs_.status(target->file.get());
    if (!named || !status || !same_file(*named, *status) || !is_target(*status, sidecar, look)) {
      return leave("another file has its name now", std::nullopt);
    }
    if (!is_trusted(sidecar, *status)) {
      return leave("its owner or mode lets somebody else decide what is written", std::nullopt);
    }
    const auto done = overwrite(
        fs_, {.target = target->file.get(),
              .source = {.file = file, .from = look.content_from, .bytes = look.content_bytes},
              .mode = look.target.mode,
              .durable = !folder_.is_volatile()});
    if (!done) {
      const Error error(Error::from_errno(number(done.error().os_errno), done.error().step,
                                          Outcome::unknown, path, "finishing it from " + name));
      return leave(error.message(), error);
    }
    changed_ = true;
    auto removed = fs_.unlink(folder_.handle(), name);
    if (!removed && !is_missing(removed.error())) {
      const Error error = folder_error(removed.error(), Step::clean_up, folder_.path_, name);
      return leave(error.message(), error);
    }
    sync_folder();  // before the locks end
    result_.told.finished.push_back(path);
  }

  struct OpenTarget {
    OwnedHandle folder;
    std::string name;
    OwnedHandle file;
  };

  [[nodiscard]] Result<OpenTarget> open_target(const std::string& path) {
    UNTORN_TRY(Place place, resolve(fs_, path, SymlinkPolicy::follow));
    auto opened = fs_.open(place.folder(), place.name,
                           {.access = Access::read_write, .follow = false, .nonblocking = true});
    if (!opened) return std::unexpected(folder_error(opened.error(), Step::inspect, path));
    return OpenTarget{.folder = std::move(place.directory),
                      .name = std::move(place.name),
                      .file = OwnedHandle(fs_, *opened)};
  }

  [[nodiscard]] Result<InPlaceLocks> lock_target(const std::string& path,
                                                 const OpenTarget& target) {
    InPlaceLockRequest request{
        .directory = target.folder.get(), .target = target.file.get(), .until = until_};
    unsigned retries = 0;
    auto locks = InPlaceLocks::take(fs_, path, request, retries);
    if (locks) return locks;
    const Error& error = locks.error();
    if (error.code() == Code::timed_out) {
      return std::unexpected(
          Error(Code::busy, error.step(), error.outcome(), 0, path, error.detail()));
    }
    // A directory that knows no locks is one where nobody can state if_match.
    if (error.code() != Code::unsupported) return locks;
    request.directory = Handle::none;
    return InPlaceLocks::take(fs_, path, request, retries);
  }

  // V5. A sync that failed is not repeated.
  void sync_folder() {
    if (!changed_ || folder_.is_volatile() || sync_error_) return;
    changed_ = false;
    if (auto synced = fs_.sync(folder_.handle()); !synced) {
      sync_error_ = folder_error(synced.error(), Step::sync_directory, folder_.path_,
                                 "sidecars that were removed may come back after a power cut");
    }
  }

  // V3.
  static bool is_target(const Status& found, const Status& sidecar, const SidecarLook& look) {
    return found.type == FileType::regular && found.device == sidecar.device &&
           found.inode == look.target.inode && found.born_ns == look.target.born_ns;
  }

  // V4.
  static bool is_trusted(const Status& sidecar, const Status& target) {
    const bool owner =
        sidecar.user == geteuid() || sidecar.user == 0 || sidecar.user == target.user;
    return owner && (sidecar.mode & writable_by_others) == 0 && sidecar.links == 1;
  }

  // V2.
  [[nodiscard]] Result<void> judge_temporary(const std::string& name) {
    auto file = open_file(name);
    if (!file) return {};  // gone, a link, or not ours to read
    const auto status = fs_.status(file->get());
    if (!status || status->type != FileType::regular || status->links != 1) return {};
    if (!fs_.lock(file->get(), LockMode::exclusive)) return {};  // its writer lives
    auto look = look_at_sidecar(fs_, file->get());
    if (!look || look->state == SidecarState::foreign || look->state == SidecarState::newer) {
      return {};
    }
    const auto named = fs_.status_at(folder_.handle(), name);
    if (!named || !same_file(*named, *status)) return {};
    auto removed = fs_.unlink(folder_.handle(), name);
    if (!removed && !is_missing(removed.error())) {
      return std::unexpected(folder_error(removed.error(), Step::clean_up, folder_.path_, name));
    }
    changed_ = true;
    result_.told.discarded.push_back(look->target.path);
    return {};
  }

  [[nodiscard]] std::string reason_of(const std::string& what, Errno os_errno) const {
    return folder_error(os_errno, Step::inspect, folder_.path_, what).message();
  }

  FileSystem& fs_;
  const SidecarFolder& folder_;
  std::chrono::steady_clock::time_point until_;
  FolderRecovery result_;
  bool changed_ = false;
  std::optional<Error> sync_error_;
};

Result<FolderRecovery> SidecarFolder::recover(std::chrono::steady_clock::time_point until) const {
  return Recovery(*this, until).run();
}

}  // namespace untorn::write
