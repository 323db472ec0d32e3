// SPDX-License-Identifier: Apache-2.0
//
// Many files, each replaced whole, for the price of one.
//
//   untorn::Batch batch;
//   for (const auto& [path, content] : pages)
//     if (auto added = batch.put(path, content); !added) return added.error();
//   auto receipt = std::move(batch).commit();
//   for (const untorn::BatchFile& file : receipt->files) if (!file.result) report(file.path);
//
// Each file is replaced as replace_file does, but all of them share their syncs. What holds:
//   B1  Each name goes from its old content to its new one by one rename. The files are
//       independent: after a crash in commit() some may be new and others old. Those who need all
//       or none take untorn/transaction.h.
//   B2  At `ordered` and `durable` every content is on the device (or in its journal) before the
//       first rename.
//   B3  At `durable` every rename is on the device when commit() returns; a power cut within it
//       leaves each name with a whole version.
//   B4  One file that fails does not keep the others: each has its own result.
//
// Cost in flushing commits at `durable`, whatever the number of files, counted by
// tests/crash/batch_calls_test.cpp: one where one_commit is allowed (ext4, xfs); two on btrfs for
// three files or more, which makes it by syncfs(2) and thereby writes back what others have changed
// on that file system; elsewhere (overlay, network, unknown) one for each file and one for each
// directory. At `ordered` the last step is left out: none, one, or one for each file. System calls:
// as replace_file, less opening directories that are open already, and one that starts the
// write-back. Files of several file systems are several groups.
//
// Limits: space for a second copy of all files at once. At most half of the descriptors that this
// process may open (RLIMIT_NOFILE) are used; beyond that the oldest temporaries are waited for and
// closed, and so are directories. A closed temporary has no lock: if a cleaner takes it away (which
// needs a batch that is open for minutes), that file fails with Code::busy and keeps its old
// content. A directory is opened again by its path; if that leads elsewhere by then, its files
// fail. A file that is reached by a symbolic link keeps a directory of its own open.
//
// A sync that fails: of a content, that file keeps its old version, the others go on. Of a
// directory, the files in it are applied_unsynced. A syncfs that fails before the renames may tell
// of a stranger's content, so each file is asked by an fsync; after them, all are
// applied_unsynced.
//
// Threads: a Batch belongs to one thread at a time. Writers of its files may run in others until
// they are added. In a forked child put(), add() and commit() fail, and nothing is removed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/durability.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/replace.h"

namespace untorn {

// One file of a batch, in the order in which they were added.
struct BatchFile {
  std::string path;
  Result<Receipt> result;  // its syncs and commits are 0: the batch counts them
};

struct BatchReceipt {
  std::vector<BatchFile> files;
  std::size_t failed = 0;  // of them, not replaced, or not known durable
  Durability requested = Durability::durable;
  Durability achieved = Durability::durable;  // the lowest of those that were replaced
  Protocol protocol = Protocol::classic;      // classic if any file needed it, none if no file was
                                              // replaced
  unsigned syncs = 0;                         // calls of fsync and syncfs in all
  unsigned commits = 0;                       // expected, as in Receipt::commits
  std::uint64_t bytes = 0;
};

class Batch {
 public:
  // `options.durability`, `strict` and `counters` hold for the whole batch; the rest for each file
  // that is put without options of its own.
  explicit Batch(const ReplaceOptions& options = {});
  Batch(FileSystem& fs, const ReplaceOptions& options);
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  ~Batch();  // discards what was not committed

  // Writes the content to a temporary beside its target at once, and starts its write-back. Nothing
  // is kept in memory. What replace_file refuses is refused here, and the batch goes on without
  // that file. A path may be put once: Code::already_exists.
  [[nodiscard]] Result<void> put(const std::filesystem::path& path,
                                 std::span<const std::byte> content);
  [[nodiscard]] Result<void> put(const std::filesystem::path& path, std::string_view content);
  [[nodiscard]] Result<void> put(const std::filesystem::path& path,
                                 std::span<const std::byte> content, const ReplaceOptions& options);

  // A streaming writer joins: opened with the same FileSystem, fully written, not committed. Its
  // own durability is replaced by the batch's. On failure it is discarded.
  [[nodiscard]] Result<void> add(FileReplacer&& writer);

  [[nodiscard]] std::size_t size() const noexcept;

  // Publishes all. Fails as a whole only if the batch was committed or discarded before; what went
  // wrong with a file stands in its result. The object is spent afterwards.
  [[nodiscard]] Result<BatchReceipt> commit() &&;

  // Gives everything up and removes the temporaries. Safe to call at any time, also twice.
  void discard() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace untorn
