// SPDX-License-Identifier: Apache-2.0
//
// RecordingFileSystem: the calls that change names.
#include "filesystem/names.h"
#include "filesystem/recording_file_system.h"
#include "filesystem/recording_state.h"

namespace untorn {

void RecordingFileSystem::State::record_rename(const TrackedName& from, const TrackedName& to,
                                               RenameMode mode) {
  if (!from.tracked() && !to.tracked()) return;
  if (from.inode != no_inode && from.inode == to.inode) return;  // two names of one file
  if (from.tracked() && to.tracked()) {
    const bool exchanges = mode == RenameMode::exchange;
    Operation& operation =
        append_at(exchanges ? OperationKind::exchange : OperationKind::rename, from, from.inode);
    operation.target_directory = to.directory;
    operation.target_name = to.name;
    operation.replaced = to.inode;
    builder.set_name(from.directory, from.name, exchanges ? to.inode : no_inode);
    builder.set_name(to.directory, to.name, from.inode);
    return;
  }
  const TrackedName& inside = from.tracked() ? from : to;
  append_at(OperationKind::unmodelled, inside, inside.inode).name =
      "rename over the edge of the tracked tree";
}

SystemResult<void> RecordingFileSystem::rename(Handle from_directory, std::string_view from,
                                               Handle to_directory, std::string_view to,
                                               RenameMode mode) {
  const std::lock_guard guard(mutex_);
  begin(Call::rename);
  if (check_names(from_directory, from, to_directory, to) != 0)
    return below_.rename(from_directory, from, to_directory, to, mode);
  const TrackedName source = state_->builder.find(from_directory, from, false);
  const TrackedName target = state_->builder.find(to_directory, to, false);
  const SystemResult<void> done = below_.rename(from_directory, from, to_directory, to, mode);
  if (done) state_->record_rename(source, target, mode);
  return done;
}

SystemResult<void> RecordingFileSystem::link(Handle from_directory, std::string_view from,
                                             Handle to_directory, std::string_view to) {
  const std::lock_guard guard(mutex_);
  begin(Call::link);
  if (check_names(from_directory, from, to_directory, to) != 0)
    return below_.link(from_directory, from, to_directory, to);
  const TrackedName source = state_->builder.find(from_directory, from, false);
  const TrackedName target = state_->builder.find(to_directory, to, false);
  const SystemResult<void> done = below_.link(from_directory, from, to_directory, to);
  if (!done || !target.tracked()) return done;
  if (!source.tracked()) {
    state_->append_at(OperationKind::unmodelled, target, no_inode).name =
        "link over the edge of the tracked tree";
    return done;
  }
  Operation& operation = state_->append_at(OperationKind::link, source, source.inode);
  operation.target_directory = target.directory;
  operation.target_name = target.name;
  state_->builder.set_name(target.directory, target.name, source.inode);
  return done;
}

SystemResult<void> RecordingFileSystem::unlink(Handle directory, std::string_view name) {
  const std::lock_guard guard(mutex_);
  begin(Call::unlink);
  const auto call = [&] { return below_.unlink(directory, name); };
  return remove(directory, name, OperationKind::unlink, call);
}

SystemResult<void> RecordingFileSystem::remove_directory(Handle directory, std::string_view name) {
  const std::lock_guard guard(mutex_);
  begin(Call::remove_directory);
  const auto call = [&] { return below_.remove_directory(directory, name); };
  return remove(directory, name, OperationKind::remove_directory, call);
}

template <class Forward>
SystemResult<void> RecordingFileSystem::remove(Handle directory, std::string_view name,
                                               OperationKind kind, const Forward& forward) {
  if (check_name(directory, name) != 0) return forward();
  const TrackedName place = state_->builder.find(directory, name, false);
  const SystemResult<void> done = forward();
  if (!done || !place.tracked()) return done;
  state_->append_at(kind, place, place.inode);
  state_->builder.set_name(place.directory, place.name, no_inode);
  return done;
}

template <class Forward>
SystemResult<void> RecordingFileSystem::make(Handle directory, std::string_view name,
                                             OperationKind kind, const Bytes& payload,
                                             const Forward& forward) {
  if (check_name(directory, name) != 0) return forward();
  const TrackedName place = state_->builder.find(directory, name, false);
  const SystemResult<void> done = forward();
  if (!done || !place.tracked()) return done;
  const SystemResult<Status> status = below_.status_at(directory, name);
  if (status) state_->record_new(kind, place, *status, payload);
  return done;
}

SystemResult<void> RecordingFileSystem::make_directory(Handle directory, std::string_view name,
                                                       std::uint32_t mode) {
  const std::lock_guard guard(mutex_);
  begin(Call::make_directory);
  return make(directory, name, OperationKind::make_directory, {},
              [&] { return below_.make_directory(directory, name, mode); });
}

SystemResult<void> RecordingFileSystem::make_symlink(std::string_view target, Handle directory,
                                                     std::string_view name) {
  const std::lock_guard guard(mutex_);
  begin(Call::make_symlink);
  return make(directory, name, OperationKind::make_symlink, Bytes(target),
              [&] { return below_.make_symlink(target, directory, name); });
}

}  // namespace untorn
