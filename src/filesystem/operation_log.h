// SPDX-License-Identifier: Apache-2.0
//
// The operation log: what a program did to files, in order, as the crash engine reads it.
//
// A recording file system (this room) or the tracer (src/prove) writes one; src/crash makes crash
// states of it; nothing else knows what a crash may do. The log speaks of inodes, not of paths, so
// that renamed, linked and unlinked files stay what they are. Inode 0 is the root directory.
//
// Only calls that succeeded are in the log, with what they really did: a short write has its short
// length, a failed call is absent.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/filesystem.h"

namespace untorn {

// Immutable bytes with shared ownership; copies are cheap.
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::vector<std::byte> bytes);
  explicit Bytes(std::string_view text);
  // Bytes that `owner` keeps alive, for example a mapped file.
  Bytes(std::shared_ptr<const void> owner, std::span<const std::byte> view);

  [[nodiscard]] std::span<const std::byte> view() const noexcept { return view_; }
  [[nodiscard]] std::size_t size() const noexcept { return view_.size(); }
  [[nodiscard]] std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(view_.data()), view_.size()};
  }

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> view_;
};

using InodeId = std::uint32_t;
inline constexpr InodeId no_inode = std::numeric_limits<InodeId>::max();
inline constexpr InodeId root_inode = 0;
inline constexpr std::uint32_t no_index = std::numeric_limits<std::uint32_t>::max();

enum class OperationKind : std::uint8_t {
  // Names. `inode` is what the name leads to.
  create,            // (directory, name) → new regular inode; without a directory: O_TMPFILE
  make_directory,    // (directory, name) → new directory
  make_symlink,      // (directory, name) → new link to `payload`
  make_special,      // (directory, name) → new FIFO, socket or device
  link,              // (target_directory, target_name) → inode; source given where it had a name
  unlink,            // (directory, name) no longer leads to inode
  remove_directory,  // the same for a directory
  rename,            // (directory, name) moves to (target_directory, target_name); what was there
                     // before is `replaced` (no_inode if nothing)
  exchange,          // both names swap; `inode` was the first one's, `replaced` the second one's
  // Content of `inode`.
  write,     // `payload` at `offset`
  truncate,  // to `size`; also O_TRUNC, and fallocate that extends
  // Attributes of `inode`; no model varies them, reports and rebuilt trees carry them.
  set_metadata,  // `size` holds the mode if `name` is "mode"
  // Persistence.
  sync_file,       // fsync, or an O_SYNC write's
  sync_data,       // fdatasync, or an O_DSYNC write's
  sync_directory,  // fsync of a directory
  sync_all,        // sync, syncfs
  sync_range,      // sync_file_range of `size` bytes from `offset` (size 0: to the end); `name` is
                   // "written" if it had all three flags, so that it waited for the data. Models
                   // differ in what that means.
  sync_failed,     // a sync of `inode` that returned an error: what was written since the last good
                   // one may be lost whatever later syncs say
  // Observation.
  begin_writing,  // `inode` is open for writing from here on (it was not before); `name` is
                  // "append"
                  // if it was opened with O_APPEND
  end_writing,    // nothing open for writing refers to `inode` any more
  acknowledge,    // the program told the outside: `payload` is what it printed; `name` is "output",
                  // "exit" (with 0) or "call" (a C++ workload)
  unmodelled,     // something happened to `inode` that this log cannot express; `name` says what
};
[[nodiscard]] std::string_view to_string(OperationKind) noexcept;

struct Operation {
  OperationKind kind = OperationKind::unmodelled;
  InodeId inode = no_inode;
  InodeId directory = no_inode;
  InodeId target_directory = no_inode;
  InodeId replaced = no_inode;
  std::string name;
  std::string target_name;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // truncate: new size; write: payload.size()
  Bytes payload;
  std::uint32_t thread = 0;       // thread id, for reports
  std::uint32_t call = no_index;  // operations of one system call share this number
  // How many operations the log had when the call was entered; no_index: all that stand before it.
  // What other threads did between that and its own place overlapped it: a sync promises nothing
  // about them, and either may have happened first.
  std::uint32_t entered = no_index;
  std::uint32_t stack = no_index;  // into a table kept by whoever made the log
  const char* call_name = "";      // "openat", "write", "rename": static storage, for reports
};

// An inode: of the tree before the run, or made by an operation.
struct Inode {
  FileType type = FileType::regular;
  std::uint32_t mode = 0644;
  bool initial = false;      // existed before the run; `content` is then what it held
  Bytes content;             // regular files: bytes; symbolic links: target
  std::uint64_t number = 0;  // on the file system of the run; 0: not known
};

// A name that existed before the run. Names that nobody touched may be absent.
struct InitialName {
  InodeId directory = root_inode;
  std::string name;
  InodeId inode = no_inode;
};

struct OperationLog {
  std::vector<Inode> inodes;  // [root_inode] is the root directory
  std::vector<InitialName> names;
  std::vector<Operation> operations;

  OperationLog() { inodes.push_back({FileType::directory, 0755, true, {}}); }
};

}  // namespace untorn
