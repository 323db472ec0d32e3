// SPDX-License-Identifier: Apache-2.0
//
// The tree of a transaction: its root, its `.untorn`, its lock, and the directories below it.
//
// Every directory below the root is reached by a walk from the root that follows no link and
// crosses no mount, so that no path of an intent can lead out of the tree.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filesystem/kept_folder.h"
#include "transaction/files.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/transaction.h"
#include "write/plan.h"

namespace untorn::transaction {

class Tree {
 public:
  // Opens the root and its `.untorn`, which is made if it is missing. Code::unsupported where locks
  // are not known to work.
  [[nodiscard]] static Result<Tree> open(FileSystem& fs, const std::string& root,
                                         const TransactionOptions& options);
  // The same, and waits for its lock, which is held until unlock() or the end of this object.
  [[nodiscard]] static Result<Tree> open_locked(FileSystem& fs, const std::string& root,
                                                const TransactionOptions& options, LockMode mode);
  // As open(), but makes nothing: has_folder() tells.
  [[nodiscard]] static Result<Tree> look(FileSystem& fs, const std::string& root);

  // Waits for the tree's lock.
  [[nodiscard]] Result<void> lock(LockMode mode, std::chrono::milliseconds wait);
  void unlock() noexcept { lock_.reset(); }

  [[nodiscard]] FileSystem& fs() const noexcept { return *fs_; }
  [[nodiscard]] const std::string& root_path() const noexcept { return root_path_; }
  [[nodiscard]] Handle root() const noexcept { return root_.get(); }
  [[nodiscard]] Handle folder() const noexcept { return kept_.handle(); }
  [[nodiscard]] bool has_folder() const noexcept { return folder() != Handle::none; }
  [[nodiscard]] const Status& root_status() const noexcept { return kept_.tree_status(); }
  [[nodiscard]] const FileSystemKind& kind() const noexcept { return kind_; }
  [[nodiscard]] Identity identity() const noexcept { return identity_; }
  [[nodiscard]] Counters* counters() const noexcept { return counters_.get(); }

  // An open directory by its path. Valid until three other ones were asked for, or forget().
  [[nodiscard]] Result<Handle> directory(std::string_view path);
  // Open directories may have moved: the next ones are walked to again.
  void forget() noexcept { open_.clear(); }
  // What a name holds; nothing if there is no such name, or no such directory.
  [[nodiscard]] Result<std::optional<Status>> look_at(std::string_view path);

  // One sync, counted. For a directory that cannot be synced here, no failure.
  [[nodiscard]] SystemResult<void> sync_file(Handle file);
  [[nodiscard]] SystemResult<void> sync_directory(Handle directory);
  // Everything on the file system: what strangers have written, too.
  [[nodiscard]] SystemResult<void> sync_everything();
  [[nodiscard]] unsigned syncs() const noexcept { return syncs_; }
  // Syncs that were made beside these three.
  void note_syncs(unsigned syncs) noexcept { syncs_ += syncs; }

  // How its changes become durable: one plan for commit() and for every recovery.
  [[nodiscard]] const write::Plan& plan() const noexcept { return plan_; }
  // Names persist in the order in which they were changed, so that one that is durable makes all
  // that were changed before it durable: no sync is needed between two steps.
  [[nodiscard]] bool names_in_order() const noexcept {
    return plan_.protocol == Protocol::one_commit && !kind_.fast_commit;
  }

  // Of an operation on `path` below the root.
  [[nodiscard]] Error error(Errno os_errno, Step step, std::string_view path,
                            std::string detail = {}) const;
  [[nodiscard]] Error error(Code code, Step step, std::string_view path, std::string detail) const;

 private:
  struct OpenDirectory {
    std::string path;
    OwnedHandle handle;
  };

  [[nodiscard]] Result<void> open_root();
  [[nodiscard]] Result<OwnedHandle> enter(Handle parent, std::string_view path);
  [[nodiscard]] SystemResult<void> sync_counted(Handle handle);

  FileSystem* fs_ = nullptr;
  std::string root_path_;
  OwnedHandle root_;
  FileSystemKind kind_;
  write::Plan plan_;
  Identity identity_ = Identity::inode;
  KeptFolder kept_;
  OwnedHandle lock_;
  std::vector<OpenDirectory> open_;  // the last used at the end
  std::shared_ptr<Counters> counters_;
  unsigned syncs_ = 0;
};

// `error` with another outcome.
[[nodiscard]] Error with_outcome(const Error& error, Outcome outcome);

}  // namespace untorn::transaction
