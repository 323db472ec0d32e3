// SPDX-License-Identifier: Apache-2.0
//
// `.untorn`, the one folder of a tree in which everything lies that we keep: generations, locks,
// intents, counters.
//
//   TREE/.untorn/             mode 0700
//   TREE/.untorn/.gitignore   "*"
//
//   UNTORN_TRY(auto kept, KeptFolder::find(fs, tree.get(), path));
//   UNTORN_CHECK(kept.make());
//   UNTORN_TRY(auto logs, kept.make_folder(kept.handle(), "logs"));
//   UNTORN_TRY(auto lock, take_lock(fs, logs.get(), "lock", path, {.wait = wait}));
//
// A folder of ours that belongs to someone else than the owner of the tree, us, or root is refused
// with Code::permission_denied: where everybody may write, it could answer with content of its
// owner's choice. A symbolic link is refused too.
//
// Threads: an object belongs to one thread at a time.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn {

inline constexpr std::string_view kept_folder_name = ".untorn";
// Names of this shape belong to Untorn: the prefix and 32 hexadecimal digits. Whoever finds one and
// gets its lock (flock, without waiting) has found what a killed writer left behind.
inline constexpr std::string_view temporary_prefix = ".untorn-tmp-";
inline constexpr std::uint32_t kept_folder_mode = 0700;
inline constexpr std::uint32_t kept_file_mode = 0600;  // for files that hold content of the user

// Whether a lock (flock) on this kind of file system is known to keep other processes away, and to
// end with its holder: an allow-list of local ones (ext2/3/4, xfs, btrfs, f2fs, bcachefs, zfs,
// tmpfs, overlay, our own in memory, and the "portable" of a proof). Others may, untried.
[[nodiscard]] bool locks_are_trusted(const FileSystemKind& kind) noexcept;

class KeptFolder {
 public:
  KeptFolder() = default;
  // The folder of the tree with the open directory `tree`, which must outlive this object. `path`
  // is for messages. Changes nothing; it is no error if there is none.
  [[nodiscard]] static Result<KeptFolder> find(FileSystem& fs, Handle tree, std::string path);

  // Handle::none as long as there is none.
  [[nodiscard]] Handle handle() const noexcept { return folder_.get(); }
  // Of the tree, when it was found.
  [[nodiscard]] const Status& tree_status() const noexcept { return tree_status_; }

  // Makes what is missing: the folder and its .gitignore, durably: three syncs, once in the life of
  // a tree.
  [[nodiscard]] Result<void> make();
  // A folder in `parent` (handle(), or one that these functions returned): Handle::none in the
  // result if there is none. `name` is a single name.
  [[nodiscard]] Result<OwnedHandle> find_folder(Handle parent, std::string_view name) const;
  // The same, made if it is missing. Nothing is synced.
  [[nodiscard]] Result<OwnedHandle> make_folder(Handle parent, std::string_view name) const;
  // The names `.untorn` and those directly in it reach the disk: two syncs.
  [[nodiscard]] Result<void> sync() const;

 private:
  [[nodiscard]] Error error(Errno os_errno, Step step, std::string detail) const;
  [[nodiscard]] Result<void> make_ignore_file() const;

  FileSystem* fs_ = nullptr;
  Handle tree_ = Handle::none;
  std::string path_;
  Status tree_status_;
  OwnedHandle folder_;
};

// The nearest folder, `folder` itself or one above it on the same mount, that has a `.untorn` which
// KeptFolder::find takes for ours; nothing if there is none. `folder` is an absolute path without
// links.
[[nodiscard]] std::optional<std::string> nearest_kept_tree(FileSystem& fs, std::string folder);

struct LockRequest {
  LockMode mode = LockMode::exclusive;
  std::chrono::milliseconds wait = std::chrono::seconds(10);
};

// Takes the lock file `name` in `folder`, which is made if it is missing and never removed. The
// lock is held as long as the handle is open. Fails with Code::busy after `wait` (0: one attempt).
// `path` is for messages. A lock file that someone removes meanwhile is no lock: tried again.
[[nodiscard]] Result<OwnedHandle> take_lock(FileSystem& fs, Handle folder, std::string_view name,
                                            const std::string& path,
                                            const LockRequest& request = {});

}  // namespace untorn
