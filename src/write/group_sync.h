// SPDX-License-Identifier: Apache-2.0
//
// Files of one file system that share their syncs: what a batch and a transaction are made of.
//
//   GroupSync group(fs, kind, Durability::durable, ProtocolChoice::automatic, counters);
//   for (Handle file : files) group.written(file);     // starts the write-back of each
//   auto contents = group.wait(files, directory);      // each is safe, or has its own error
//   …renames…
//   auto names = group.settle(directories);            // each is durable, or has its own error
//
//  G1  When wait() says that a content is safe, it persists before any name that is changed later
//      (range), or it is on the device already (file, all).
//  G2  When settle() says that a directory is durable, every change of a name in it that was made
//      before the call is on the device, and so is all that such a name leads to, by G1.
//  G3  A sync that failed is not repeated for what it concerned. One of everything (syncfs) tells
//      of strangers' files too, and not of which: then each file is asked by an fsync of its own,
//      which reports the errors since it was opened; a file that was closed meanwhile has failed.
//  G4  The number of flushing commits does not grow with the number of files, where the plan is
//      `range` or `all`. Nowhere does one file cost more than it would alone.
//
// syncfs(2) writes back what strangers have changed: it is used on btrfs only, and for groups of at
// least three files.
//
// Threads: one at a time.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "untorn/counters.h"
#include "untorn/filesystem.h"
#include "write/plan.h"

namespace untorn::write {

inline constexpr std::size_t shared_files_min = 3;  // a smaller group syncs each file by itself

class GroupSync {
 public:
  // `files_expected`: of those that will be written, as far as that is known; it decides the plan.
  GroupSync(FileSystem& fs, const FileSystemKind& kind, Durability level, ProtocolChoice choice,
            Counters* counters, std::size_t files_expected = 0) noexcept;

  // The content of `file` is complete. Never fails: what goes wrong is told by the wait.
  void written(Handle file);
  // Makes one content safe now: for a file that must be closed before the group is complete, or
  // whose content counts although the group did not write it. Under the plan `all` nothing is done
  // yet, and the file must be given to wait() as Handle::none.
  [[nodiscard]] SystemResult<void> wait_for(Handle file);
  // Makes the contents safe, in the order of `files`. `on_it`: any handle of the file system, open
  // since before the first file was written, for a sync of everything.
  [[nodiscard]] std::vector<SystemResult<void>> wait(std::span<const Handle> files, Handle on_it);
  // Makes the names of these directories durable, as far as the plan goes. All at once or one after
  // the other, but each directory once, and after the last change of a name in any of them.
  [[nodiscard]] std::vector<SystemResult<void>> settle(std::span<const Handle> directories);

  // By the files that were written so far, or are expected.
  [[nodiscard]] Plan plan() const noexcept;
  [[nodiscard]] unsigned syncs() const noexcept { return syncs_; }
  // Flushing commits that the syncs so far are expected to have cost.
  [[nodiscard]] unsigned commits() const noexcept { return commits_; }

 private:
  [[nodiscard]] SystemResult<void> sync(Handle handle);
  [[nodiscard]] SystemResult<void> sync_everything(Handle on_it);
  void ask_each(std::span<const Handle> files, Errno failure,
                std::vector<SystemResult<void>>& results);

  FileSystem& fs_;
  Plan alone_;
  Plan shared_;
  bool counts_commits_;
  Counters* counters_;
  std::size_t files_expected_;
  std::size_t files_ = 0;
  bool names_settled_ = false;
  unsigned syncs_ = 0;
  unsigned commits_ = 0;
};

// How many files a group may hold open: half of what this process may (RLIMIT_NOFILE), at least 4.
[[nodiscard]] std::size_t open_files_max() noexcept;

}  // namespace untorn::write
