// SPDX-License-Identifier: Apache-2.0
#include "filesystem/memory_state.h"

namespace untorn {

using memory::failure;
using memory::file_bytes_max;
using memory::Follow;
using memory::LastName;
using memory::Locked;
using memory::no_node;
using memory::Node;
using memory::NodeId;
using memory::OpenFile;
using memory::pass_on;
using memory::permission_bits;
using memory::Place;

namespace {

constexpr std::uint32_t set_user_id = 04000;
constexpr std::uint32_t set_group_id = 02000;
constexpr std::uint32_t group_execute = 0010;

bool changes_content(const OpenOptions& how) {
  return how.access == Access::write || how.access == Access::read_write || how.truncate;
}

}  // namespace

OpenFile* InMemoryFileSystem::State::find(Handle handle) {
  for (auto file = open_files.rbegin(); file != open_files.rend(); ++file) {
    if (file->handle == static_cast<int>(handle)) return &*file;
  }
  return nullptr;
}

Handle InMemoryFileSystem::State::add_handle(NodeId node, const OpenOptions& how) {
  open_files.push_back({next_handle, node, 0, how.access, how.append, Locked::none});
  ++tree[node].opens;
  return Handle{next_handle++};
}

SystemResult<NodeId> InMemoryFileSystem::State::node_of(Handle handle) {
  if (handle == Handle::working_directory) return memory::root_node;
  const OpenFile* file = find(handle);
  if (file == nullptr) return failure(EBADF);
  return file->node;
}

SystemResult<NodeId> InMemoryFileSystem::State::directory_of(Handle handle) {
  const SystemResult<NodeId> node = node_of(handle);
  if (node && !tree[*node].is_directory()) return failure(ENOTDIR);
  return node;
}

SystemResult<Place> InMemoryFileSystem::State::find_at(Handle directory, std::string_view name,
                                                       Follow follow) {
  if (const int fault = check_name(directory, name); fault != 0) return failure(fault);
  const SystemResult<NodeId> start = directory_of(directory);
  if (!start) return pass_on(start);
  return tree.find(*start, name, follow);
}

SystemResult<Place> InMemoryFileSystem::State::find_existing_at(Handle directory,
                                                                std::string_view name,
                                                                Follow follow) {
  if (const int fault = check_name(directory, name); fault != 0) return failure(fault);
  const SystemResult<NodeId> start = directory_of(directory);
  if (!start) return pass_on(start);
  return tree.find_existing(*start, name, follow);
}

SystemResult<Place> InMemoryFileSystem::State::find_free_at(Handle directory, std::string_view name,
                                                            bool for_directory) {
  SystemResult<Place> place = find_at(directory, name, Follow::never);
  if (!place) return place;
  if (place->node != no_node) return failure(EEXIST);
  if (place->trailing_slash && !for_directory) return failure(ENOENT);
  if (auto may = tree.may_change_names(place->directory); !may) return pass_on(may);
  return place;
}

SystemResult<Handle> InMemoryFileSystem::State::open_existing(const Place& place,
                                                              const OpenOptions& how) {
  const Node& node = tree[place.node];
  if (how.create && how.exclusive) return failure(EEXIST);
  if (how.create && node.is_directory()) return failure(EISDIR);
  const bool wants_directory = how.access == Access::directory || place.trailing_slash;
  if (wants_directory && !node.is_directory()) return failure(ENOTDIR);
  if (node.is_symlink()) return failure(ELOOP);
  if (node.is_directory() && changes_content(how)) return failure(EISDIR);
  const std::uint32_t reading = how.access == Access::write ? 0 : 4;
  const std::uint32_t writing = changes_content(how) ? 2 : 0;
  if (auto may = tree.may(place.node, reading | writing); !may) return pass_on(may);
  // A FIFO that nobody reads, a socket and an absent device cannot be opened for writing.
  const bool special = node.type != FileType::regular && !node.is_directory();
  if (special && (node.type != FileType::fifo || how.access != Access::read)) return failure(ENXIO);
  if (how.truncate && node.type == FileType::regular) resize(place.node, 0);
  return add_handle(place.node, how);
}

SystemResult<Handle> InMemoryFileSystem::State::open_new(const Place& place,
                                                         const OpenOptions& how) {
  if (auto may = tree.may_change_names(place.directory); !may) return pass_on(may);
  const std::uint32_t mode = how.mode & permission_bits & ~options.umask;
  const NodeId node = tree.make_node(FileType::regular, mode);
  give_name(place, node);
  return add_handle(node, how);
}

void InMemoryFileSystem::State::give_name(const Place& place, NodeId node) {
  if ((tree[place.directory].mode & set_group_id) != 0) {
    tree[node].group = tree[place.directory].group;
    if (tree[node].is_directory()) tree[node].mode |= set_group_id;
  }
  tree.add_name(place.directory, place.name, node);
}

void InMemoryFileSystem::State::drop_name(const Place& place) {
  tree.remove_name(place.directory, place.name);
  if (tree[place.node].is_directory()) tree[place.node].links = 0;
  tree.release_if_unused(place.node);
}

void InMemoryFileSystem::State::drop_privileges(NodeId id, bool also_for_root) {
  Node& node = tree[id];
  if (node.attributes) node.attributes->erase("security.capability");
  if (node.type != FileType::regular || (options.user == 0 && !also_for_root)) return;
  node.mode &= ~set_user_id;
  if ((node.mode & group_execute) != 0) node.mode &= ~set_group_id;
}

void InMemoryFileSystem::State::resize(NodeId id, std::uint64_t size) {
  tree[id].content.resize(size);
  drop_privileges(id, false);
  tree.touch_content(id);
}

SystemResult<std::size_t> InMemoryFileSystem::State::write(const OpenFile& file,
                                                           std::uint64_t offset,
                                                           std::span<const std::byte> bytes) {
  if (bytes.empty()) return std::size_t{0};
  if (offset >= file_bytes_max || bytes.size() > file_bytes_max - offset) return failure(EFBIG);
  tree[file.node].content.write(offset, bytes);
  drop_privileges(file.node, false);
  tree.touch_content(file.node);
  return bytes.size();
}

std::vector<std::string> InMemoryFileSystem::State::attribute_names(NodeId id) const {
  std::vector<std::string> names;
  if (const auto& attributes = tree[id].attributes) {
    for (const auto& [name, value] : *attributes) names.push_back(name);
  }
  return names;
}

Status InMemoryFileSystem::State::status_of(NodeId id) const {
  const Node& node = tree[id];
  Status status;
  status.type = node.type;
  status.device = 1;
  status.inode = node.inode;
  status.mode = node.mode;
  status.user = node.user;
  status.group = node.group;
  status.links = node.links;
  status.size = node.content.view().size();
  status.modified_ns = node.modified_ns;
  status.changed_ns = node.changed_ns;
  // Inode numbers are never used twice, so a number stands for an instant.
  status.born_ns = static_cast<std::int64_t>(node.inode);
  return status;
}

SystemResult<void> InMemoryFileSystem::State::check_owner(NodeId id) const {
  if (options.user != 0 && tree[id].user != options.user) return failure(EPERM);
  return {};
}

// The checks of do_renameat2() in the kernel's fs/namei.c, in its order.
SystemResult<void> InMemoryFileSystem::State::check_rename(const Place& from, const Place& to,
                                                           RenameMode mode) const {
  if (from.last != LastName::normal) return failure(EBUSY);
  if (to.last != LastName::normal) return failure(mode == RenameMode::no_replace ? EEXIST : EBUSY);
  if (from.node == no_node) return failure(ENOENT);
  if (mode == RenameMode::no_replace && to.node != no_node) return failure(EEXIST);
  const bool exchanges = mode == RenameMode::exchange;
  if (exchanges) {
    if (to.node == no_node) return failure(ENOENT);
    if (!tree[to.node].is_directory() && to.trailing_slash) return failure(ENOTDIR);
  }
  if (!tree[from.node].is_directory()) {
    if (from.trailing_slash || (!exchanges && to.trailing_slash)) return failure(ENOTDIR);
  }
  if (tree.is_ancestor_or_self(from.node, to.directory)) return failure(EINVAL);
  if (to.node != no_node && tree.is_ancestor_or_self(to.node, from.directory))
    return failure(exchanges ? EINVAL : ENOTEMPTY);
  return {};
}

// May what the rename hits go away? may_delete() and the file system's own check.
SystemResult<void> InMemoryFileSystem::State::check_victim(const Place& from, const Place& to,
                                                           RenameMode mode) const {
  if (auto may = tree.may_change_names(from.directory); !may) return may;
  if (auto may = tree.may_change_names(to.directory); !may) return may;
  if (to.node == no_node || mode == RenameMode::exchange) return {};
  const bool moves_directory = tree[from.node].is_directory();
  if (moves_directory && !tree[to.node].is_directory()) return failure(ENOTDIR);
  if (!moves_directory && tree[to.node].is_directory()) return failure(EISDIR);
  if (moves_directory && !tree[to.node].names.empty()) return failure(ENOTEMPTY);
  return {};
}

}  // namespace untorn
