// SPDX-License-Identifier: Apache-2.0
//
// For tests: operation logs written by hand, in terms of paths. The maker keeps the live tree, so
// that each log is one that a kernel could have produced; calls that would fail leave no trace.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/operation_log.h"

namespace untorn::crash {

class LogMaker {
 public:
  // Before the run.
  void initial_file(const std::string& path, std::string_view content);
  void initial_directory(const std::string& path);

  // Each returns whether the call was possible.
  bool create(const std::string& path);
  InodeId create_unnamed();
  bool make_directory(const std::string& path);
  bool make_symlink(const std::string& path, std::string_view target);
  bool link(const std::string& from, const std::string& to);
  bool link_inode(InodeId inode, const std::string& to);
  bool unlink(const std::string& path);
  bool remove_directory(const std::string& path);
  bool rename(const std::string& from, const std::string& to);
  bool exchange(const std::string& first, const std::string& second);
  bool write(const std::string& path, std::uint64_t offset, std::string_view bytes);
  void write_inode(InodeId inode, std::uint64_t offset, std::string_view bytes);
  bool append(const std::string& path, std::string_view bytes);
  bool truncate(const std::string& path, std::uint64_t size);
  bool sync(const std::string& path);
  bool sync_data(const std::string& path);
  void sync_inode(InodeId inode, OperationKind kind = OperationKind::sync_file);
  bool sync_directory(const std::string& path);  // "" is the root
  void sync_all();
  // Of the bytes [offset, offset + size) alone.
  bool sync_part(const std::string& path, std::uint64_t offset, std::uint64_t size);
  bool sync_failed(const std::string& path);  // of a file or directory; "" is the root
  // `written`: with all three flags. Size 0: to the end.
  bool sync_range(const std::string& path, bool written = false, std::uint64_t offset = 0,
                  std::uint64_t size = 0);
  void acknowledge(std::string_view text);
  // The last operation was one of `thread`, and was entered when the log had `count` operations, or
  // as early after that as the thread could.
  void overlap(std::uint32_t thread, std::size_t count);

  [[nodiscard]] const OperationLog& log() const noexcept { return log_; }
  // no_inode if nothing is there.
  [[nodiscard]] InodeId find(const std::string& path) const;

 private:
  using Key = std::pair<InodeId, std::string>;
  // The directory and last component of a path; the directory is no_inode if it is missing.
  [[nodiscard]] Key split(const std::string& path) const;
  [[nodiscard]] bool is_directory(InodeId inode) const;
  [[nodiscard]] bool is_file(InodeId inode) const;
  [[nodiscard]] bool is_empty(InodeId directory) const;
  [[nodiscard]] bool is_below(InodeId inode, InodeId directory) const;
  InodeId new_inode(FileType type, bool initial, std::string_view content);
  bool make(OperationKind kind, FileType type, const std::string& path, std::string_view target);
  Operation& add(OperationKind kind, InodeId inode);

  OperationLog log_;
  std::map<Key, InodeId> live_;
  std::map<InodeId, std::uint64_t> sizes_;
};

// `count` bytes, all `letter`.
[[nodiscard]] inline std::string fill(std::size_t count, char letter) {
  return std::string(count, letter);
}

}  // namespace untorn::crash
