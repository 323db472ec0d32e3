// SPDX-License-Identifier: Apache-2.0
//
// A file system that forwards every call to another one and writes the operation log of it.
//
//   untorn::InMemoryFileSystem memory(tree);
//   untorn::RecordingFileSystem fs(memory, Capture::whole_tree);
//   (void)untorn::replace_file(fs, "a.json", bytes);
//   EXPECT_EQ(fs.calls(Call::sync), 2);
//   crash::History history(fs.log());
//
// The tracked tree is what lies under the working directory of the file system below at
// construction. Calls on anything outside it are forwarded and counted, but are not in the log.
// Everything that changes the tree must go through one recording file system.
//
// A fault-injecting file system goes above this one, so that a call that it makes fail is not in
// the log and look-ups of the recording do not fail.
//
// What is stored through a mapping (map) is not in the log: in the crash states such a file holds
// what calls wrote into it.
//
// Threads: every call takes a lock, so that the log has the order in which the calls were made.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "filesystem/calls.h"
#include "filesystem/operation_log.h"
#include "untorn/filesystem.h"

namespace untorn {

// When the tree before the run is read into the log.
enum class Capture : std::uint8_t {
  on_touch,    // what a call is about to change, just before it does
  whole_tree,  // everything, at construction: crash states then have the untouched files, too
};

class RecordingFileSystem final : public FileSystem {
 public:
  explicit RecordingFileSystem(FileSystem& below, Capture capture = Capture::on_touch);
  ~RecordingFileSystem() override;

  // What happened so far. Valid until the next call.
  [[nodiscard]] const OperationLog& log() const;
  // Operations in it; may be asked while other threads make calls.
  [[nodiscard]] std::size_t operation_count() const;

  // The workload has told the outside that something is so from here on.
  void acknowledge(std::string_view text);

  // Calls made, those that failed included.
  [[nodiscard]] std::uint64_t calls(Call call) const;
  [[nodiscard]] std::uint64_t calls_total() const;

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
  FileSystemKind remembered_kind(Handle handle, const Status& status) override;
  std::pair<std::uint64_t, std::uint64_t> random_bits() override;

 private:
  struct State;
  void begin(Call call);
  // Each makes the call by `forward` and, if it succeeded, its operation.
  template <class Forward>
  [[nodiscard]] SystemResult<void> make(Handle directory, std::string_view name, OperationKind kind,
                                        const Bytes& payload, const Forward& forward);
  template <class Forward>
  [[nodiscard]] SystemResult<void> remove(Handle directory, std::string_view name,
                                          OperationKind kind, const Forward& forward);
  template <class Forward>
  [[nodiscard]] SystemResult<void> change(Handle file, std::string_view name, std::uint64_t value,
                                          const Forward& forward);

  FileSystem& below_;
  mutable std::mutex mutex_;
  std::array<std::uint64_t, call_count> calls_{};
  std::unique_ptr<State> state_;
};

}  // namespace untorn
