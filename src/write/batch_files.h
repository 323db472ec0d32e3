// SPDX-License-Identifier: Apache-2.0
//
// What a batch holds: its files from the first byte to the last sync.
//
// Each file is a Replacement that is stopped between two of its steps, until the others are as far;
// the syncs between the steps belong to groups, one for each file system.
//
//  B5  Files of one directory share one handle of it; a file that is reached by a link has its own.
//  B6  At most half of the descriptors that the process may have are open. Beyond that the oldest
//      temporaries are waited for and closed: their locks go, so each is looked at again before its
//      rename.
//  B7  One name of one directory, however it is spelled, is in a batch once.
//
// Threads: one at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "untorn/batch.h"
#include "write/batch_directories.h"
#include "write/group_sync.h"
#include "write/replacement.h"

namespace untorn::write {

class BatchFiles {
 public:
  BatchFiles(FileSystem& fs, const ReplaceOptions& options);
  BatchFiles(const BatchFiles&) = delete;
  BatchFiles& operator=(const BatchFiles&) = delete;
  ~BatchFiles();

  [[nodiscard]] Result<void> put(const std::string& path, std::span<const std::byte> content,
                                 ReplaceOptions options);
  // A stream that is complete.
  [[nodiscard]] Result<void> add(std::unique_ptr<Replacement> replacement);
  [[nodiscard]] std::size_t size() const noexcept { return files_.size(); }
  [[nodiscard]] const ReplaceOptions& options() const noexcept { return options_; }
  // Made by this process, and not by the one that forked it.
  [[nodiscard]] bool is_ours() const noexcept;

  // Once.
  [[nodiscard]] BatchReceipt publish();

 private:
  using Name = std::tuple<std::uint64_t, std::uint64_t, std::string>;  // directory, name in it
  using GroupKey = std::pair<std::uint64_t, ProtocolChoice>;           // device

  struct File {
    std::string path;
    std::unique_ptr<Replacement> replacement;  // none: there is a result
    std::optional<std::size_t> directory;      // in directories_; none: it has its own
    BatchDirectories::Identity folder;         // of the directory that holds the name
    std::size_t handles = 0;                   // that it holds open
    bool renamed = false;
    std::optional<Result<Receipt>> result;
  };
  struct Group {
    GroupSync sync;
    Handle anchor = Handle::none;  // of the file system, open as long as the group is used
    OwnedHandle own_anchor;
    std::vector<std::size_t> files;
  };

  [[nodiscard]] Result<File> begin(const std::string& path, const ReplaceOptions& options);
  void share_directory(File& file);
  [[nodiscard]] Result<Name> claim_name(File& file);
  [[nodiscard]] Result<void> join(File& file);
  void keep(File file, bool shares_syncs);
  [[nodiscard]] Group& group_of(const File& file);
  // Its directory is open again.
  [[nodiscard]] SystemResult<void> seat(File& file);
  // The same; if it is not, the file has failed.
  [[nodiscard]] bool seat_or_fail(File& file);
  void make_room();
  void park_oldest();
  void finish(File& file, Result<Receipt> result);

  void wait_for_contents(Group& group);
  void rename(File& file);
  void settle(Group& group);
  void conclude(File& file, const Plan& plan, const SystemResult<void>& synced);
  void commit_alone(File& file);
  [[nodiscard]] BatchReceipt receipt();

  FileSystem& fs_;
  ReplaceOptions options_;
  std::uint64_t owner_;
  std::size_t handles_max_;
  std::size_t handles_ = 0;  // held by the files
  BatchDirectories directories_;
  std::vector<File> files_;
  std::map<GroupKey, Group> groups_;
  std::deque<std::size_t> open_;  // files with open temporaries, the oldest first
  std::set<Name> names_;
  unsigned syncs_ = 0;    // made by files for themselves: backups, new parents
  unsigned commits_ = 0;  // the same
};

}  // namespace untorn::write
