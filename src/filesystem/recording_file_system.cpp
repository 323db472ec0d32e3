// SPDX-License-Identifier: Apache-2.0
#include "filesystem/recording_file_system.h"

#include <numeric>
#include <utility>

#include "filesystem/names.h"
#include "filesystem/recording_state.h"

namespace untorn {
namespace {

Bytes copy_of(std::span<const std::byte> bytes) {
  return Bytes(std::vector<std::byte>(bytes.begin(), bytes.end()));
}

bool opens_for_writing(const OpenOptions& options) {
  return options.access == Access::write || options.access == Access::read_write;
}

}  // namespace

RecordingFileSystem::RecordingFileSystem(FileSystem& below, Capture capture)
    : below_(below), state_(std::make_unique<State>(below)) {
  if (capture == Capture::whole_tree) state_->builder.capture_everything();
}

RecordingFileSystem::~RecordingFileSystem() = default;

const OperationLog& RecordingFileSystem::log() const {
  const std::lock_guard guard(mutex_);
  return state_->builder.log();
}

void RecordingFileSystem::acknowledge(std::string_view text) {
  const std::lock_guard guard(mutex_);
  Operation& operation = state_->builder.append(OperationKind::acknowledge, no_inode);
  operation.name = "call";
  operation.payload = Bytes(text);
  operation.call = no_index;
  operation.call_name = "acknowledge";
}

std::size_t RecordingFileSystem::operation_count() const {
  const std::lock_guard guard(mutex_);
  return state_->builder.log().operations.size();
}

std::uint64_t RecordingFileSystem::calls(Call call) const {
  const std::lock_guard guard(mutex_);
  return calls_[static_cast<std::size_t>(call)];
}

std::uint64_t RecordingFileSystem::calls_total() const {
  const std::lock_guard guard(mutex_);
  return std::accumulate(calls_.begin(), calls_.end(), std::uint64_t{0});
}

void RecordingFileSystem::begin(Call call) {
  ++calls_[static_cast<std::size_t>(call)];
  state_->builder.begin_call(call);
}

// ------------------------------------------------------------------ handles and content

std::uint64_t RecordingFileSystem::State::size_at(Handle directory, std::string_view name,
                                                  const OpenOptions& options) {
  const OpenOptions look = {.access = Access::read, .follow = options.follow, .nonblocking = true};
  const SystemResult<Handle> opened = below.open(directory, name, look);
  if (!opened) return 0;
  const OwnedHandle file(below, *opened);
  const SystemResult<Status> status = below.status(file.get());
  return status ? status->size : 0;
}

void RecordingFileSystem::State::record_open(const TrackedName& place, const OpenOptions& options,
                                             Handle handle, std::uint64_t size_before) {
  const bool made = place.tracked() && place.inode == no_inode;
  RecordedHandle recorded{place.inode, 0, opens_for_writing(options), options.append};
  if (made) {
    const SystemResult<Status> status = below.status(handle);
    if (!status) return;
    recorded.inode = builder.add_new(*status);
    builder.set_name(place.directory, place.name, recorded.inode);
  } else if (!place.tracked()) {
    recorded.inode = builder.inode_of(handle);  // "." and "..", or outside
  }
  if (recorded.inode == no_inode) return;
  if (recorded.writable) builder.add_writer(recorded.inode);  // L3
  if (made) append_at(OperationKind::create, place, recorded.inode);
  if (!made && options.truncate && size_before != 0)
    builder.append(OperationKind::truncate, recorded.inode);
  handles[static_cast<int>(handle)] = recorded;
}

SystemResult<Handle> RecordingFileSystem::open(Handle directory, std::string_view name,
                                               const OpenOptions& options) {
  const std::lock_guard guard(mutex_);
  begin(Call::open);
  TrackedName place;
  std::uint64_t size_before = 0;
  if (check_name(directory, name) == 0) {
    const bool follow = options.follow && !(options.create && options.exclusive);
    place = state_->builder.find(directory, name, follow);
    if (options.truncate) size_before = state_->size_at(directory, name, options);
  }
  const SystemResult<Handle> opened = below_.open(directory, name, options);
  if (opened) state_->record_open(place, options, *opened, size_before);
  return opened;
}

SystemResult<void> RecordingFileSystem::close(Handle handle) {
  const std::lock_guard guard(mutex_);
  begin(Call::close);
  const RecordedHandle* recorded = state_->find(handle);
  if (recorded != nullptr && recorded->writable) state_->builder.remove_writer(recorded->inode);
  state_->handles.erase(static_cast<int>(handle));
  return below_.close(handle);
}

std::uint64_t RecordingFileSystem::State::offset_of(Handle handle, const RecordedHandle& file,
                                                    std::uint64_t offset) {
  if (!file.append) return offset;
  const SystemResult<Status> status = below.status(handle);
  return status ? status->size : offset;
}

void RecordingFileSystem::State::record_write(RecordedHandle& file, std::uint64_t offset,
                                              std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  Operation& operation = builder.append(OperationKind::write, file.inode);
  operation.offset = offset;
  operation.size = bytes.size();
  operation.payload = copy_of(bytes);
}

SystemResult<std::size_t> RecordingFileSystem::write(Handle file,
                                                     std::span<const std::byte> bytes) {
  const std::lock_guard guard(mutex_);
  begin(Call::write);
  RecordedHandle* recorded = state_->find(file);
  if (recorded == nullptr) return below_.write(file, bytes);
  const std::uint64_t offset = state_->offset_of(file, *recorded, recorded->position);
  const SystemResult<std::size_t> written = below_.write(file, bytes);
  if (!written) return written;
  state_->record_write(*recorded, offset, bytes.first(*written));
  recorded->position = offset + *written;
  return written;
}

SystemResult<std::size_t> RecordingFileSystem::write_at(Handle file, std::uint64_t offset,
                                                        std::span<const std::byte> bytes) {
  const std::lock_guard guard(mutex_);
  begin(Call::write_at);
  RecordedHandle* recorded = state_->find(file);
  if (recorded == nullptr) return below_.write_at(file, offset, bytes);
  const std::uint64_t landing = state_->offset_of(file, *recorded, offset);
  const SystemResult<std::size_t> written = below_.write_at(file, offset, bytes);
  if (written) state_->record_write(*recorded, landing, bytes.first(*written));
  return written;
}

SystemResult<std::size_t> RecordingFileSystem::read_at(Handle file, std::uint64_t offset,
                                                       std::span<std::byte> bytes) {
  const std::lock_guard guard(mutex_);
  begin(Call::read_at);
  return below_.read_at(file, offset, bytes);
}

SystemResult<void> RecordingFileSystem::truncate(Handle file, std::uint64_t size) {
  const std::lock_guard guard(mutex_);
  begin(Call::truncate);
  const SystemResult<void> done = below_.truncate(file, size);
  if (!done) return done;
  if (Operation* operation = state_->append_on(file, OperationKind::truncate))
    operation->size = size;
  return done;
}

// Stores through the mapping are no calls, so the log does not have them.
SystemResult<FileMapping> RecordingFileSystem::map(Handle file, std::size_t size) {
  const std::lock_guard guard(mutex_);
  begin(Call::map);
  return below_.map(file, size);
}

SystemResult<void> RecordingFileSystem::sync(Handle handle) {
  const std::lock_guard guard(mutex_);
  begin(Call::sync);
  const SystemResult<void> done = below_.sync(handle);
  const RecordedHandle* recorded = state_->find(handle);
  if (!done || recorded == nullptr) return done;
  const FileType type = state_->builder.log().inodes[recorded->inode].type;
  state_->builder.append(
      type == FileType::directory ? OperationKind::sync_directory : OperationKind::sync_file,
      recorded->inode);
  return done;
}

SystemResult<void> RecordingFileSystem::sync_data(Handle file) {
  const std::lock_guard guard(mutex_);
  begin(Call::sync_data);
  const SystemResult<void> done = below_.sync_data(file);
  const RecordedHandle* recorded = state_->find(file);
  if (!done || recorded == nullptr) return done;
  // On a directory fdatasync forces its names as fsync does.
  const FileType type = state_->builder.log().inodes[recorded->inode].type;
  state_->builder.append(
      type == FileType::directory ? OperationKind::sync_directory : OperationKind::sync_data,
      recorded->inode);
  return done;
}

SystemResult<void> RecordingFileSystem::sync_range(Handle file) {
  const std::lock_guard guard(mutex_);
  begin(Call::sync_range);
  const SystemResult<void> done = below_.sync_range(file);
  if (!done) return done;
  if (Operation* operation = state_->append_on(file, OperationKind::sync_range)) {
    operation->name = "written";
  }
  return done;
}

// It waits for nothing, so the log has nothing of it.
SystemResult<void> RecordingFileSystem::start_writeback(Handle file) {
  const std::lock_guard guard(mutex_);
  begin(Call::start_writeback);
  return below_.start_writeback(file);
}

SystemResult<void> RecordingFileSystem::sync_everything(Handle handle) {
  const std::lock_guard guard(mutex_);
  begin(Call::sync_everything);
  const SystemResult<void> done = below_.sync_everything(handle);
  if (done) state_->builder.append(OperationKind::sync_all, no_inode);
  return done;
}

// ------------------------------------------------------------------ metadata

template <class Forward>
SystemResult<void> RecordingFileSystem::change(Handle file, std::string_view name,
                                               std::uint64_t value, const Forward& forward) {
  const SystemResult<void> done = forward();
  if (!done) return done;
  if (Operation* operation = state_->append_on(file, OperationKind::set_metadata)) {
    operation->name = name;
    operation->size = value;
  }
  return done;
}

SystemResult<void> RecordingFileSystem::set_mode(Handle file, std::uint32_t mode) {
  const std::lock_guard guard(mutex_);
  begin(Call::set_mode);
  return change(file, "mode", mode, [&] { return below_.set_mode(file, mode); });
}

SystemResult<void> RecordingFileSystem::set_owner(Handle file, std::uint32_t user,
                                                  std::uint32_t group) {
  const std::lock_guard guard(mutex_);
  begin(Call::set_owner);
  return change(file, "owner", 0, [&] { return below_.set_owner(file, user, group); });
}

SystemResult<void> RecordingFileSystem::set_attribute(Handle file, const std::string& name,
                                                      std::string_view value) {
  const std::lock_guard guard(mutex_);
  begin(Call::set_attribute);
  return change(file, "xattr " + name, 0, [&] { return below_.set_attribute(file, name, value); });
}

SystemResult<void> RecordingFileSystem::remove_attribute(Handle file, const std::string& name) {
  const std::lock_guard guard(mutex_);
  begin(Call::remove_attribute);
  return change(file, "xattr " + name, 0, [&] { return below_.remove_attribute(file, name); });
}

// ------------------------------------------------------------------ calls that change nothing

SystemResult<std::string> RecordingFileSystem::read_link(Handle directory, std::string_view name) {
  const std::lock_guard guard(mutex_);
  begin(Call::read_link);
  return below_.read_link(directory, name);
}

SystemResult<Status> RecordingFileSystem::status(Handle handle) {
  const std::lock_guard guard(mutex_);
  begin(Call::status);
  return below_.status(handle);
}

SystemResult<Status> RecordingFileSystem::status_at(Handle directory, std::string_view name) {
  const std::lock_guard guard(mutex_);
  begin(Call::status_at);
  return below_.status_at(directory, name);
}

SystemResult<std::vector<Entry>> RecordingFileSystem::list(Handle directory) {
  const std::lock_guard guard(mutex_);
  begin(Call::list);
  return below_.list(directory);
}

SystemResult<void> RecordingFileSystem::may_write(Handle directory, std::string_view name) {
  const std::lock_guard guard(mutex_);
  begin(Call::may_write);
  return below_.may_write(directory, name);
}

SystemResult<std::vector<std::string>> RecordingFileSystem::list_attributes(Handle file) {
  const std::lock_guard guard(mutex_);
  begin(Call::list_attributes);
  return below_.list_attributes(file);
}

SystemResult<std::vector<std::string>> RecordingFileSystem::list_attributes_at(
    Handle directory, std::string_view name) {
  const std::lock_guard guard(mutex_);
  begin(Call::list_attributes_at);
  return below_.list_attributes_at(directory, name);
}

SystemResult<std::string> RecordingFileSystem::get_attribute(Handle file, const std::string& name) {
  const std::lock_guard guard(mutex_);
  begin(Call::get_attribute);
  return below_.get_attribute(file, name);
}

SystemResult<void> RecordingFileSystem::lock(Handle file, LockMode mode) {
  const std::lock_guard guard(mutex_);
  begin(Call::lock);
  return below_.lock(file, mode);
}

SystemResult<void> RecordingFileSystem::unlock(Handle file) {
  const std::lock_guard guard(mutex_);
  begin(Call::unlock);
  return below_.unlock(file);
}

FileSystemKind RecordingFileSystem::kind(Handle handle) {
  return below_.kind(handle);
}

FileSystemKind RecordingFileSystem::remembered_kind(Handle handle, const Status& status) {
  return below_.remembered_kind(handle, status);
}

std::pair<std::uint64_t, std::uint64_t> RecordingFileSystem::random_bits() {
  return below_.random_bits();
}

}  // namespace untorn
