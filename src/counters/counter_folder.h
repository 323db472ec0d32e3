// SPDX-License-Identifier: Apache-2.0
//
// `.untorn/counters` of one tree.
//
//   <opened>-<process>-<4 hex digits>   counted into by one process, locked (flock) while it lives
//   new-<32 hex digits>                 the same before it is whole; nobody counts into it
//   total                               what files of ended processes came to
//   total.new                           the next one; of whoever holds `lock`
//   lock                                held, exclusively, by whoever folds
//   damaged-<name>                      set aside: it is none of these forms
//
// Invariants, which docs/internals/counters.md repeats with the reasons:
//   C1  A name is never used twice, and a file appears under its name whole and locked.
//   C2  Only the holder of `lock` adds files to `total`, removes them, or sets them aside.
//   C3  A file is added only when its lock is free: nobody counts into it any more.
//   C4  `total` changes by one rename, which brings the sums and the names of the files that are in
//       them together. A file that `total` names is not counted again, and is removed after.
//   C5  A name leaves `total` only after the removal of its file has reached the disk: else a power
//       cut could bring the file back, and it would count again.
//   C6  What a newer version wrote is neither changed nor removed.
// So each file counts exactly once, wherever a folder dies, and never twice after a power cut. What
// came last before a power cut may be missing: but for C5, once in many folds, nothing is synced.
#pragma once
#include <filesystem>
#include <string>

#include "counters/layout.h"
#include "untorn/counters.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::counters {

// A file that is counted into.
struct OpenedFile {
  OwnedHandle handle;  // has the lock, which ends with it
  FileMapping mapping;
  std::string name;
};

class CounterFolder {
 public:
  // Code::not_found if there is none.
  [[nodiscard]] static Result<CounterFolder> find(FileSystem& fs,
                                                  const std::filesystem::path& tree);
  [[nodiscard]] static Result<CounterFolder> make(FileSystem& fs,
                                                  const std::filesystem::path& tree);

  [[nodiscard]] Handle handle() const noexcept { return folder_.get(); }
  [[nodiscard]] OwnedHandle release() noexcept { return std::move(folder_); }
  [[nodiscard]] const Status& status() const noexcept { return status_; }

  // Adds what ended processes left. Code::busy if somebody else does, Code::unsupported if `total`
  // is of a newer format.
  [[nodiscard]] Result<void> fold() const;
  // The same if there are so many files that it is worth its cost: the rename over `total` makes
  // some file systems (ext4) write its content out at once.
  [[nodiscard]] Result<void> fold_if_many() const;
  // The sum of `total` and all files that are not in it.
  [[nodiscard]] Result<CounterTotals> read() const;

 private:
  struct Folding;
  [[nodiscard]] Error error(Errno os_errno, Step step, std::string detail) const;
  [[nodiscard]] Result<TotalFile> read_total() const;
  [[nodiscard]] Result<void> examine(Folding& folding, const std::string& name) const;
  [[nodiscard]] Result<void> replace_total(const Total& total) const;
  void forget_names(Total& total, const std::vector<Entry>& entries) const;
  [[nodiscard]] Result<void> set_aside(const std::string& name, const std::string& as) const;
  [[nodiscard]] Result<bool> add_unfolded(const Total& total, CounterTotals& totals) const;

  FileSystem* fs_ = nullptr;
  std::string path_;
  OwnedHandle folder_;
  Status status_;
};

// Makes a file for this process in the folder (C1). `path` is for messages.
[[nodiscard]] Result<OpenedFile> begin_file(FileSystem& fs, Handle folder, const std::string& path);

}  // namespace untorn::counters
