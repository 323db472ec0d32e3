// SPDX-License-Identifier: Apache-2.0
//
// A file system that forwards every call and tells someone after each that may have changed a file.
//
//   HookedFileSystem fs(below, [&](Handle file) { neighbour.act(file); });
//
// The hook is called after the call has returned, whether it succeeded or not, with the handle that
// the call was made on (Handle::none for calls on names). open() counts, since it may create. With
// a kind it answers that one for every handle, whatever lies below.
//
// Threads: as the file system below; the hook is called in the thread of the call.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "untorn/filesystem.h"

namespace untorn::lab {

class HookedFileSystem final : public FileSystem {
 public:
  using Hook = std::function<void(Handle file)>;
  HookedFileSystem(FileSystem& below, Hook after, std::optional<FileSystemKind> kind = std::nullopt)
      : below_(below), after_(std::move(after)), kind_(std::move(kind)) {}

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
  template <class Value>
  [[nodiscard]] Value told(Value result, Handle file = Handle::none) {
    after_(file);
    return result;
  }

  FileSystem& below_;
  Hook after_;
  std::optional<FileSystemKind> kind_;
};

// What an ext4 or xfs with a journal answers.
[[nodiscard]] FileSystemKind kind_with_ranges(std::string name, bool fast_commit);

}  // namespace untorn::lab
