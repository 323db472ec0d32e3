// SPDX-License-Identifier: Apache-2.0
//
// A text log of whole lines, appended by any number of processes, that a crash never leaves torn
// for its next reader: plain text for `tail -f`, `grep` and everything else.
//
//   auto log = untorn::LineLog::open("activity.log");
//   (void)log->append("task 1f0c begins");
//
// What always holds:
//  L1  Lines of different processes are never mixed within one line: each append happens under the
//      log's lock, in one write where the kernel allows it, and only after a look that the file
//      ends in a line end.
//  L2  A line whose append (LineSync::each) or sync() returned success survives any crash.
//  L3  Lines that were not synced may be lost in a power cut or become NUL bytes, not only at the
//      end. At open, under the exclusive lock, everything from the first NUL or partial line after
//      the last known sync is moved to `NAME.torn-<number>`, durably, before the log is cut;
//      nothing is completed, and nothing is ever glued to the next line. A partial line that a
//      killed process leaves is moved in the same way by the next append of any process.
//  L4  Rotation loses no line (but those of files that fall out of `keep`), and no reader of the
//      name ever finds it missing for longer than between two calls.
// A crash in the middle of an append of several lines may leave the first of them.
//
// The lock is a flock on the file itself, so that all who reach the same file agree, by whatever
// name. Whoever may read the file can hold its lock and make appends wait: give the log a mode that
// keeps others out where that matters. Programs that append without the lock (`echo >> NAME`) do
// not lose lines by it, except in the instant in which a torn line of theirs is moved away. A log
// holds text: NUL bytes that another program put after the last sync count as damage.
//
// What is known to be synced is kept in `.untorn/logs/NAME`, never synced itself: if it is lost, or
// may not be written, the whole file is looked at (docs/internals/line-log.md has the format).
//
// Local file systems only (the list in transaction.h): elsewhere open() fails with
// Code::unsupported and says which file system it is. On one that keeps nothing (tmpfs) a log
// works, and its receipts say Durability::process.
//
// Cost of an append, counted by tests/crash/line_log_calls_test.cpp: seven calls, one of them
// fdatasync; without the sync five. A new file costs an fsync of its directory more, a rotation
// that and, if the old file was not synced, its fdatasync, too. An open looks at what was not
// synced, from the beginning of the file if that is not known; with LineSync::never it syncs what
// is longer than 4 MiB, so that this is not done again.
//
// Limits: a line of 1 GiB with all others of its call. The path is followed once, by open().
//
// Threads: a LineLog belongs to one thread at a time; any number of LineLogs may be open on a file.
// After fork(2) both processes may go on with it; what the parent had not synced is the parent's.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/counters.h"
#include "untorn/durability.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn {

enum class LineSync : std::uint8_t {
  each,     // every append is on the disk when it returns: one fdatasync
  batched,  // at the latest `batch_lines` lines or `batch_time` after the oldest unsynced line, at
            // the next append; and at sync() and destruction
  never,    // the kernel decides
};
[[nodiscard]] std::string_view to_string(LineSync) noexcept;

struct LineLogOptions {
  LineSync sync = LineSync::each;
  std::uint64_t batch_lines = 100;
  std::chrono::milliseconds batch_time = std::chrono::seconds(1);
  // Begin a new file when the present one would grow above this, or was begun longer ago than this;
  // 0: never. NAME becomes NAME.1, NAME.1 becomes NAME.2, …; NAME.<keep> is replaced. A call whose
  // lines are longer than `rotate_bytes` gets a file of its own. The new file has owner and mode of
  // the old one, as far as the process may give them.
  std::uint64_t rotate_bytes = 0;
  std::chrono::seconds rotate_age = std::chrono::seconds(0);
  unsigned keep = 5;                                 // from 1 to 1,000
  std::optional<std::uint32_t> mode = std::nullopt;  // of a new file; absent: 0666 less the umask
  std::chrono::milliseconds lock_wait = std::chrono::seconds(10);
  // The folder whose `.untorn/` is used: that of the log, or one above it. Empty: that of the log.
  std::filesystem::path tree = {};
  std::shared_ptr<Counters> counters = nullptr;
};

// What was moved away. Plain data.
struct TornLines {
  bool happened = false;
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;  // line ends among them
  std::string moved_to;     // name beside the log
  std::string reason;       // "it ends in the middle of a line", "NUL bytes at line 12"
  // One line for a person; empty if nothing happened.
  [[nodiscard]] std::string message() const;
};

struct AppendReceipt {
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  unsigned syncs = 0;    // sync calls made, those for a new file or a rotation included
  bool synced = false;   // these lines and all before them were synced
  bool rotated = false;  // they are the first of a new file
  // durable if they were synced to a disk; process otherwise, and then why not, if it was wanted.
  Durability achieved = Durability::process;
  std::string why_lower;
};

class LineLog {
 public:
  // Makes the file if it is not there; directories are never created. A torn end is moved away.
  //
  //   not_regular_file   a directory, FIFO, socket or device
  //   unsupported        a file system whose locks are not known to work, or a mark of a newer
  //                      format in `.untorn/logs`: the log is left alone
  //   invalid_argument   an empty path, keep out of its range, a log that is not below `tree`
  //   permission_denied  it may not be read and written, or the torn end may not be moved
  //   busy               the lock was not free within `lock_wait`
  //   no_space, io, …    the torn end could not be moved: it stays where it is
  [[nodiscard]] static Result<LineLog> open(FileSystem& fs, const std::filesystem::path& path,
                                            const LineLogOptions& options = {});
  [[nodiscard]] static Result<LineLog> open(const std::filesystem::path& path,
                                            const LineLogOptions& options = {});
  LineLog(LineLog&&) noexcept;
  LineLog& operator=(LineLog&&) noexcept;
  // Syncs what a batch still holds, without telling how that ended: call sync() to know.
  ~LineLog();

  // The line without its end; one with '\n', '\r' at its end, or NUL is Code::invalid_argument.
  // All lines of one call are together. Follows a rotation of another process, or of logrotate; a
  // file that was removed is made again.
  //
  // After a failure none of the lines is in the file (Outcome::not_applied; a partial write, such
  // as on a full disk, was taken back), except:
  //   applied_unsynced   the sync failed: they are in the file, but not known to be durable
  //   unknown            a partial write could not be taken back
  // After these two, and after a failed sync of a rotation, this object refuses everything (a
  // failed fdatasync is never tried again on its descriptor): open the log anew.
  [[nodiscard]] Result<AppendReceipt> append(std::string_view line);
  [[nodiscard]] Result<AppendReceipt> append(std::span<const std::string> lines);
  // Everything that this log appended is on the disk when it returns.
  [[nodiscard]] Result<void> sync();

  // What open(), or an append since, moved away last.
  [[nodiscard]] const TornLines& torn() const noexcept;
  [[nodiscard]] const std::string& path() const noexcept;

 private:
  struct State;
  explicit LineLog(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace untorn
