// SPDX-License-Identifier: Apache-2.0
//
// InMemoryFileSystem: the calls that look at names and change them.
#include "filesystem/memory_file_system.h"
#include "filesystem/memory_state.h"

namespace untorn {

using memory::failure;
using memory::Follow;
using memory::LastName;
using memory::no_node;
using memory::NodeId;
using memory::pass_on;
using memory::Place;

namespace {

constexpr std::size_t symlink_bytes_max = 4095;
constexpr std::uint32_t new_directory_bits = 01777;  // mkdir(2) drops set-user-id and set-group-id

}  // namespace

SystemResult<void> InMemoryFileSystem::rename(Handle from_directory, std::string_view from,
                                              Handle to_directory, std::string_view to,
                                              RenameMode mode) {
  const std::lock_guard guard(mutex_);
  if (const int fault = check_names(from_directory, from, to_directory, to); fault != 0)
    return failure(fault);
  const SystemResult<Place> source = state_->find_at(from_directory, from, Follow::never);
  if (!source) return pass_on(source);
  const SystemResult<Place> target = state_->find_at(to_directory, to, Follow::never);
  if (!target) return pass_on(target);
  if (auto fit = state_->check_rename(*source, *target, mode); !fit) return fit;
  if (source->node == target->node) return {};  // two names of one file: nothing happens
  if (auto may = state_->check_victim(*source, *target, mode); !may) return may;

  memory::Tree& tree = state_->tree;
  if (mode == RenameMode::exchange) {
    tree.remove_name(source->directory, source->name);
    tree.remove_name(target->directory, target->name);
    tree.add_name(source->directory, source->name, target->node);
    tree.add_name(target->directory, target->name, source->node);
    return {};
  }
  if (target->node != no_node) state_->drop_name(*target);
  tree.remove_name(source->directory, source->name);
  tree.add_name(target->directory, target->name, source->node);
  return {};
}

SystemResult<void> InMemoryFileSystem::link(Handle from_directory, std::string_view from,
                                            Handle to_directory, std::string_view to) {
  const std::lock_guard guard(mutex_);
  if (const int fault = check_names(from_directory, from, to_directory, to); fault != 0)
    return failure(fault);
  const SystemResult<Place> source =
      state_->find_existing_at(from_directory, from, Follow::trailing_slash);
  if (!source) return pass_on(source);
  const SystemResult<Place> target = state_->find_free_at(to_directory, to, false);
  if (!target) return pass_on(target);
  if (state_->tree[source->node].is_directory()) return failure(EPERM);
  state_->tree.add_name(target->directory, target->name, source->node);
  return {};
}

SystemResult<void> InMemoryFileSystem::unlink(Handle directory, std::string_view name) {
  const std::lock_guard guard(mutex_);
  const SystemResult<Place> place = state_->find_at(directory, name, Follow::never);
  if (!place) return pass_on(place);
  if (place->last != LastName::normal) return failure(EISDIR);
  if (place->node == no_node) return failure(ENOENT);
  const bool is_directory = state_->tree[place->node].is_directory();
  if (place->trailing_slash) return failure(is_directory ? EISDIR : ENOTDIR);
  if (auto may = state_->tree.may_change_names(place->directory); !may) return may;
  if (is_directory) return failure(EISDIR);
  state_->drop_name(*place);
  return {};
}

SystemResult<void> InMemoryFileSystem::make_directory(Handle directory, std::string_view name,
                                                      std::uint32_t mode) {
  const std::lock_guard guard(mutex_);
  const SystemResult<Place> place = state_->find_free_at(directory, name, true);
  if (!place) return pass_on(place);
  const std::uint32_t bits = mode & new_directory_bits & ~state_->options.umask;
  state_->give_name(*place, state_->tree.make_node(FileType::directory, bits));
  return {};
}

SystemResult<void> InMemoryFileSystem::remove_directory(Handle directory, std::string_view name) {
  const std::lock_guard guard(mutex_);
  const SystemResult<Place> place = state_->find_at(directory, name, Follow::never);
  if (!place) return pass_on(place);
  switch (place->last) {
    case LastName::normal:
      break;
    case LastName::dot:
      return failure(EINVAL);
    case LastName::dot_dot:
      return failure(ENOTEMPTY);
    case LastName::root:
      return failure(EBUSY);
  }
  if (place->node == no_node) return failure(ENOENT);
  if (auto may = state_->tree.may_change_names(place->directory); !may) return may;
  if (!state_->tree[place->node].is_directory()) return failure(ENOTDIR);
  if (!state_->tree[place->node].names.empty()) return failure(ENOTEMPTY);
  state_->drop_name(*place);
  return {};
}

SystemResult<void> InMemoryFileSystem::make_symlink(std::string_view target, Handle directory,
                                                    std::string_view name) {
  const std::lock_guard guard(mutex_);
  if (const int fault = check_name(directory, name); fault != 0) return failure(fault);
  if (target.find('\0') != std::string_view::npos) return failure(EINVAL);
  if (target.empty()) return failure(ENOENT);
  if (target.size() > symlink_bytes_max) return failure(ENAMETOOLONG);
  const SystemResult<Place> place = state_->find_free_at(directory, name, false);
  if (!place) return pass_on(place);
  const NodeId node = state_->tree.make_node(FileType::symlink, 0777);
  state_->tree[node].content = memory::Content(Bytes(target));
  state_->give_name(*place, node);
  return {};
}

SystemResult<std::string> InMemoryFileSystem::read_link(Handle directory, std::string_view name) {
  const std::lock_guard guard(mutex_);
  const SystemResult<Place> place =
      state_->find_existing_at(directory, name, Follow::trailing_slash);
  if (!place) return pass_on(place);
  if (!state_->tree[place->node].is_symlink()) return failure(EINVAL);
  return std::string(Bytes(state_->tree[place->node].content.share()).text());
}

SystemResult<Status> InMemoryFileSystem::status_at(Handle directory, std::string_view name) {
  const std::lock_guard guard(mutex_);
  const SystemResult<Place> place =
      state_->find_existing_at(directory, name, Follow::trailing_slash);
  if (!place) return pass_on(place);
  return state_->status_of(place->node);
}

SystemResult<std::vector<std::string>> InMemoryFileSystem::list_attributes_at(
    Handle directory, std::string_view name) {
  const std::lock_guard guard(mutex_);
  const SystemResult<Place> place =
      state_->find_existing_at(directory, name, Follow::trailing_slash);
  if (!place) return pass_on(place);
  return state_->attribute_names(place->node);
}

SystemResult<std::vector<Entry>> InMemoryFileSystem::list(Handle directory) {
  const std::lock_guard guard(mutex_);
  const SystemResult<NodeId> node = state_->directory_of(directory);
  if (!node) return pass_on(node);
  const memory::Tree& tree = state_->tree;
  if (auto may = tree.may(*node, 4); !may) return pass_on(may);
  std::vector<Entry> entries;
  entries.reserve(tree[*node].names.size());
  for (const auto& [name, id] : tree[*node].names)
    entries.push_back({name, tree[id].type, tree[id].inode});
  return entries;
}

SystemResult<void> InMemoryFileSystem::may_write(Handle directory, std::string_view name) {
  const std::lock_guard guard(mutex_);
  const SystemResult<Place> place = state_->find_existing_at(directory, name, Follow::always);
  if (!place) return pass_on(place);
  return state_->tree.may(place->node, 2);
}

}  // namespace untorn
