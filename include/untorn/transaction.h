// SPDX-License-Identifier: Apache-2.0
//
// Several files of one tree, all or none.
//
//   auto change = untorn::Transaction::begin("project");
//   (void)change->put("patches/0007.patch", patch);   // collected, nothing is changed yet
//   (void)change->put("counter.json", "7\n");
//   auto receipt = std::move(*change).commit();       // all in place and durable, or none
//
// What always holds:
//  X1  Before commit() nothing under a name of the tree changes.
//  X2  After any crash, and a crash during the recovery from it, and so on, either all operations
//      took effect or none, once recover() ran. It runs by itself in begin() and
//      TreeLock::shared().
//  X3  When commit() returns success, everything is in place and durable, and no recovery is
//      needed.
//  X4  A recovery applies an operation only where the target is still what it was (the pre-image:
//      inode, size, hash; or absent) or already the new content. What another program put there
//      since stays; the content that could not be applied is kept beside it as
//      `NAME.unapplied-<number>` and reported.
//  X5  An intent belongs to one tree: root directory, device, and its own inode are in it. In a
//      copied or restored tree it is never applied; it is set aside and reported.
//  X6  A damaged intent, or one of a newer format, is never applied and never removed.
//
// The way of a commit: new content is staged in temporaries beside the targets (in the nearest
// directory that is there, for one that the transaction makes) and made safe, with their names;
// one intent record, `.untorn/transaction`, with checksums is made durable (the commit point); the
// operations are applied and made durable; the intent is removed, durably.
//
// Cost in syncs, counted by tests/crash/transaction_calls_test.cpp. Each is at most one flushing
// commit.
//   one_commit  (ext4 and xfs where it is allowed, see replace.h) 2, whatever the operations: one
//               for the intent with all that it relies on, one for its end with all that it says.
//               Each content is waited for by sync_file_range.
//               (ext4 with fast commits: as elsewhere, but without a sync for each content.)
//   btrfs       with three contents or more, new ones and old ones: 3, and one for the directories
//               that operations touch (for each, if they are one or two). The first is a syncfs and
//               writes back what others have changed on that file system.
//   elsewhere   one for each file put; one for each old file that is replaced or removed (its
//               content is in the intent, as a hash); one for the root and for each other directory
//               with temporaries; one for each directory that operations touch; three for the
//               intent. So one replaced file costs 7, where replace_file() costs 2.
// On btrfs and elsewhere, one more for each directory that gets a new directory with content in it.
// The new content is kept in memory until commit() and needs free space for a second copy.
//
// What a reader that does not use Untorn may see: each name holds its old or its new content whole,
// but between the commit point and the end of commit() (after a crash: of the recovery) some names
// may be new while others are still old. A reader that must not see such a mixture takes
// TreeLock::shared().
//
// Paths are relative to the root, with '/', and never lead out of it: "..", ".", an empty
// component, an absolute path, a symbolic link that leaves the tree, or a name that belongs to
// Untorn (`.untorn` and our temporaries) is refused with Code::invalid_argument, a mount below the
// root with Code::mount_point, when the operation is collected. A link inside the tree is followed
// on the way, and at the end by put() and make_directory(); remove() and rename() take the link
// itself. An absolute link is inside only if its text begins with the path of the root as begin()
// got it.
//
// Limits: 10,000 operations; 4 GiB of new content; paths of 4,095 bytes, names of 255. Old content
// must be readable. Nothing can be named below a directory that the same transaction renames. On
// file systems whose locks are not known to work (anything but ext2/3/4, xfs, btrfs, f2fs,
// bcachefs, zfs, tmpfs, overlay) begin() fails with Code::unsupported. After a power cut (not after
// a kill) a temporary of a commit that never happened may remain; `untorn doctor --repair` removes
// it.
//
// In a crash state that `untorn prove` shows to a check (at or below the directory that
// UNTORN_STATE names) files have other inodes than in the run; there they are known by their
// content instead.
//
// Threads: a Transaction belongs to one thread at a time. Any number of processes may work on one
// tree: begin() takes the tree's lock, waits `lock_wait` for it, and then fails with Code::busy. In
// a forked child commit() fails, and nothing is discarded.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/counters.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/replace.h"

namespace untorn {

class Transaction;
namespace transaction {
void may_change_kept(Transaction& change, std::string_view folder);
}

struct TransactionOptions {
  std::chrono::milliseconds lock_wait = std::chrono::seconds(10);
  std::shared_ptr<Counters> counters = nullptr;
};

struct PutOptions {
  // Permission bits. Absent: an existing file keeps its own, a new one gets 0666 less the umask.
  std::optional<std::uint32_t> mode = std::nullopt;
  Existence existence = Existence::either;
};

// What a recovery did about one interrupted transaction. Plain data.
struct TransactionRecovery {
  enum class Kind : std::uint8_t {
    none,            // there was nothing to do
    rolled_forward,  // the commit point was reached: the rest was applied
    discarded,       // it was not reached: temporaries were removed
    refused,         // X5, X6: nothing was applied; see `detail`
  };
  Kind kind = Kind::none;
  std::uint64_t applied = 0;         // operations that this recovery carried out
  std::uint64_t already = 0;         // that had been carried out before the crash
  std::vector<std::string> kept;     // names of content that could not be applied (X4)
  std::vector<std::string> changed;  // targets that another program had changed (X4)
  std::string detail;

  // One line for a person; empty if nothing happened.
  [[nodiscard]] std::string message() const;
};

struct TransactionReceipt {
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;
  unsigned syncs = 0;  // calls of fsync and syncfs; each at most one flushing commit
  Protocol protocol = Protocol::classic;  // one_commit or classic, which syncs more
  Durability achieved = Durability::durable;
  std::string why_lower;                   // as in Receipt
  std::vector<std::string> metadata_lost;  // "PATH: owner"
  // X4 also holds for commit(): targets that another program changed between the last look and the
  // rename, and where the content is that could not be put there. Nearly always empty.
  std::vector<std::string> changed;
  std::vector<std::string> kept;
};

class Transaction {
 public:
  // Takes the tree's lock and recovers what a crash interrupted. The root must be a directory.
  [[nodiscard]] static Result<Transaction> begin(FileSystem& fs, const std::filesystem::path& root,
                                                 const TransactionOptions& options = {});
  [[nodiscard]] static Result<Transaction> begin(const std::filesystem::path& root,
                                                 const TransactionOptions& options = {});
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  // Discards what was not committed.
  ~Transaction();

  // Each collects one operation. Operations take effect in this order; a later one sees the names
  // that an earlier one made, and that a rename made free. A path put twice, or put and removed, is
  // a duplicate and refused with Code::invalid_argument. After a failure the transaction can go on
  // without that operation. What permissions tell beforehand is refused here: a read-only file, a
  // directory that may not be written.
  [[nodiscard]] Result<void> put(std::string_view path, std::span<const std::byte> content,
                                 const PutOptions& options = {});
  [[nodiscard]] Result<void> put(std::string_view path, std::string_view content,
                                 const PutOptions& options = {});
  // A file, a link, or an empty directory. Code::not_found if it is not there.
  [[nodiscard]] Result<void> remove(std::string_view path);
  // A file, link or directory, to a name that is not there (Code::already_exists). A file that was
  // renamed may then be put under its new name: it keeps its metadata and gets the new content.
  [[nodiscard]] Result<void> rename(std::string_view from, std::string_view to);
  // Makes the directory and what is missing above it; one that is there already is fine.
  [[nodiscard]] Result<void> make_directory(std::string_view path, std::uint32_t mode = 0777);

  // The content as this transaction would leave it; nothing if there is no such file.
  [[nodiscard]] Result<std::optional<std::string>> read(std::string_view path) const;

  // The path of the name to which `path` leads, links followed, without any link in it: what put()
  // would change. Relative to the root; the last name need not be there.
  [[nodiscard]] Result<std::string> resolve(std::string_view path) const;

  // X2, X3. A failure before the commit point leaves everything as it was (Outcome::not_applied)
  // and removes the temporaries. After it the outcome is `unknown` (`applied` if only the removal
  // of the intent failed), the lock is given up, and the next begin() or recover_transactions()
  // finishes the work.
  //   conflict   a target was changed by another program since it was collected
  //   no_space, permission_denied, io, …  as replace_file
  // An empty transaction touches nothing. The object is spent afterwards.
  [[nodiscard]] Result<TransactionReceipt> commit() &&;
  void discard() noexcept;

  // What begin() had to recover.
  [[nodiscard]] const TransactionRecovery& recovery() const noexcept;

 private:
  struct State;
  explicit Transaction(std::unique_ptr<State> state) noexcept;
  friend void transaction::may_change_kept(Transaction& change, std::string_view folder);
  std::unique_ptr<State> state_;
};

// Finishes what a crash interrupted in this tree: idempotent, and does nothing if there is nothing.
// Also removes temporaries of transactions that never reached their commit point. What X5 and X6
// refuse is no error here but Kind::refused; begin() and TreeLock::shared() go on after a foreign
// intent, and fail with Code::corrupt (damaged) or Code::unsupported (newer) until a person
// decides.
[[nodiscard]] Result<TransactionRecovery> recover_transactions(
    FileSystem& fs, const std::filesystem::path& root, const TransactionOptions& options = {});

// Keeps every transaction of the tree away while it lives: what is read under it is no mixture.
class TreeLock {
 public:
  // Recovers first, if a crash left an intent. Any number of holders at once.
  [[nodiscard]] static Result<TreeLock> shared(FileSystem& fs, const std::filesystem::path& root,
                                               const TransactionOptions& options = {});
  TreeLock(TreeLock&&) noexcept;
  TreeLock& operator=(TreeLock&&) noexcept;
  ~TreeLock();
  [[nodiscard]] const TransactionRecovery& recovery() const noexcept;

 private:
  struct State;
  explicit TreeLock(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace untorn
