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
// like two renames: one wins whole, and both return success. A FileReplacer belongs to one thread
// at a time.
#pragma once
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
  none,     // nothing was written (the content was the same already)
  classic,  // temporary; fsync of the file; rename; fsync of the directory
};
[[nodiscard]] std::string_view to_string(Protocol) noexcept;

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
  // Fail with Code::has_hard_links when the file has other names. Without it the file is split from
  // them, and the receipt says so.
  bool refuse_hard_links = false;
  // Write nothing if the file holds exactly this content already, with a suitable mode. With
  // Durability::durable (ordered) the present content is synced then, so that the level is true of
  // it. A FileReplacer compares while it writes its temporary, and gives that up in the end.
  bool skip_if_same = false;
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
  unsigned syncs = 0;             // sync calls made: fsync of the file, fsync of the directory
  std::uint64_t bytes = 0;        // length of the new content
  bool existed = false;           // the name held a file before
  bool hard_links_split = false;  // that file had other names, which keep the old content
  std::vector<std::string> metadata_lost;  // "owner", "group", "mode", "xattr user.x", …
  std::string why_lower;  // when achieved < requested: the reason, one phrase; otherwise empty
  // Names this version of the file: changes whenever the file is replaced or written, as finely as
  // the file system keeps change times. Opaque, printable ASCII without spaces. Made of device,
  // inode, size and change time. Empty when the file could not be inspected once more.
  std::string etag;
};

// Replaces `path` with `content`, creating the file if it does not exist. Directories are never
// created.
//
// A symbolic link at `path` is followed, at most 40 times, once, to a directory handle and a name;
// everything after that happens through this handle. A new temporary `.untorn-tmp-<32 hex digits>`
// lies in the same directory while the call runs, locked (flock) as long as its writer lives.
//
// Borrows `content` until it returns. Needs free space for a second copy of the file.
// Cost with protocol classic, counted by tests/crash/replace_calls_test.cpp: one fsync at
// `ordered`, two at `durable`, none at `process` (one on network file systems, which report late
// write errors in no other way).
//
// On failure the name holds what it held before and no temporary remains, unless the outcome says
// otherwise:
//   not_found          a directory of `path` does not exist, or must_exist
//   already_exists     must_not_exist
//   permission_denied  the directory cannot be written, the file is read-only, metadata not kept
//   not_regular_file   a directory, FIFO, socket or device, or a refused symbolic link
//   mount_point        the name is a mount of its own (a single-file bind mount)
//   has_hard_links     refuse_hard_links
//   no_space           the new content did not fit
//   unsupported        strict, and the file system cannot give the level
//   io                 another system call failed; Error::step() says which
// A failure at Step::sync_file is never retried on the same descriptor. After Step::sync_directory
// the outcome is applied_unsynced: readers see the new content, a power cut may bring the old back.
[[nodiscard]] Result<Receipt> replace_file(FileSystem& fs, const std::filesystem::path& path,
                                           std::span<const std::byte> content,
                                           const ReplaceOptions& options = {});
[[nodiscard]] Result<Receipt> replace_file(const std::filesystem::path& path,
                                           std::span<const std::byte> content,
                                           const ReplaceOptions& options = {});
[[nodiscard]] Result<Receipt> replace_file(const std::filesystem::path& path,
                                           std::string_view content,
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
  // Everything that can be refused is refused here, before a byte is written.
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
  struct State;
  explicit FileReplacer(std::unique_ptr<State> state) noexcept;
  [[nodiscard]] static Result<FileReplacer> begin(FileSystem& fs, const std::filesystem::path& path,
                                                  const ReplaceOptions& options);
  std::unique_ptr<State> state_;
};

}  // namespace untorn
