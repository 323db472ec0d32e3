// SPDX-License-Identifier: Apache-2.0
#include "filesystem/fault_file_system.h"

#include <algorithm>
#include <utility>

namespace untorn {

std::string to_string(const CallSite& site) {
  std::string result(to_string(site.call));
  result += ' ' + std::to_string(site.occurrence);
  if (!site.name.empty()) result += ' ' + site.name;
  return result;
}

FaultFileSystem::FaultFileSystem(FileSystem& below, Fault fault)
    : FaultFileSystem(below, std::vector<Fault>{fault}) {}

FaultFileSystem::FaultFileSystem(FileSystem& below, std::vector<Fault> faults)
    : below_(below), faults_(std::move(faults)) {}

std::vector<CallSite> FaultFileSystem::sites() const {
  const std::lock_guard guard(mutex_);
  return sites_;
}

bool FaultFileSystem::fired() const {
  const std::lock_guard guard(mutex_);
  return fired_;
}

std::optional<Fault> FaultFileSystem::enter(Call call, std::string_view name) {
  const std::lock_guard guard(mutex_);
  const std::uint64_t number = sites_.size();
  const std::uint64_t occurrence = occurrences_[static_cast<std::size_t>(call)]++;
  sites_.push_back({call, occurrence, std::string(name), false});
  for (const Fault& fault : faults_) {
    if (fault.call && *fault.call != call) continue;
    const std::uint64_t reached = fault.call ? occurrence : number;
    if (reached != fault.at && !(fault.persistent && reached > fault.at)) continue;
    fired_ = true;
    sites_.back().failed = fault.effect != Fault::Effect::short_write;
    return fault;
  }
  return std::nullopt;
}

template <class Result, class Forward>
Result FaultFileSystem::through(Call call, std::string_view name, const Forward& forward) {
  const std::optional<Fault> fault = enter(call, name);
  if (!fault || fault->effect == Fault::Effect::short_write) return forward();
  // A descriptor is gone even when close(2) reports an error.
  if (fault->effect == Fault::Effect::done_but_failed || call == Call::close) (void)forward();
  return std::unexpected(fault->error);
}

template <class Forward>
SystemResult<std::size_t> FaultFileSystem::write_through(Call call,
                                                         std::span<const std::byte> bytes,
                                                         const Forward& forward) {
  const std::optional<Fault> fault = enter(call, {});
  if (!fault) return forward(bytes);
  if (fault->effect == Fault::Effect::short_write)
    return forward(bytes.first(std::min(fault->bytes, bytes.size())));
  if (fault->effect == Fault::Effect::done_but_failed) (void)forward(bytes);
  return std::unexpected(fault->error);
}

SystemResult<Handle> FaultFileSystem::open(Handle directory, std::string_view name,
                                           const OpenOptions& options) {
  const std::optional<Fault> fault = enter(Call::open, name);
  if (!fault || fault->effect == Fault::Effect::short_write)
    return below_.open(directory, name, options);
  if (fault->effect == Fault::Effect::done_but_failed) {
    // The file is there, but nobody learns the handle: it must not leak.
    if (const auto opened = below_.open(directory, name, options)) (void)below_.close(*opened);
  }
  return std::unexpected(fault->error);
}

SystemResult<void> FaultFileSystem::close(Handle handle) {
  return through<SystemResult<void>>(Call::close, {}, [&] { return below_.close(handle); });
}

SystemResult<std::size_t> FaultFileSystem::write(Handle file, std::span<const std::byte> bytes) {
  return write_through(Call::write, bytes, [&](auto part) { return below_.write(file, part); });
}

SystemResult<std::size_t> FaultFileSystem::write_at(Handle file, std::uint64_t offset,
                                                    std::span<const std::byte> bytes) {
  return write_through(Call::write_at, bytes,
                       [&](auto part) { return below_.write_at(file, offset, part); });
}

SystemResult<std::size_t> FaultFileSystem::read_at(Handle file, std::uint64_t offset,
                                                   std::span<std::byte> bytes) {
  return through<SystemResult<std::size_t>>(Call::read_at, {},
                                            [&] { return below_.read_at(file, offset, bytes); });
}

SystemResult<void> FaultFileSystem::truncate(Handle file, std::uint64_t size) {
  return through<SystemResult<void>>(Call::truncate, {},
                                     [&] { return below_.truncate(file, size); });
}

SystemResult<FileMapping> FaultFileSystem::map(Handle file, std::size_t size) {
  return through<SystemResult<FileMapping>>(Call::map, {}, [&] { return below_.map(file, size); });
}

SystemResult<void> FaultFileSystem::sync(Handle handle) {
  return through<SystemResult<void>>(Call::sync, {}, [&] { return below_.sync(handle); });
}

SystemResult<void> FaultFileSystem::sync_data(Handle file) {
  return through<SystemResult<void>>(Call::sync_data, {}, [&] { return below_.sync_data(file); });
}

SystemResult<void> FaultFileSystem::sync_range(Handle file) {
  return through<SystemResult<void>>(Call::sync_range, {}, [&] { return below_.sync_range(file); });
}

SystemResult<void> FaultFileSystem::start_writeback(Handle file) {
  return through<SystemResult<void>>(Call::start_writeback, {},
                                     [&] { return below_.start_writeback(file); });
}

SystemResult<void> FaultFileSystem::sync_everything(Handle handle) {
  return through<SystemResult<void>>(Call::sync_everything, {},
                                     [&] { return below_.sync_everything(handle); });
}

SystemResult<void> FaultFileSystem::rename(Handle from_directory, std::string_view from,
                                           Handle to_directory, std::string_view to,
                                           RenameMode mode) {
  return through<SystemResult<void>>(Call::rename, from, [&] {
    return below_.rename(from_directory, from, to_directory, to, mode);
  });
}

SystemResult<void> FaultFileSystem::link(Handle from_directory, std::string_view from,
                                         Handle to_directory, std::string_view to) {
  return through<SystemResult<void>>(
      Call::link, from, [&] { return below_.link(from_directory, from, to_directory, to); });
}

SystemResult<void> FaultFileSystem::unlink(Handle directory, std::string_view name) {
  return through<SystemResult<void>>(Call::unlink, name,
                                     [&] { return below_.unlink(directory, name); });
}

SystemResult<void> FaultFileSystem::make_directory(Handle directory, std::string_view name,
                                                   std::uint32_t mode) {
  return through<SystemResult<void>>(Call::make_directory, name,
                                     [&] { return below_.make_directory(directory, name, mode); });
}

SystemResult<void> FaultFileSystem::remove_directory(Handle directory, std::string_view name) {
  return through<SystemResult<void>>(Call::remove_directory, name,
                                     [&] { return below_.remove_directory(directory, name); });
}

SystemResult<void> FaultFileSystem::make_symlink(std::string_view target, Handle directory,
                                                 std::string_view name) {
  return through<SystemResult<void>>(Call::make_symlink, name,
                                     [&] { return below_.make_symlink(target, directory, name); });
}

SystemResult<std::string> FaultFileSystem::read_link(Handle directory, std::string_view name) {
  return through<SystemResult<std::string>>(Call::read_link, name,
                                            [&] { return below_.read_link(directory, name); });
}

SystemResult<Status> FaultFileSystem::status(Handle handle) {
  return through<SystemResult<Status>>(Call::status, {}, [&] { return below_.status(handle); });
}

SystemResult<Status> FaultFileSystem::status_at(Handle directory, std::string_view name) {
  return through<SystemResult<Status>>(Call::status_at, name,
                                       [&] { return below_.status_at(directory, name); });
}

SystemResult<std::vector<Entry>> FaultFileSystem::list(Handle directory) {
  return through<SystemResult<std::vector<Entry>>>(Call::list, {},
                                                   [&] { return below_.list(directory); });
}

SystemResult<void> FaultFileSystem::may_write(Handle directory, std::string_view name) {
  return through<SystemResult<void>>(Call::may_write, name,
                                     [&] { return below_.may_write(directory, name); });
}

SystemResult<void> FaultFileSystem::set_mode(Handle file, std::uint32_t mode) {
  return through<SystemResult<void>>(Call::set_mode, {},
                                     [&] { return below_.set_mode(file, mode); });
}

SystemResult<void> FaultFileSystem::set_owner(Handle file, std::uint32_t user,
                                              std::uint32_t group) {
  return through<SystemResult<void>>(Call::set_owner, {},
                                     [&] { return below_.set_owner(file, user, group); });
}

SystemResult<std::vector<std::string>> FaultFileSystem::list_attributes(Handle file) {
  return through<SystemResult<std::vector<std::string>>>(
      Call::list_attributes, {}, [&] { return below_.list_attributes(file); });
}

SystemResult<std::vector<std::string>> FaultFileSystem::list_attributes_at(Handle directory,
                                                                           std::string_view name) {
  return through<SystemResult<std::vector<std::string>>>(
      Call::list_attributes_at, name, [&] { return below_.list_attributes_at(directory, name); });
}

SystemResult<std::string> FaultFileSystem::get_attribute(Handle file, const std::string& name) {
  return through<SystemResult<std::string>>(Call::get_attribute, name,
                                            [&] { return below_.get_attribute(file, name); });
}

SystemResult<void> FaultFileSystem::set_attribute(Handle file, const std::string& name,
                                                  std::string_view value) {
  return through<SystemResult<void>>(Call::set_attribute, name,
                                     [&] { return below_.set_attribute(file, name, value); });
}

SystemResult<void> FaultFileSystem::remove_attribute(Handle file, const std::string& name) {
  return through<SystemResult<void>>(Call::remove_attribute, name,
                                     [&] { return below_.remove_attribute(file, name); });
}

SystemResult<void> FaultFileSystem::lock(Handle file, LockMode mode) {
  return through<SystemResult<void>>(Call::lock, {}, [&] { return below_.lock(file, mode); });
}

SystemResult<void> FaultFileSystem::unlock(Handle file) {
  return through<SystemResult<void>>(Call::unlock, {}, [&] { return below_.unlock(file); });
}

FileSystemKind FaultFileSystem::kind(Handle handle) {
  return below_.kind(handle);
}

FileSystemKind FaultFileSystem::remembered_kind(Handle handle, const Status& status) {
  return below_.remembered_kind(handle, status);
}

std::pair<std::uint64_t, std::uint64_t> FaultFileSystem::random_bits() {
  return below_.random_bits();
}

}  // namespace untorn
