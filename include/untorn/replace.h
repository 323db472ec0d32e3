// SPDX-License-Identifier: Apache-2.0
//
// Replace the content of one file so that a crash at any instant leaves either the old content or
// the new content under the name, never a mixture and never an empty file.
//
//   auto receipt = untorn::replace_file("settings.json", bytes);
//   if (!receipt) std::cerr << receipt.error() << '\n';  // says what the file holds now
//
// Start here for a single file. What the levels mean stands in durability.h; what each protocol
// costs in calls stands in docs/internals/protocols.md and is counted by tests/crash.
//
// The guarantee, for readers that open the name afresh:
//   process   no kill and no reader ever finds anything but a whole version under the name.
//   ordered   the same after a power cut.
//   durable   the same, and after a successful return a power cut brings nothing older back.
// The guarantee is about one name. It needs a file system whose rename is atomic across a power cut
// and whose fsync is honest; where that is known not to hold (tmpfs, overlay `volatile`, vfat), the
// receipt reports the lower level achieved, or the call fails if `strict` is set.
//
// Threads: every function here may be called from any thread. Two replacements of one path race
// like two renames: one wins whole, and both return success (if_match tells them apart). A
// FileReplacer belongs to one thread at a time.
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

#include "untorn/durability.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn {

class Counters;  // untorn/counters.h

// The sequence of calls that carried out a replacement.
enum class Protocol : std::uint8_t {
  none,        // nothing was written (the content was the same already)
  classic,     // temporary; fsync of the file; rename; fsync of the directory
  one_commit,  // temporary; sync_file_range and wait; rename; one commit of the journal, for both
  in_place,    // a durable copy beside; overwritten where it lies (untorn/in_place.h)
};
[[nodiscard]] std::string_view to_string(Protocol) noexcept;

// Which protocol a caller wants.
enum class ProtocolChoice : std::uint8_t {
  automatic,  // The cheapest that is known to give the level on this file system, by an allow-list
              // of file system, options, devices and kernel (docs/internals/protocols.md).
  classic,    // Two commits, on any file system with an honest fsync.
};

// What to do when the last component of the path is a symbolic link.
enum class SymlinkPolicy : std::uint8_t {
  follow,   // Replace what it points to; the link stays. A dangling link creates its target. As
            // Linux does by default, not another user's link in a sticky directory like /tmp.
  replace,  // Replace the link itself by a regular file.
  refuse,   // Fail with Code::not_regular_file.
};

// What may be at the path when the call begins. Checked before anything is written and, for
// must_not_exist, once more by the rename itself, so that two racing creators never both succeed.
enum class Existence : std::uint8_t { either, must_exist, must_not_exist };

// What to do when the file has other names (hard links).
enum class HardLinkPolicy : std::uint8_t {
  split,    // This name gets the new content, the others keep the old; the receipt says so.
  refuse,   // Fail with Code::has_hard_links.
  in_place  // All names get it: overwritten where it lies; needs ReplaceOptions::sidecar.
};

// How sure ReplaceOptions::if_match is.
enum class Match : std::uint8_t {
  // The check and the rename happen under one lock (flock on the directory), so no update is lost
  // among those who state if_match. A program that does not may slip in between, and is
  // overwritten.
  cooperative,
  // The same lock, and the rename exchanges the two files, so that what was replaced can be looked
  // at: a version that anyone put there by a rename is never destroyed. It gets its name back, or
  // is kept as `<name>.untorn-displaced-<n>`, which the error tells, and the call fails with
  // Code::conflict. For an instant readers may have seen our version. Who goes on writing into the
  // file in place is not detected.
  detect,
};

struct ReplaceOptions {
  Durability durability = Durability::durable;
  // Fail with Code::unsupported, before anything is written, where the file system cannot give
  // `durability`. Without it the receipt tells what was achieved.
  bool strict = false;
  SymlinkPolicy symlink = SymlinkPolicy::follow;
  Existence existence = Existence::either;
  // Permission bits for the new content. Absent: an existing file keeps its own, and a new file
  // gets 0666 less the umask (or what a default ACL says), decided by the kernel.
  std::optional<std::uint32_t> mode = std::nullopt;
  // Keep owner, ACL and extended attributes of the file that is replaced. What cannot be kept
  // (another owner without the privilege) is named in Receipt::metadata_lost.
  bool keep_metadata = true;
  // Fail with Code::permission_denied when some metadata cannot be kept; the old file stays.
  bool require_metadata = false;
  // Replace a file that this process may not write. Without it such a file is respected, although
  // rename(2) itself would not mind.
  bool override_read_only = false;
  HardLinkPolicy hard_links = HardLinkPolicy::split;
  // Write nothing if the file holds exactly this content already, with a suitable mode. With
  // Durability::durable (ordered) the present content is synced then, so that the level is true of
  // it. A FileReplacer compares while it writes its temporary, and gives that up in the end.
  bool skip_if_same = false;
  ProtocolChoice protocol = ProtocolChoice::automatic;
  // Replace only the version that this etag names (Receipt::etag, untorn/etag.h), else fail with
  // Code::conflict, the old file untouched. The content is read and compared by its hash as well.
  std::optional<std::string> if_match = std::nullopt;
  Match match = Match::cooperative;
  // How long to wait for others who hold the lock of if_match or backups; then Code::timed_out.
  std::chrono::milliseconds lock_wait{10'000};
  // Keep that many older versions as `<name>.~1~` (the newest) to `<name>.~N~`, by hard links and
  // renames: there is no instant without a file under the name, or without the newest backup.
  // Versions above N are left alone. Their content is synced as `durability` says, and they are as
  // durable as the new version when the call returns. Callers in one directory exclude each other
  // by the lock of if_match, where there is one. Code::unsupported where the file can have no
  // second name, Code::invalid_argument if a name would be longer than 255 bytes. 0: keep none.
  unsigned backups = 0;
  // Make the directories of the path that are missing (0777 less the umask); at `durable` sync the
  // parent of each, the deepest last, so that the new name can be found again (with one_commit its
  // one commit does that). What was made stays if the call fails later. Those that a symbolic link
  // would need are not made.
  bool create_parents = false;
  // Where the name cannot be replaced (a mount of its own, HardLinkPolicy::in_place): overwrite it
  // where it lies, protected by a copy in this directory, which must lie on the target's own file
  // system. See untorn/in_place.h for what readers may see and for the recovery. Absent: such
  // targets are refused.
  std::optional<std::filesystem::path> sidecar = std::nullopt;
  // Count the commit (level achieved, outcome, bytes, and its duration from commit() to its end)
  // and each sync call with its duration. No system call more; without it no clock is read. Content
  // that was the same already is not counted, what failed before the rename is, as not_applied.
  std::shared_ptr<Counters> counters = nullptr;
};

// What a successful call did. Plain data.
struct Receipt {
  Outcome outcome = Outcome::applied;  // applied, or not_applied when skip_if_same skipped
  bool unchanged = false;              // skip_if_same found the same content
  Durability requested = Durability::durable;
  Durability achieved = Durability::durable;
  Protocol protocol = Protocol::classic;
  unsigned syncs = 0;             // calls of fsync, fdatasync and syncfs made; no sync_file_range
  unsigned commits = 0;           // flushing commits of a local disk's journal that these cost, by
                                  // the table of the protocol; each is two flushes without FUA
  unsigned retries = 0;           // attempts that met somebody else and were made again
  std::uint64_t bytes = 0;        // length of the new content
  bool existed = false;           // the name held a file before
  bool hard_links_split = false;  // that file had other names, which keep the old content
  std::vector<std::string> metadata_lost;  // "owner", "group", "mode", "xattr user.x", …
  std::string why_lower;  // when achieved < requested: the reason, one phrase; otherwise empty
  // Names this version of the file, for if_match: changes whenever the file is replaced or written.
  // Opaque, printable ASCII without spaces. Made of device, inode, size, change time and a hash of
  // the content. Empty when the file could not be inspected once more.
  std::string etag;
};

// Replaces `path` with `content`, creating the file if it does not exist. Directories are created
// with create_parents alone.
//
// A symbolic link at `path` is followed, at most 40 times, once, to a directory handle and a name;
// everything after that happens through this handle. A new temporary `.untorn-tmp-<32 hex digits>`
// lies in the same directory while the call runs, locked (flock) as long as its writer lives.
//
// Borrows `content` until it returns. Needs free space for a second copy of the file.
// Cost, counted by tests/crash/replace_calls_test.cpp: with protocol classic one fsync at `ordered`
// and two at `durable`, each a commit; with one_commit none and two, which are one commit together.
// None at `process` (one on network file systems, which report late write errors in no other way).
// In all 16 system calls at `durable` for a small file by path, 11 for a new one in an open
// directory.
//
// On failure the name holds what it held before and no temporary remains, unless the outcome says
// otherwise:
//   not_found          a directory of `path` does not exist, or must_exist
//   already_exists     must_not_exist
//   permission_denied  the directory cannot be written or read, the file is read-only, append-only
//                      or immutable, metadata not kept
//   not_regular_file   a directory, FIFO, socket or device, or a refused symbolic link
//   mount_point        the name is a mount of its own (a single-file bind mount)
//   has_hard_links     HardLinkPolicy::refuse
//   no_space           the new content did not fit
//   conflict           if_match: the name holds another version, or nothing
//   timed_out          others held the lock of the directory for lock_wait
//   invalid_argument   the options contradict each other, or if_match is no etag
//   unsupported        strict, and the file system cannot give the level; no lock, exchange or hard
//                      link where if_match or backups need one
//   io                 another system call failed; Error::step() says which
// A failure at Step::sync_file is never retried on the same descriptor. A sync that fails after the
// rename has the outcome applied_unsynced: readers see the new content, a power cut may bring the
// old back. A conflict of Match::detect whose outcome is `unknown` has kept a version beside.
[[nodiscard]] Result<Receipt> replace_file(FileSystem& fs, const std::filesystem::path& path,
                                           std::span<const std::byte> content,
                                           const ReplaceOptions& options = {});
[[nodiscard]] Result<Receipt> replace_file(const std::filesystem::path& path,
                                           std::span<const std::byte> content,
                                           const ReplaceOptions& options = {});
[[nodiscard]] Result<Receipt> replace_file(const std::filesystem::path& path,
                                           std::string_view content,
                                           const ReplaceOptions& options = {});

// The same in an open directory, which stays the caller's: `name` is one component, and a symbolic
// link under it is followed as everywhere. Saves opening and closing the directory. For the files
// of this machine `directory` is Handle{fd}, opened for reading (fsync(2) refuses O_PATH).
[[nodiscard]] Result<Receipt> replace_file_at(FileSystem& fs, Handle directory,
                                              std::string_view name,
                                              std::span<const std::byte> content,
                                              const ReplaceOptions& options = {});

// The same in pieces, for content that does not fit in memory.
//
//   auto replacer = untorn::FileReplacer::open("big.log", {});
//   while (more()) if (auto ok = replacer->write(chunk()); !ok) return ok.error();
//   auto receipt = std::move(*replacer).commit();
//
// Until commit() the name holds the old content. Destroying a FileReplacer that was not committed
// discards the new content and removes the temporary. After fork(2) only the process that opened it
// removes the temporary.
class FileReplacer {
 public:
  // What can be refused is refused here, before a byte is written, and looked at again by commit().
  [[nodiscard]] static Result<FileReplacer> open(FileSystem& fs, const std::filesystem::path& path,
                                                 const ReplaceOptions& options = {});
  [[nodiscard]] static Result<FileReplacer> open(const std::filesystem::path& path,
                                                 const ReplaceOptions& options = {});
  FileReplacer(FileReplacer&&) noexcept;
  FileReplacer& operator=(FileReplacer&&) noexcept;
  ~FileReplacer();

  // Appends to the new content. After a failure every further write and commit() fails the same
  // way.
  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes);
  [[nodiscard]] Result<void> write(std::string_view bytes);

  // Publishes the new content. Errors as for replace_file. The object is spent afterwards.
  [[nodiscard]] Result<Receipt> commit() &&;

  // Gives the new content up and removes the temporary. Safe to call at any time, also twice.
  void discard() noexcept;

 private:
  friend class Batch;
  struct State;
  explicit FileReplacer(std::unique_ptr<State> state) noexcept;
  [[nodiscard]] static Result<FileReplacer> begin(FileSystem& fs, const std::filesystem::path& path,
                                                  const ReplaceOptions& options);
  std::unique_ptr<State> state_;
};

}  // namespace untorn
