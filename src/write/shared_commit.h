// SPDX-License-Identifier: Apache-2.0
//
// Threads of one process that replace files of one mount at the same time, and wait for the same
// slow disk, share the commit that ends their replacements.
//
// For protocol one_commit at `durable`, after the rename. Alone, such a replacement ends with an
// fsync of the file and one of the directory, which cost one commit together. Several that arrive
// together are a batch (group_sync.h) and end as one: the first to arrive leads, and syncs every
// directory of the group once; the others wait for it.
//
//  S1  Who joins has waited for its content (sync_file_range) and has made its rename: by R9 of
//      replace.cpp nothing but the sync of a directory is left to do for it. Its own fsync of the
//      file would add nothing: the bytes were waited for, which told their errors, and nobody has
//      written since.
//  S2  A group is closed before its leader makes the first sync. So every rename of the group had
//      returned before any sync of it was entered: it is in the running transaction of the journal,
//      or in an older one.
//  S3  Every directory of the group is synced. On ext4 that commits the running transaction
//      (ext4_fsync_journal: a directory forces a full commit), on xfs it forces the log up to the
//      newest change of that directory (xfs_log_force_inode). A sync of one file alone would not
//      do: it waits for the transaction in which that file was changed last, and the rename of a
//      follower may be in a later one.
//  S4  The content of a follower comes with its rename, by what `before_names` promises: the same
//      sentence by which a replacement alone is right.
//  S5  The result of a follower is that of its own directory, whoever synced it. An error means
//      applied_unsynced. A sync that failed is repeated by nobody in the group.
//  S6  Nobody waits for threads that do not come: a leader gathers only where the final syncs of
//      this mount were slow lately (a moving average over 0.3 ms), for as many as were active last
//      time, and for a third of that average at most. While another group is being synced it stays
//      open for that long too: the journal commits one transaction at a time.
//
// Threads: any, that is the purpose. A child of fork(2) has groups of its own.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "untorn/counters.h"
#include "untorn/filesystem.h"

namespace untorn::write {

// What a replacement asks for. Both handles stay with it, and are used by another thread while it
// waits.
struct FinalSync {
  std::uint64_t mount = 0;  // Status::mount of the file: not 0
  Handle file = Handle::none;
  Handle directory = Handle::none;
  Counters* counters = nullptr;
};

struct FinalSyncResult {
  SystemResult<void> file;
  SystemResult<void> directory;
  unsigned syncs = 0;    // made by this thread: 0 for who followed
  unsigned commits = 0;  // the same
  bool shared = false;   // with others
};

// Where the time comes from, so that tests need not wait.
class GatherClock {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  GatherClock() = default;
  GatherClock(const GatherClock&) = delete;
  GatherClock& operator=(const GatherClock&) = delete;
  virtual ~GatherClock() = default;
  [[nodiscard]] virtual Instant now();
  // Waits until it is notified, or until then; may wake at any time.
  virtual void wait_until(std::condition_variable& changed, std::unique_lock<std::mutex>& lock,
                          Instant until);
};

class SharedCommits {
 public:
  explicit SharedCommits(GatherClock& clock) : clock_(clock) {}
  SharedCommits(const SharedCommits&) = delete;
  SharedCommits& operator=(const SharedCommits&) = delete;
  ~SharedCommits();

  // Returns when the rename is durable, or it is known that it is not.
  [[nodiscard]] FinalSyncResult settle(FileSystem& fs, const FinalSync& request);

 private:
  struct Mount;
  [[nodiscard]] std::shared_ptr<Mount> mount_of(FileSystem& fs, std::uint64_t mount);
  [[nodiscard]] FinalSyncResult settle_alone(FileSystem& fs, const FinalSync& request,
                                             Mount& mount);

  GatherClock& clock_;
  std::mutex mutex_;
  std::map<std::pair<const FileSystem*, std::uint64_t>, std::shared_ptr<Mount>> mounts_;
};

// The same with the groups of this process.
[[nodiscard]] FinalSyncResult settle_shared(FileSystem& fs, const FinalSync& request);

}  // namespace untorn::write
