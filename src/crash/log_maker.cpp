// SPDX-License-Identifier: Apache-2.0
#include "crash/log_maker.h"

#include <algorithm>

namespace untorn::crash {

InodeId LogMaker::new_inode(FileType type, bool initial, std::string_view content) {
  const auto inode = static_cast<InodeId>(log_.inodes.size());
  log_.inodes.push_back({type, 0644, initial, Bytes(content)});
  sizes_[inode] = content.size();
  return inode;
}

Operation& LogMaker::add(OperationKind kind, InodeId inode) {
  Operation operation;
  operation.kind = kind;
  operation.inode = inode;
  operation.call = static_cast<std::uint32_t>(log_.operations.size());
  log_.operations.push_back(operation);
  return log_.operations.back();
}

LogMaker::Key LogMaker::split(const std::string& path) const {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {root_inode, path};
  const InodeId directory = find(path.substr(0, slash));
  return {is_directory(directory) ? directory : no_inode, path.substr(slash + 1)};
}

InodeId LogMaker::find(const std::string& path) const {
  if (path.empty()) return root_inode;
  const Key key = split(path);
  const auto entry = live_.find(key);
  return entry == live_.end() ? no_inode : entry->second;
}

bool LogMaker::is_directory(InodeId inode) const {
  return inode != no_inode && log_.inodes[inode].type == FileType::directory;
}

bool LogMaker::is_file(InodeId inode) const {
  return inode != no_inode && log_.inodes[inode].type == FileType::regular;
}

bool LogMaker::is_empty(InodeId directory) const {
  return std::ranges::none_of(live_,
                              [&](const auto& entry) { return entry.first.first == directory; });
}

bool LogMaker::is_below(InodeId inode, InodeId directory) const {
  if (inode == directory) return true;
  return std::ranges::any_of(live_, [&](const auto& entry) {
    return entry.second == inode && entry.first.first != inode &&
           (entry.first.first == directory ||
            (entry.first.first != root_inode && is_below(entry.first.first, directory)));
  });
}

void LogMaker::initial_file(const std::string& path, std::string_view content) {
  const Key key = split(path);
  const InodeId inode = new_inode(FileType::regular, true, content);
  live_[key] = inode;
  log_.names.push_back({key.first, key.second, inode});
}

void LogMaker::initial_directory(const std::string& path) {
  const Key key = split(path);
  const InodeId inode = new_inode(FileType::directory, true, {});
  live_[key] = inode;
  log_.names.push_back({key.first, key.second, inode});
}

bool LogMaker::make(OperationKind kind, FileType type, const std::string& path,
                    std::string_view target) {
  const Key key = split(path);
  if (key.first == no_inode || live_.contains(key)) return false;
  const InodeId inode = new_inode(type, false, target);
  Operation& operation = add(kind, inode);
  operation.directory = key.first;
  operation.name = key.second;
  operation.payload = Bytes(target);
  live_[key] = inode;
  return true;
}

bool LogMaker::create(const std::string& path) {
  return make(OperationKind::create, FileType::regular, path, {});
}

InodeId LogMaker::create_unnamed() {
  const InodeId inode = new_inode(FileType::regular, false, {});
  add(OperationKind::create, inode);
  return inode;
}

bool LogMaker::make_directory(const std::string& path) {
  return make(OperationKind::make_directory, FileType::directory, path, {});
}

bool LogMaker::make_symlink(const std::string& path, std::string_view target) {
  return make(OperationKind::make_symlink, FileType::symlink, path, target);
}

bool LogMaker::link(const std::string& from, const std::string& to) {
  const InodeId inode = find(from);
  return is_file(inode) && link_inode(inode, to);
}

bool LogMaker::link_inode(InodeId inode, const std::string& to) {
  const Key target = split(to);
  if (target.first == no_inode || live_.contains(target)) return false;
  Operation& operation = add(OperationKind::link, inode);
  operation.target_directory = target.first;
  operation.target_name = target.second;
  live_[target] = inode;
  return true;
}

bool LogMaker::unlink(const std::string& path) {
  const Key key = split(path);
  const InodeId inode = find(path);
  if (inode == no_inode || is_directory(inode)) return false;
  Operation& operation = add(OperationKind::unlink, inode);
  operation.directory = key.first;
  operation.name = key.second;
  live_.erase(key);
  return true;
}

bool LogMaker::remove_directory(const std::string& path) {
  const Key key = split(path);
  const InodeId inode = find(path);
  if (inode == root_inode || !is_directory(inode) || !is_empty(inode)) return false;
  Operation& operation = add(OperationKind::remove_directory, inode);
  operation.directory = key.first;
  operation.name = key.second;
  live_.erase(key);
  return true;
}

bool LogMaker::rename(const std::string& from, const std::string& to) {
  const Key source = split(from);
  const Key target = split(to);
  const InodeId inode = find(from);
  const InodeId replaced = find(to);
  if (inode == no_inode || inode == root_inode || target.first == no_inode || source == target ||
      replaced == inode || is_below(target.first, inode)) {
    return false;
  }
  if (replaced != no_inode && is_directory(inode) != is_directory(replaced)) return false;
  if (is_directory(replaced) && !is_empty(replaced)) return false;
  Operation& operation = add(OperationKind::rename, inode);
  operation.directory = source.first;
  operation.name = source.second;
  operation.target_directory = target.first;
  operation.target_name = target.second;
  operation.replaced = replaced;
  live_.erase(source);
  live_[target] = inode;
  return true;
}

bool LogMaker::exchange(const std::string& first, const std::string& second) {
  const Key a = split(first);
  const Key b = split(second);
  const InodeId inode = find(first);
  const InodeId other = find(second);
  if (inode == no_inode || other == no_inode || inode == other || inode == root_inode ||
      other == root_inode || is_below(b.first, inode) || is_below(a.first, other)) {
    return false;
  }
  Operation& operation = add(OperationKind::exchange, inode);
  operation.directory = a.first;
  operation.name = a.second;
  operation.target_directory = b.first;
  operation.target_name = b.second;
  operation.replaced = other;
  live_[a] = other;
  live_[b] = inode;
  return true;
}

void LogMaker::write_inode(InodeId inode, std::uint64_t offset, std::string_view bytes) {
  Operation& operation = add(OperationKind::write, inode);
  operation.offset = offset;
  operation.size = bytes.size();
  operation.payload = Bytes(bytes);
  sizes_[inode] = std::max<std::uint64_t>(sizes_[inode], offset + bytes.size());
}

bool LogMaker::write(const std::string& path, std::uint64_t offset, std::string_view bytes) {
  const InodeId inode = find(path);
  if (!is_file(inode) || bytes.empty()) return false;
  write_inode(inode, offset, bytes);
  return true;
}

bool LogMaker::append(const std::string& path, std::string_view bytes) {
  const InodeId inode = find(path);
  return is_file(inode) && write(path, sizes_[inode], bytes);
}

bool LogMaker::truncate(const std::string& path, std::uint64_t size) {
  const InodeId inode = find(path);
  if (!is_file(inode)) return false;
  add(OperationKind::truncate, inode).size = size;
  sizes_[inode] = size;
  return true;
}

void LogMaker::sync_inode(InodeId inode, OperationKind kind) {
  add(kind, inode);
}

bool LogMaker::sync(const std::string& path) {
  const InodeId inode = find(path);
  if (is_file(inode)) sync_inode(inode);
  return is_file(inode);
}

bool LogMaker::sync_data(const std::string& path) {
  const InodeId inode = find(path);
  if (is_file(inode)) sync_inode(inode, OperationKind::sync_data);
  return is_file(inode);
}

bool LogMaker::sync_directory(const std::string& path) {
  const InodeId inode = find(path);
  if (is_directory(inode)) sync_inode(inode, OperationKind::sync_directory);
  return is_directory(inode);
}

void LogMaker::sync_all() {
  add(OperationKind::sync_all, no_inode);
}

bool LogMaker::sync_part(const std::string& path, std::uint64_t offset, std::uint64_t size) {
  const InodeId inode = find(path);
  if (!is_file(inode)) return false;
  Operation& operation = add(OperationKind::sync_data, inode);
  operation.offset = offset;
  operation.size = size;
  return true;
}

bool LogMaker::sync_failed(const std::string& path) {
  const InodeId inode = path.empty() ? root_inode : find(path);
  if (!is_file(inode) && !is_directory(inode)) return false;
  add(OperationKind::sync_failed, inode);
  return true;
}

bool LogMaker::sync_range(const std::string& path, bool written, std::uint64_t offset,
                          std::uint64_t size) {
  const InodeId inode = find(path);
  if (!is_file(inode)) return false;
  Operation& operation = add(OperationKind::sync_range, inode);
  if (written) operation.name = "written";
  operation.offset = offset;
  operation.size = size;
  return true;
}

void LogMaker::overlap(std::uint32_t thread, std::size_t count) {
  if (log_.operations.empty()) return;
  const std::size_t last = log_.operations.size() - 1;
  for (std::size_t index = 0; index < last; ++index) {
    if (log_.operations[index].thread == thread) count = std::max(count, index + 1);
  }
  log_.operations[last].thread = thread;
  if (count < last) log_.operations[last].entered = static_cast<std::uint32_t>(count);
}

void LogMaker::acknowledge(std::string_view text) {
  Operation& operation = add(OperationKind::acknowledge, no_inode);
  operation.name = "call";
  operation.payload = Bytes(text);
}

}  // namespace untorn::crash
