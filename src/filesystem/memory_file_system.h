// SPDX-License-Identifier: Apache-2.0
//
// A file system in memory that answers as Linux does: the same results, the same errno.
//
//   untorn::InMemoryFileSystem fs({{.path = "a/state.json", .content = Bytes("{}")}});
//   auto file = fs.open(Handle::working_directory, "a/state.json", {.access = Access::write});
//
// Directories, hard and symbolic links, unlinked files that are still open, permissions, extended
// attributes and flock are there. Nothing is lost by a crash here: crash states are made by
// src/crash from an operation log. The working directory is the root. Times are ticks of a counter
// and random bits follow from a seed, so that two equal runs are equal in everything.
//
// A mapping shares the file's bytes until the size of the file changes; then it keeps what it had.
//
// The conformance suite (conformance.h) holds it against the kernel, also at random.
//
// Threads: every call takes a lock. Handles are never used twice, so that a stale one gives EBADF.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "filesystem/operation_log.h"
#include "untorn/filesystem.h"

namespace untorn {

// One name of a tree.
struct TreeEntry {
  std::string path;  // components joined by '/', no leading one
  FileType type = FileType::regular;
  std::uint32_t mode = 0644;
  Bytes content{};           // a regular file's bytes, a symbolic link's target
  std::uint64_t inode = 0;   // entries with the same number (not 0) are hard links of one file
  std::uint64_t number = 0;  // its inode number, one that no other file has; 0: the next free one
};

struct MemoryOptions {
  std::uint32_t umask = 022;
  // Who calls, and who owns the initial tree. User 0 may do everything; any other user is held to
  // the permission bits.
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  FileSystemKind kind = {"memory", false, false, true};
  std::uint64_t seed = 1;  // of random_bits()
};

class InMemoryFileSystem final : public FileSystem {
 public:
  explicit InMemoryFileSystem(MemoryOptions options = {});
  // Missing parents are made, with mode 0755; an entry for a directory that is there sets its mode.
  // It is the caller's fault, and aborts, if a path leads through a file or names a file twice.
  explicit InMemoryFileSystem(std::span<const TreeEntry> tree, MemoryOptions options = {});
  explicit InMemoryFileSystem(std::initializer_list<TreeEntry> tree, MemoryOptions options = {});
  ~InMemoryFileSystem() override;

  // Everything that has a name, sorted by path, without the root. Files share their bytes with
  // the result until they are written. Only files with several names carry an inode number.
  [[nodiscard]] std::vector<TreeEntry> tree() const;
  // Handles that were opened and not closed: a test of leaks.
  [[nodiscard]] std::size_t open_handles() const;

  SystemResult<Handle> open(Handle directory, std::string_view name,
                            const OpenOptions& options) override;
  SystemResult<void> close(Handle handle) override;
  SystemResult<std::size_t> write(Handle file, std::span<const std::byte> bytes) override;
  SystemResult<std::size_t> write_at(Handle file, std::uint64_t offset,
                                     std::span<const std::byte> bytes) override;
  SystemResult<std::size_t> read_at(Handle file, std::uint64_t offset,
                                    std::span<std::byte> bytes) override;
  SystemResult<void> truncate(Handle file, std::uint64_t size) override;
  SystemResult<FileMapping> map(Handle file, std::size_t size) override;
  SystemResult<void> sync(Handle handle) override;
  SystemResult<void> sync_data(Handle file) override;
  SystemResult<void> sync_range(Handle file) override;
  SystemResult<void> start_writeback(Handle file) override;
  SystemResult<void> sync_everything(Handle handle) override;
  SystemResult<void> rename(Handle from_directory, std::string_view from, Handle to_directory,
                            std::string_view to, RenameMode mode) override;
  SystemResult<void> link(Handle from_directory, std::string_view from, Handle to_directory,
                          std::string_view to) override;
  SystemResult<void> unlink(Handle directory, std::string_view name) override;
  SystemResult<void> make_directory(Handle directory, std::string_view name,
                                    std::uint32_t mode) override;
  SystemResult<void> remove_directory(Handle directory, std::string_view name) override;
  SystemResult<void> make_symlink(std::string_view target, Handle directory,
                                  std::string_view name) override;
  SystemResult<std::string> read_link(Handle directory, std::string_view name) override;
  SystemResult<Status> status(Handle handle) override;
  SystemResult<Status> status_at(Handle directory, std::string_view name) override;
  SystemResult<std::vector<Entry>> list(Handle directory) override;
  SystemResult<void> may_write(Handle directory, std::string_view name) override;
  SystemResult<void> set_mode(Handle file, std::uint32_t mode) override;
  SystemResult<void> set_owner(Handle file, std::uint32_t user, std::uint32_t group) override;
  SystemResult<std::vector<std::string>> list_attributes(Handle file) override;
  SystemResult<std::vector<std::string>> list_attributes_at(Handle directory,
                                                            std::string_view name) override;
  SystemResult<std::string> get_attribute(Handle file, const std::string& name) override;
  SystemResult<void> set_attribute(Handle file, const std::string& name,
                                   std::string_view value) override;
  SystemResult<void> remove_attribute(Handle file, const std::string& name) override;
  SystemResult<void> lock(Handle file, LockMode mode) override;
  SystemResult<void> unlock(Handle file) override;
  FileSystemKind kind(Handle handle) override;
  std::pair<std::uint64_t, std::uint64_t> random_bits() override;

 private:
  struct State;
  mutable std::mutex mutex_;
  std::unique_ptr<State> state_;
};

}  // namespace untorn
