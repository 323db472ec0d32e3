// SPDX-License-Identifier: Apache-2.0
//
// Makes an operation log of calls on a file system: which inode a name leads to, what the tree
// held before the first call, which files are open for writing.
//
// Invariants:
//   L1  A name or inode that existed before the run enters the log with what it held then: it is
//       read before the first call that changes it is made.
//   L2  An inode of the log is found by (device, inode number). A call that makes a file gives it a
//       new inode of the log even if the numbers were used before.
//   L3  begin_writing stands before the first operation of a session that changes the inode (a
//       create or truncate of the same open included), so that no version is seen half-way.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "filesystem/calls.h"
#include "filesystem/operation_log.h"
#include "untorn/filesystem.h"

namespace untorn {

// Where a path leads, symbolic links followed: a name in a directory. `directory` is no_inode
// outside the tracked tree; the log then keeps silent about it.
struct TrackedName {
  InodeId directory = no_inode;
  std::string name;
  InodeId inode = no_inode;  // what is there now; no_inode if nothing, or outside the tree

  [[nodiscard]] bool tracked() const noexcept { return directory != no_inode; }
};

class LogBuilder {
 public:
  explicit LogBuilder(FileSystem& below);

  [[nodiscard]] const OperationLog& log() const noexcept { return log_; }

  // Reads the whole tree into the log.
  void capture_everything();

  // A new system call begins: its operations share a number.
  void begin_call(Call call);
  // Appends an operation of the present call; the reference is good until the next one.
  Operation& append(OperationKind kind, InodeId inode);

  // Follows `path` from a directory handle. What is found enters the log by L1.
  [[nodiscard]] TrackedName find(Handle directory, std::string_view path, bool follow);
  // The inode behind an open handle, no_inode outside the tree.
  [[nodiscard]] InodeId inode_of(Handle handle);

  // A file that a call has just made (L2).
  [[nodiscard]] InodeId add_new(const Status& status);
  // What the name leads to from here on; no_inode: nothing.
  void set_name(InodeId directory, std::string_view name, InodeId inode);

  void add_writer(InodeId inode);
  void remove_writer(InodeId inode);

 private:
  using Identity = std::pair<std::uint64_t, std::uint64_t>;  // device, inode number
  using Name = std::pair<InodeId, std::string>;

  struct Walk;
  void capture_directory(Handle directory, InodeId inode);
  // The inode under this name, read into the log if it is new to it.
  InodeId capture_name(Handle directory, InodeId directory_inode, std::string_view name);
  [[nodiscard]] InodeId capture_initial(Handle directory, std::string_view name,
                                        const Status& status);
  [[nodiscard]] InodeId add_inode(const Status& status, Inode inode);
  [[nodiscard]] InodeId known_inode(const Status& status) const;

  FileSystem& below_;
  OperationLog log_;
  std::map<Identity, InodeId> inodes_;
  std::map<Name, InodeId> names_;  // names seen, as they are now; no_inode: not there
  std::vector<std::uint32_t> writers_;
  std::vector<std::thread::id> threads_;
  std::uint32_t call_ = 0;
  Call call_kind_ = Call::open;
};

}  // namespace untorn
