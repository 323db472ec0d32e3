// SPDX-License-Identifier: Apache-2.0
//
// InMemoryFileSystem: whole trees, handles, content and metadata. Names are in memory_names.cpp.
#include "filesystem/memory_file_system.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "base/hash.h"
#include "filesystem/memory_state.h"

namespace untorn {

using memory::failure;
using memory::file_bytes_max;
using memory::Follow;
using memory::Locked;
using memory::no_node;
using memory::Node;
using memory::NodeId;
using memory::offset_max;
using memory::OpenFile;
using memory::pass_on;
using memory::permission_bits;
using memory::Place;

namespace {

constexpr std::size_t attribute_name_bytes_max = 255;
constexpr std::size_t attribute_bytes_max = 65536;

// Which attribute names a file takes: xattr(7).
SystemResult<void> check_attribute(const Node& node, const std::string& name) {
  if (name.empty() || name.size() > attribute_name_bytes_max) return failure(ERANGE);
  const std::size_t dot = name.find('.');
  const std::string prefix = name.substr(0, dot);
  const bool known = prefix == "user" || prefix == "trusted" || prefix == "security" ||
                     name == "system.posix_acl_access" || name == "system.posix_acl_default";
  if (!known || dot == std::string::npos) return failure(EOPNOTSUPP);
  if (dot + 1 == name.size()) return failure(EINVAL);
  const bool takes_user = node.type == FileType::regular || node.is_directory();
  if (prefix == "user" && !takes_user) return failure(EPERM);
  return {};
}

}  // namespace

InMemoryFileSystem::InMemoryFileSystem(MemoryOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}

InMemoryFileSystem::InMemoryFileSystem(std::span<const TreeEntry> tree, MemoryOptions options)
    : InMemoryFileSystem(std::move(options)) {
  std::map<std::uint64_t, NodeId> linked;
  state_->tree.reserve(tree.size() + 1);
  for (const TreeEntry& entry : tree) state_->tree.reserve_number(entry.number);
  for (const TreeEntry& entry : tree) state_->tree.build(entry, linked);
}

InMemoryFileSystem::InMemoryFileSystem(std::initializer_list<TreeEntry> tree, MemoryOptions options)
    : InMemoryFileSystem(std::span(tree.begin(), tree.size()), std::move(options)) {}

InMemoryFileSystem::~InMemoryFileSystem() = default;

std::vector<TreeEntry> InMemoryFileSystem::tree() const {
  const std::lock_guard guard(mutex_);
  std::vector<TreeEntry> entries;
  state_->tree.append_entries(memory::root_node, "", entries);
  std::ranges::sort(entries, {}, &TreeEntry::path);
  return entries;
}

std::size_t InMemoryFileSystem::open_handles() const {
  const std::lock_guard guard(mutex_);
  return state_->open_files.size();
}

// ------------------------------------------------------------------ handles and content

SystemResult<Handle> InMemoryFileSystem::open(Handle directory, std::string_view name,
                                              const OpenOptions& options) {
  const std::lock_guard guard(mutex_);
  if (options.create && options.access == Access::directory) return failure(EINVAL);
  Follow follow = options.follow ? Follow::always : Follow::trailing_slash;
  if (options.create) {
    const bool links = options.follow && !options.exclusive;
    follow = links ? Follow::create : Follow::create_no_links;
  }
  const SystemResult<Place> place = state_->find_at(directory, name, follow);
  if (!place) return pass_on(place);
  if (place->node != no_node) return state_->open_existing(*place, options);
  if (!options.create) return failure(ENOENT);
  return state_->open_new(*place, options);
}

SystemResult<void> InMemoryFileSystem::close(Handle handle) {
  const std::lock_guard guard(mutex_);
  const OpenFile* file = state_->find(handle);
  if (file == nullptr) return failure(EBADF);
  const NodeId node = file->node;
  state_->open_files.erase(state_->open_files.begin() + (file - state_->open_files.data()));
  --state_->tree[node].opens;
  state_->tree.release_if_unused(node);
  return {};
}

SystemResult<std::size_t> InMemoryFileSystem::write(Handle file, std::span<const std::byte> bytes) {
  const std::lock_guard guard(mutex_);
  OpenFile* found = state_->find(file);
  if (found == nullptr || !found->writable()) return failure(EBADF);
  if (found->append) found->position = state_->tree[found->node].content.view().size();
  const SystemResult<std::size_t> written = state_->write(*found, found->position, bytes);
  if (written) found->position += *written;
  return written;
}

// With O_APPEND Linux ignores the offset of pwrite (its man page, under BUGS).
SystemResult<std::size_t> InMemoryFileSystem::write_at(Handle file, std::uint64_t offset,
                                                       std::span<const std::byte> bytes) {
  const std::lock_guard guard(mutex_);
  const OpenFile* found = state_->find(file);
  if (offset > offset_max) return failure(EINVAL);
  if (found == nullptr || !found->writable()) return failure(EBADF);
  if (found->append) offset = state_->tree[found->node].content.view().size();
  return state_->write(*found, offset, bytes);
}

SystemResult<std::size_t> InMemoryFileSystem::read_at(Handle file, std::uint64_t offset,
                                                      std::span<std::byte> bytes) {
  const std::lock_guard guard(mutex_);
  const OpenFile* found = state_->find(file);
  if (offset > offset_max) return failure(EINVAL);
  if (found == nullptr || !found->readable()) return failure(EBADF);
  const Node& node = state_->tree[found->node];
  if (node.is_directory()) return failure(EISDIR);
  const std::span<const std::byte> content = node.content.view();
  if (offset >= content.size()) return std::size_t{0};
  const std::size_t count =
      std::min(bytes.size(), content.size() - static_cast<std::size_t>(offset));
  if (count != 0) std::memcpy(bytes.data(), content.data() + offset, count);
  return count;
}

SystemResult<void> InMemoryFileSystem::truncate(Handle file, std::uint64_t size) {
  const std::lock_guard guard(mutex_);
  const OpenFile* found = state_->find(file);
  if (size > offset_max) return failure(EINVAL);
  if (found == nullptr) return failure(EBADF);
  if (!found->writable() || state_->tree[found->node].type != FileType::regular)
    return failure(EINVAL);
  if (size > file_bytes_max) return failure(EFBIG);
  state_->resize(found->node, size);
  return {};
}

SystemResult<FileMapping> InMemoryFileSystem::map(Handle file, std::size_t size) {
  const std::lock_guard guard(mutex_);
  const OpenFile* found = state_->find(file);
  if (found == nullptr) return failure(EBADF);
  if (!found->readable() || !found->writable()) return failure(EACCES);
  Node& node = state_->tree[found->node];
  if (node.type != FileType::regular) return failure(ENODEV);
  if (size == 0 || size > node.content.view().size()) return failure(EINVAL);
  return node.content.map(size);
}

SystemResult<void> InMemoryFileSystem::sync(Handle handle) {
  const std::lock_guard guard(mutex_);
  if (state_->find(handle) == nullptr) return failure(EBADF);
  return {};
}

SystemResult<void> InMemoryFileSystem::sync_data(Handle file) {
  return sync(file);
}

SystemResult<void> InMemoryFileSystem::sync_range(Handle file) {
  const std::lock_guard guard(mutex_);
  const OpenFile* found = state_->find(file);
  if (found == nullptr) return failure(EBADF);
  // Linux refuses what has no bytes to write back.
  const FileType type = state_->tree[found->node].type;
  if (type != FileType::regular && type != FileType::directory) return failure(ESPIPE);
  return {};
}

SystemResult<void> InMemoryFileSystem::start_writeback(Handle file) {
  return sync_range(file);
}

SystemResult<void> InMemoryFileSystem::sync_everything(Handle handle) {
  return sync(handle);
}

// ------------------------------------------------------------------ metadata

SystemResult<Status> InMemoryFileSystem::status(Handle handle) {
  const std::lock_guard guard(mutex_);
  const SystemResult<NodeId> node = state_->node_of(handle);
  if (!node) return pass_on(node);
  return state_->status_of(*node);
}

SystemResult<void> InMemoryFileSystem::set_mode(Handle file, std::uint32_t mode) {
  const std::lock_guard guard(mutex_);
  const OpenFile* found = state_->find(file);
  if (found == nullptr) return failure(EBADF);
  if (auto owner = state_->check_owner(found->node); !owner) return owner;
  state_->tree[found->node].mode = mode & permission_bits;
  state_->tree.touch_attributes(found->node);
  return {};
}

SystemResult<void> InMemoryFileSystem::set_owner(Handle file, std::uint32_t user,
                                                 std::uint32_t group) {
  constexpr auto keep = static_cast<std::uint32_t>(-1);
  const std::lock_guard guard(mutex_);
  const OpenFile* found = state_->find(file);
  if (found == nullptr) return failure(EBADF);
  Node& node = state_->tree[found->node];
  if (auto owner = state_->check_owner(found->node); !owner) return owner;
  if (state_->options.user != 0) {
    if (user != keep && user != node.user) return failure(EPERM);
    if (group != keep && group != node.group && group != state_->options.group)
      return failure(EPERM);
  }
  if (user != keep) node.user = user;
  if (group != keep) node.group = group;
  state_->drop_privileges(found->node, true);
  state_->tree.touch_attributes(found->node);
  return {};
}

SystemResult<std::vector<std::string>> InMemoryFileSystem::list_attributes(Handle file) {
  const std::lock_guard guard(mutex_);
  const OpenFile* found = state_->find(file);
  if (found == nullptr) return failure(EBADF);
  return state_->attribute_names(found->node);
}

SystemResult<std::string> InMemoryFileSystem::get_attribute(Handle file, const std::string& name) {
  const std::lock_guard guard(mutex_);
  const OpenFile* found = state_->find(file);
  if (found == nullptr) return failure(EBADF);
  const Node& node = state_->tree[found->node];
  if (auto valid = check_attribute(node, name); !valid) return pass_on(valid);
  if (!node.attributes || !node.attributes->contains(name)) return failure(ENODATA);
  return node.attributes->at(name);
}

SystemResult<void> InMemoryFileSystem::set_attribute(Handle file, const std::string& name,
                                                     std::string_view value) {
  const std::lock_guard guard(mutex_);
  const OpenFile* found = state_->find(file);
  if (found == nullptr) return failure(EBADF);
  Node& node = state_->tree[found->node];
  if (value.size() > attribute_bytes_max) return failure(E2BIG);
  if (auto valid = check_attribute(node, name); !valid) return valid;
  if (auto may = state_->tree.may(found->node, 2); !may) return may;
  if (!node.attributes) node.attributes = std::make_unique<memory::Attributes>();
  node.attributes->insert_or_assign(name, std::string(value));
  state_->tree.touch_attributes(found->node);
  return {};
}

SystemResult<void> InMemoryFileSystem::remove_attribute(Handle file, const std::string& name) {
  const std::lock_guard guard(mutex_);
  const OpenFile* found = state_->find(file);
  if (found == nullptr) return failure(EBADF);
  Node& node = state_->tree[found->node];
  if (auto valid = check_attribute(node, name); !valid) return valid;
  if (auto may = state_->tree.may(found->node, 2); !may) return may;
  if (!node.attributes || node.attributes->erase(name) == 0) return failure(ENODATA);
  state_->tree.touch_attributes(found->node);
  return {};
}

// A lock belongs to the open file. Taking it in another mode gives the old one up first, as
// flock(2) does: if the new one is refused, nothing is held.
SystemResult<void> InMemoryFileSystem::lock(Handle file, LockMode mode) {
  const std::lock_guard guard(mutex_);
  OpenFile* found = state_->find(file);
  if (found == nullptr) return failure(EBADF);
  const Locked wanted = mode == LockMode::shared ? Locked::shared : Locked::exclusive;
  if (found->locked == wanted) return {};
  found->locked = Locked::none;
  for (const OpenFile& other : state_->open_files) {
    if (other.node != found->node || other.locked == Locked::none) continue;
    if (other.locked == Locked::exclusive || wanted == Locked::exclusive) return failure(EAGAIN);
  }
  found->locked = wanted;
  return {};
}

SystemResult<void> InMemoryFileSystem::unlock(Handle file) {
  const std::lock_guard guard(mutex_);
  OpenFile* found = state_->find(file);
  if (found == nullptr) return failure(EBADF);
  found->locked = Locked::none;
  return {};
}

FileSystemKind InMemoryFileSystem::kind(Handle handle) {
  const std::lock_guard guard(mutex_);
  if (!state_->node_of(handle)) return {.name = "unknown"};
  return state_->options.kind;
}

std::pair<std::uint64_t, std::uint64_t> InMemoryFileSystem::random_bits() {
  const std::lock_guard guard(mutex_);
  const Hash128 bits = combine(Hash128{state_->options.seed, 0}, ++state_->random_calls);
  return {bits.first, bits.second};
}

}  // namespace untorn
