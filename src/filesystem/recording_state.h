// SPDX-License-Identifier: Apache-2.0
//
// What RecordingFileSystem consists of, for the files that implement it. The caller holds its lock.
#pragma once
#include <string_view>
#include <unordered_map>
#include <utility>

#include "filesystem/log_builder.h"
#include "filesystem/recording_file_system.h"

namespace untorn {

// Of an open handle on something in the tracked tree.
struct RecordedHandle {
  InodeId inode = no_inode;
  std::uint64_t position = 0;
  bool writable = false;
  bool append = false;
};

struct RecordingFileSystem::State {
  explicit State(FileSystem& given) : below(given), builder(given) {}

  FileSystem& below;
  LogBuilder builder;
  std::unordered_map<int, RecordedHandle> handles;

  [[nodiscard]] RecordedHandle* find(Handle handle) {
    const auto found = handles.find(static_cast<int>(handle));
    return found == handles.end() ? nullptr : &found->second;
  }

  // An operation on the inode of a handle; nothing outside the tree.
  Operation* append_on(Handle handle, OperationKind kind) {
    const RecordedHandle* recorded = find(handle);
    return recorded == nullptr ? nullptr : &builder.append(kind, recorded->inode);
  }

  Operation& append_at(OperationKind kind, const TrackedName& place, InodeId inode) {
    Operation& operation = builder.append(kind, inode);
    operation.directory = place.directory;
    operation.name = place.name;
    return operation;
  }

  // A name that the call has just made in the tree.
  InodeId record_new(OperationKind kind, const TrackedName& place, const Status& status,
                     Bytes payload = {}) {
    const InodeId inode = builder.add_new(status);
    append_at(kind, place, inode).payload = std::move(payload);
    builder.set_name(place.directory, place.name, inode);
    return inode;
  }

  void record_open(const TrackedName& place, const OpenOptions& options, Handle handle,
                   std::uint64_t size_before);
  void record_write(RecordedHandle& file, std::uint64_t offset, std::span<const std::byte> bytes);
  void record_rename(const TrackedName& from, const TrackedName& to, RenameMode mode);
  // Where a write lands: with O_APPEND at the end of the file.
  [[nodiscard]] std::uint64_t offset_of(Handle handle, const RecordedHandle& file,
                                        std::uint64_t offset);
  [[nodiscard]] std::uint64_t size_at(Handle directory, std::string_view name,
                                      const OpenOptions& options);
};

}  // namespace untorn
