// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/blockdev/hooked_file_system.h"

namespace untorn::lab {

// ------------------------------------------------------------------ calls that may change a file

SystemResult<Handle> HookedFileSystem::open(Handle directory, std::string_view name,
                                            const OpenOptions& options) {
  const SystemResult<Handle> opened = below_.open(directory, name, options);
  return told(opened, opened ? *opened : Handle::none);
}
SystemResult<void> HookedFileSystem::close(Handle handle) {
  return told(below_.close(handle));
}
SystemResult<std::size_t> HookedFileSystem::write(Handle file, std::span<const std::byte> bytes) {
  return told(below_.write(file, bytes), file);
}
SystemResult<std::size_t> HookedFileSystem::write_at(Handle file, std::uint64_t offset,
                                                     std::span<const std::byte> bytes) {
  return told(below_.write_at(file, offset, bytes), file);
}
SystemResult<void> HookedFileSystem::truncate(Handle file, std::uint64_t size) {
  return told(below_.truncate(file, size), file);
}
SystemResult<void> HookedFileSystem::sync(Handle handle) {
  return told(below_.sync(handle), handle);
}
SystemResult<void> HookedFileSystem::sync_data(Handle file) {
  return told(below_.sync_data(file), file);
}
SystemResult<void> HookedFileSystem::sync_range(Handle file) {
  return told(below_.sync_range(file), file);
}
SystemResult<void> HookedFileSystem::start_writeback(Handle file) {
  return told(below_.start_writeback(file), file);
}
SystemResult<void> HookedFileSystem::sync_everything(Handle handle) {
  return told(below_.sync_everything(handle), handle);
}
SystemResult<void> HookedFileSystem::rename(Handle from_directory, std::string_view from,
                                            Handle to_directory, std::string_view to,
                                            RenameMode mode) {
  return told(below_.rename(from_directory, from, to_directory, to, mode));
}
SystemResult<void> HookedFileSystem::link(Handle from_directory, std::string_view from,
                                          Handle to_directory, std::string_view to) {
  return told(below_.link(from_directory, from, to_directory, to));
}
SystemResult<void> HookedFileSystem::unlink(Handle directory, std::string_view name) {
  return told(below_.unlink(directory, name));
}
SystemResult<void> HookedFileSystem::make_directory(Handle directory, std::string_view name,
                                                    std::uint32_t mode) {
  return told(below_.make_directory(directory, name, mode));
}
SystemResult<void> HookedFileSystem::remove_directory(Handle directory, std::string_view name) {
  return told(below_.remove_directory(directory, name));
}
SystemResult<void> HookedFileSystem::make_symlink(std::string_view target, Handle directory,
                                                  std::string_view name) {
  return told(below_.make_symlink(target, directory, name));
}
SystemResult<void> HookedFileSystem::set_mode(Handle file, std::uint32_t mode) {
  return told(below_.set_mode(file, mode), file);
}
SystemResult<void> HookedFileSystem::set_owner(Handle file, std::uint32_t user,
                                               std::uint32_t group) {
  return told(below_.set_owner(file, user, group), file);
}
SystemResult<void> HookedFileSystem::set_attribute(Handle file, const std::string& name,
                                                   std::string_view value) {
  return told(below_.set_attribute(file, name, value), file);
}
SystemResult<void> HookedFileSystem::remove_attribute(Handle file, const std::string& name) {
  return told(below_.remove_attribute(file, name), file);
}

// ------------------------------------------------------------------ calls that change nothing

SystemResult<std::size_t> HookedFileSystem::read_at(Handle file, std::uint64_t offset,
                                                    std::span<std::byte> bytes) {
  return below_.read_at(file, offset, bytes);
}
SystemResult<FileMapping> HookedFileSystem::map(Handle file, std::size_t size) {
  return below_.map(file, size);
}
SystemResult<std::string> HookedFileSystem::read_link(Handle directory, std::string_view name) {
  return below_.read_link(directory, name);
}
SystemResult<Status> HookedFileSystem::status(Handle handle) {
  return below_.status(handle);
}
SystemResult<Status> HookedFileSystem::status_at(Handle directory, std::string_view name) {
  return below_.status_at(directory, name);
}
SystemResult<std::vector<Entry>> HookedFileSystem::list(Handle directory) {
  return below_.list(directory);
}
SystemResult<void> HookedFileSystem::may_write(Handle directory, std::string_view name) {
  return below_.may_write(directory, name);
}
SystemResult<std::vector<std::string>> HookedFileSystem::list_attributes(Handle file) {
  return below_.list_attributes(file);
}
SystemResult<std::vector<std::string>> HookedFileSystem::list_attributes_at(Handle directory,
                                                                            std::string_view name) {
  return below_.list_attributes_at(directory, name);
}
SystemResult<std::string> HookedFileSystem::get_attribute(Handle file, const std::string& name) {
  return below_.get_attribute(file, name);
}
SystemResult<void> HookedFileSystem::lock(Handle file, LockMode mode) {
  return below_.lock(file, mode);
}
SystemResult<void> HookedFileSystem::unlock(Handle file) {
  return below_.unlock(file);
}
FileSystemKind HookedFileSystem::kind(Handle handle) {
  return kind_ ? *kind_ : below_.kind(handle);
}
FileSystemKind HookedFileSystem::remembered_kind(Handle handle, const Status& status) {
  return kind_ ? *kind_ : below_.remembered_kind(handle, status);
}
std::pair<std::uint64_t, std::uint64_t> HookedFileSystem::random_bits() {
  return below_.random_bits();
}

FileSystemKind kind_with_ranges(std::string name, bool fast_commit) {
  FileSystemKind kind;
  kind.name = std::move(name);
  kind.range_sync = RangeSync::before_names;
  kind.fast_commit = fast_commit;
  return kind;
}

}  // namespace untorn::lab
