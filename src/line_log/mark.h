// SPDX-License-Identifier: Apache-2.0
//
// What is remembered of one log beside it: up to where it is known to be synced.
//
//   TREE/.untorn/logs/<path of the log below TREE, '/' as %2F>
//
// One line of text, overwritten in place and never synced:
//
//   untorn-log-mark 1 1 device=… inode=… begun=… named=1 failed=0 synced=… tail=… path=… hash=…
//
// the magic; the version of the format; the oldest version a reader must know; device and inode of
// the log; when it was begun, in nanoseconds since the epoch (the file's birth, where it is known);
// whether its name was synced; whether a sync has failed since; the bytes that are known to be on
// the disk; MurmurHash3 (x64, 128 bits) of the last 64 of them; the path of the log below the tree,
// percent-encoded; and the same hash of the line up to the blank before "hash". Numbers have 20
// digits, so that the line keeps its length.
//
//  M1  A mark only says what was true when it was written, and what stays true as long as nobody
//      truncates the log: a crash that brings an older mark back does no harm.
//  M2  A mark that is mixed, cut, of another file, or whose last 64 bytes are not in the log, is no
//      mark: then the whole log is looked at.
//  M3  A mark of a newer format is left alone, and with it the log.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::line_log {

inline constexpr std::string_view logs_folder_name = "logs";
inline constexpr std::size_t tail_bytes_max = 64;

struct Mark {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t begun_ns = 0;
  bool named = false;
  bool failed = false;
  std::uint64_t synced = 0;
  Hash128 tail;

  [[nodiscard]] bool is_of(const Status& log) const noexcept {
    const bool same_age = log.born_ns == 0 || log.born_ns == begun_ns;
    return device == log.device && inode == log.inode && same_age && synced <= log.size;
  }
};

// The name of the mark of the log at `path` below the tree.
[[nodiscard]] std::string mark_name(std::string_view path);
// And back; empty where the name does not tell it (a very long path).
[[nodiscard]] std::string log_path(std::string_view name);

// The line, and back. `path` is what mark_line was given.
[[nodiscard]] std::string mark_line(const Mark& mark, std::string_view path);
struct ReadMark {
  std::optional<Mark> mark;  // M2
  std::string path;          // of the log below the tree; empty if the line is no mark
  bool newer_format = false;
};
[[nodiscard]] ReadMark read_mark(std::string_view text);

// Of the last bytes before `end`.
[[nodiscard]] SystemResult<Hash128> tail_hash(FileSystem& fs, Handle log, std::uint64_t end);

class MarkFile {
 public:
  MarkFile() = default;
  // Makes `.untorn/logs` and the file if they are not there. Where that cannot be had, the object
  // remembers nothing. `path` is of the log below `tree`, `message_path` for messages.
  // Code::unsupported: M3.
  [[nodiscard]] static Result<MarkFile> open(FileSystem& fs, Handle tree, std::string path,
                                             const std::string& message_path);

  [[nodiscard]] std::optional<Mark> read() const;
  void write(const Mark& mark) const;

 private:
  FileSystem* fs_ = nullptr;
  OwnedHandle file_;
  std::string path_;
};

}  // namespace untorn::line_log
