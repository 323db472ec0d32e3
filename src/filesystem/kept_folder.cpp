// SPDX-License-Identifier: Apache-2.0
#include "filesystem/kept_folder.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <thread>
#include <utility>

#include "base/deadline.h"
#include "base/try.h"
#include "filesystem/random_hex.h"
#include "filesystem/same_file.h"
#include "filesystem/unsupported.h"

namespace untorn {
namespace {

constexpr auto pause_max = std::chrono::milliseconds(50);
constexpr std::string_view ignore_name = ".gitignore";
constexpr std::string_view ignore_text = "*\n";

// Opens the lock file. A reader may lack the right to write in a folder that holds it already.
SystemResult<Handle> open_lock_file(FileSystem& fs, Handle folder, std::string_view name) {
  OpenOptions options{.access = Access::read, .follow = false, .nonblocking = true};
  auto opened = fs.open(folder, name, options);
  if (opened || number(opened.error()) != ENOENT) return opened;
  options.access = Access::read_write;
  options.create = true;
  options.mode = kept_file_mode;
  return fs.open(folder, name, options);
}

// A lock on a file that someone removed meanwhile is no lock.
bool is_still_named(FileSystem& fs, Handle folder, std::string_view name, Handle file) {
  auto held = fs.status(file);
  auto named = fs.status_at(folder, name);
  return held && named && same_file(*held, *named);
}

}  // namespace

bool locks_are_trusted(const FileSystemKind& kind) noexcept {
  // "portable": what assumed_kind() gives, on a local file system.
  constexpr std::array<std::string_view, 12> trusted = {
      "ext2", "ext3",  "ext4",     "xfs",     "btrfs",  "f2fs",
      "zfs",  "tmpfs", "bcachefs", "overlay", "memory", "portable"};
  return !kind.network && std::find(trusted.begin(), trusted.end(), kind.name) != trusted.end();
}

Error KeptFolder::error(Errno os_errno, Step step, std::string detail) const {
  return Error::from_errno(number(os_errno), step, Outcome::not_applied, path_, std::move(detail));
}

Result<KeptFolder> KeptFolder::find(FileSystem& fs, Handle tree, std::string path) {
  KeptFolder kept;
  kept.fs_ = &fs;
  kept.tree_ = tree;
  kept.path_ = std::move(path);
  auto status = fs.status(tree);
  if (!status) return std::unexpected(kept.error(status.error(), Step::inspect, {}));
  kept.tree_status_ = *status;
  UNTORN_TRY(kept.folder_, kept.find_folder(tree, kept_folder_name));
  return kept;
}

Result<OwnedHandle> KeptFolder::find_folder(Handle parent, std::string_view name) const {
  auto opened = fs_->open(parent, name, {.access = Access::directory, .follow = false});
  if (!opened) {
    if (number(opened.error()) == ENOENT) return OwnedHandle();
    return std::unexpected(error(opened.error(), Step::open_directory, std::string(name)));
  }
  OwnedHandle folder(*fs_, *opened);
  auto status = fs_->status(folder.get());
  if (!status) return std::unexpected(error(status.error(), Step::inspect, std::string(name)));
  const bool trusted =
      status->user == tree_status_.user || status->user == geteuid() || status->user == 0;
  if (!trusted) {
    return std::unexpected(Error(Code::permission_denied, Step::open_directory,
                                 Outcome::not_applied, 0, path_,
                                 std::string(name) + " belongs to another user"));
  }
  return folder;
}

Result<OwnedHandle> KeptFolder::make_folder(Handle parent, std::string_view name) const {
  UNTORN_TRY(OwnedHandle found, find_folder(parent, name));
  if (found.get() != Handle::none) return found;
  auto made = fs_->make_directory(parent, name, kept_folder_mode);
  if (!made && number(made.error()) != EEXIST) {
    return std::unexpected(error(made.error(), Step::create_temporary,
                                 std::string(name) + ", a folder for what is kept"));
  }
  UNTORN_TRY(found, find_folder(parent, name));
  if (found.get() != Handle::none) return found;
  return std::unexpected(Error(Code::busy, Step::open_directory, Outcome::not_applied, 0, path_,
                               "someone removes " + std::string(name) + " at this moment"));
}

// Repositories shall not take our folder for theirs. The file is made once in the life of a tree,
// like any file that shall survive: whole under another name, and its names reach the disk.
Result<void> KeptFolder::make_ignore_file() const {
  if (fs_->status_at(handle(), ignore_name)) return {};
  const std::string name = std::string(temporary_prefix) + random_hex(*fs_);
  auto file =
      fs_->open(handle(), name, {.access = Access::write, .create = true, .exclusive = true});
  if (!file) {
    const int os_errno = number(file.error());
    if (os_errno == EACCES || os_errno == EROFS) return {};  // who may only read makes nothing
    return std::unexpected(error(file.error(), Step::create_temporary, std::string(ignore_name)));
  }
  const OwnedHandle owned(*fs_, *file);
  (void)fs_->lock(owned.get(), LockMode::exclusive);  // keeps cleaners away, where there are locks
  const auto written = fs_->write(owned.get(), std::as_bytes(std::span(ignore_text)));
  SystemResult<void> done;
  if (!written) done = std::unexpected(written.error());
  if (done) done = fs_->sync(owned.get());
  if (done) done = fs_->rename(handle(), name, handle(), ignore_name, RenameMode::replace);
  if (done) return sync();
  (void)fs_->unlink(handle(), name);
  return std::unexpected(error(done.error(), Step::write, std::string(ignore_name)));
}

Result<void> KeptFolder::make() {
  if (handle() == Handle::none) {
    UNTORN_TRY(folder_, make_folder(tree_, kept_folder_name));
  }
  return make_ignore_file();
}

Result<void> KeptFolder::sync() const {
  for (const Handle directory : {tree_, handle()}) {
    auto synced = fs_->sync(directory);
    if (!synced && !means_unsupported(synced.error())) {
      return std::unexpected(
          error(synced.error(), Step::sync_directory, std::string(kept_folder_name)));
    }
  }
  return {};
}

std::optional<std::string> nearest_kept_tree(FileSystem& fs, std::string folder) {
  std::optional<std::uint64_t> device;
  for (;;) {
    auto opened = fs.open(Handle::working_directory, folder, {.access = Access::directory});
    if (!opened) return std::nullopt;
    const OwnedHandle handle(fs, *opened);
    const auto status = fs.status(handle.get());
    if (!status || status->device != device.value_or(status->device)) return std::nullopt;
    const auto kept = KeptFolder::find(fs, handle.get(), folder);
    if (kept && kept->handle() != Handle::none) return folder;
    const std::size_t slash = folder.rfind('/');
    if (status->mount_root || folder == "/" || slash == std::string::npos) return std::nullopt;
    device = status->device;
    folder.resize(std::max<std::size_t>(slash, 1));
  }
}

Result<OwnedHandle> take_lock(FileSystem& fs, Handle folder, std::string_view name,
                              const std::string& path, const LockRequest& request) {
  const auto until = deadline_after(request.wait);
  const auto failed = [&path](Errno os_errno) {
    return std::unexpected(
        Error::from_errno(number(os_errno), Step::inspect, Outcome::not_applied, path, "its lock"));
  };
  for (auto pause = std::chrono::milliseconds(1);; pause = std::min(pause * 2, pause_max)) {
    auto opened = open_lock_file(fs, folder, name);
    if (!opened) return failed(opened.error());
    OwnedHandle file(fs, *opened);
    auto locked = fs.lock(file.get(), request.mode);
    if (locked) {
      if (is_still_named(fs, folder, name, file.get())) return file;
    } else if (number(locked.error()) != EWOULDBLOCK) {
      return failed(locked.error());
    }
    if (std::chrono::steady_clock::now() >= until) {
      return std::unexpected(Error(Code::busy, Step::inspect, Outcome::not_applied, 0, path,
                                   "another program holds its lock"));
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace untorn
