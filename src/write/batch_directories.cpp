// SPDX-License-Identifier: Apache-2.0
#include "write/batch_directories.h"

#include <algorithm>
#include <cerrno>

namespace untorn::write {

SystemResult<BatchDirectories::Opened> BatchDirectories::open(const std::string& path) {
  auto opened = fs_->open(Handle::working_directory, path, {.access = Access::directory});
  if (!opened) return std::unexpected(opened.error());
  Opened directory{.handle = OwnedHandle(*fs_, *opened), .identity = {}};
  const auto status = fs_->status(*opened);
  if (!status) return std::unexpected(status.error());
  directory.identity = {status->device, status->inode};
  return directory;
}

void BatchDirectories::make_room() {
  if (open_.size() < open_max_) return;
  const auto oldest =
      std::ranges::find_if(open_, [this](std::size_t number) { return !known_[number].pinned; });
  if (oldest == open_.end()) return;
  known_[*oldest].handle.reset();
  open_.erase(oldest);
}

SystemResult<std::size_t> BatchDirectories::find(const std::string& path) {
  if (const auto found = numbers_.find(path); found != numbers_.end()) {
    const auto handle = this->handle(found->second);
    if (!handle) return std::unexpected(handle.error());
    return found->second;
  }
  make_room();
  auto opened = open(path);
  if (!opened) return std::unexpected(opened.error());
  const std::size_t number = known_.size();
  known_.push_back({.path = path,
                    .handle = std::move(opened->handle),
                    .identity = opened->identity,
                    .pinned = false});
  numbers_.emplace(path, number);
  open_.push_back(number);
  return number;
}

SystemResult<Handle> BatchDirectories::handle(std::size_t number) {
  if (const Handle open = known_[number].handle.get(); open != Handle::none) return open;
  make_room();
  auto opened = open(known_[number].path);
  if (!opened) return std::unexpected(opened.error());
  if (opened->identity != known_[number].identity) return std::unexpected(Errno{ESTALE});
  known_[number].handle = std::move(opened->handle);
  open_.push_back(number);
  return known_[number].handle.get();
}

}  // namespace untorn::write
