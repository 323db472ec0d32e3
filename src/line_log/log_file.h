// SPDX-License-Identifier: Apache-2.0
//
// The file under the name of a log, and everything that happens to it under its lock.
//
//   UNTORN_CHECK(file.hold());       // opened, locked, still under the name, examined
//   UNTORN_CHECK(file.check_end());
//   UNTORN_CHECK(file.write(text));
//   UNTORN_CHECK(file.sync_content());
//   file.release();
//
//  B1  Whoever holds the lock of the file that is under the name may append, cut and rotate; after
//      taking a lock the name is looked at again, since the file may have been rotated away.
//  B2  A file is examined from its mark on before the first append to it through this object, and
//      its last byte is looked at before every append.
//  B3  A mark is written only after a sync, for what that sync covered.
//  B4  A failed sync is never tried again on its handle: the file refuses everything from then on.
//      Its mark says so, and whoever opens it next writes the bytes anew before it trusts a sync.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "line_log/log_place.h"
#include "line_log/torn.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/line_log.h"

namespace untorn::line_log {

class LogFile {
 public:
  LogFile(LogPlace place, const LineLogOptions& options);
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile() = default;

  [[nodiscard]] Result<void> hold();
  void release();

  // Moves a partial last line away.
  [[nodiscard]] Result<void> check_end();
  [[nodiscard]] bool wants_rotation(std::uint64_t bytes) const;
  // Begins a new file and holds it.
  [[nodiscard]] Result<void> rotate();
  // All of the text or nothing, unless the outcome is unknown.
  [[nodiscard]] Result<void> write(std::string_view text);
  // Needs no lock. Nothing to do if nothing was written since the last one.
  [[nodiscard]] Result<void> sync_content();

  [[nodiscard]] const LogPlace& place() const noexcept { return place_; }
  [[nodiscard]] const TornLines& torn() const noexcept { return torn_; }
  // Sync calls so far.
  [[nodiscard]] unsigned syncs() const noexcept { return syncs_; }
  // Was written to since the last sync, by this object in this process.
  [[nodiscard]] bool unsynced() const noexcept { return unsynced_; }

 private:
  [[nodiscard]] bool syncs_wanted() const noexcept { return options_.sync != LineSync::never; }
  [[nodiscard]] Result<void> refuse_if_broken();
  [[nodiscard]] Result<void> take_lock();
  [[nodiscard]] Result<void> open_file();
  [[nodiscard]] Result<bool> open_named();
  [[nodiscard]] Result<bool> create_named();
  [[nodiscard]] Result<void> give_metadata() const;
  void look_at_rotated();
  [[nodiscard]] Result<bool> is_named();
  [[nodiscard]] Result<void> leave();
  [[nodiscard]] Result<void> examine();
  [[nodiscard]] std::optional<Mark> trusted_mark() const;
  [[nodiscard]] Result<void> mark_unsynced(bool is_marked);
  [[nodiscard]] Result<void> write_again();
  [[nodiscard]] Result<void> sync_name();
  [[nodiscard]] Result<void> repair(const Look& look);
  [[nodiscard]] Result<void> read_tail();
  [[nodiscard]] Error take_back(std::string_view text, const Error& cause);
  [[nodiscard]] bool holds_beginning_of(std::string_view text, std::uint64_t bytes) const;
  [[nodiscard]] Result<void> shift_old_files();
  [[nodiscard]] Result<void> sync_handle(Handle handle, Step step, Outcome outcome);
  void write_mark(bool failed);

  LogPlace place_;
  FileSystem& fs_;
  LineLogOptions options_;
  OwnedHandle file_;
  int process_ = 0;  // that opened it: a lock belongs to the parent and the child of a fork
  Status opened_;    // identity of file_, and what it was when it was opened
  std::optional<Status> like_;  // a new file gets owner and mode of this one
  std::uint64_t size_ = 0;      // under the lock
  std::uint64_t synced_ = 0;
  std::int64_t begun_ns_ = 0;
  bool examined_ = false;
  bool named_ = false;
  bool unsynced_ = false;
  bool suspect_ = false;  // B4, until the bytes were written anew
  std::string tail_;      // the last bytes before tail_end_
  std::uint64_t tail_end_ = 0;
  std::optional<Error> broken_;
  TornLines torn_;
  unsigned syncs_ = 0;
};

}  // namespace untorn::line_log
