// SPDX-License-Identifier: Apache-2.0
#include "filesystem/memory_tree.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace untorn::memory {
namespace {

// The limits of Linux, from limits.h and path_resolution(7).
constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t path_bytes_max = 4095;
constexpr int symlinks_max = 40;

constexpr std::int64_t tick_ns = 1000;

std::unexpected<Errno> failure(int os_errno) {
  return std::unexpected(Errno{os_errno});
}

std::string_view take_component(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('/'), rest.size());
  const std::string_view component = rest.substr(0, end);
  rest.remove_prefix(end);
  return component;
}

bool creates(Follow follow) {
  return follow == Follow::create || follow == Follow::create_no_links;
}

bool follows_last(Follow follow, bool slash) {
  switch (follow) {
    case Follow::never:
    case Follow::create_no_links:
      return false;
    case Follow::trailing_slash:
      return slash;
    case Follow::always:
    case Follow::create:
      return true;
  }
  return false;
}

bool skip_slashes(std::string_view& rest) {
  const std::size_t count = std::min(rest.find_first_not_of('/'), rest.size());
  rest.remove_prefix(count);
  return count != 0;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

// ------------------------------------------------------------------ content

void Content::own() {
  if (owned_ && !mapped_) return;
  const std::span<const std::byte> bytes = view();
  own_.assign(bytes.begin(), bytes.end());
  shared_ = Bytes();
  mapped_ = nullptr;
  owned_ = true;
}

FileMapping Content::map(std::size_t size) {
  if (!mapped_) {
    own();
    mapped_ = std::make_shared<std::vector<std::byte>>(std::move(own_));
    own_.clear();
  }
  return {mapped_, std::span(*mapped_).first(size)};
}

const Bytes& Content::share() {
  if (mapped_) {  // whoever stores through the mapping must not change what others were given
    shared_ = Bytes(std::vector<std::byte>(mapped_->begin(), mapped_->end()));
    return shared_;
  }
  if (owned_) {
    shared_ = Bytes(std::move(own_));
    own_.clear();
    owned_ = false;
  }
  return shared_;
}

void Content::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  const std::size_t end = static_cast<std::size_t>(offset) + bytes.size();
  if (mapped_ && end <= mapped_->size()) {
    if (!bytes.empty()) std::memcpy(mapped_->data() + offset, bytes.data(), bytes.size());
    return;
  }
  own();
  if (end > own_.size()) own_.resize(end);
  if (!bytes.empty()) std::memcpy(own_.data() + offset, bytes.data(), bytes.size());
}

void Content::resize(std::uint64_t size) {
  if (size == 0) {
    *this = Content();
    return;
  }
  own();
  own_.resize(static_cast<std::size_t>(size));
}

// ------------------------------------------------------------------ nodes

Tree::Tree(const MemoryOptions& options) : options_(options) {
  const NodeId root = make_node(FileType::directory, 0755);
  nodes_[root].parent = root;
}

NodeId Tree::make_node(FileType type, std::uint32_t mode) {
  NodeId id = no_node;
  if (free_.empty()) {
    id = static_cast<NodeId>(nodes_.size());
    nodes_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  Node& node = nodes_[id];
  node.type = type;
  node.mode = mode;
  node.user = options_.user;
  node.group = options_.group;
  node.links = type == FileType::directory ? 2 : 0;
  node.inode = ++last_inode_;
  touch_content(id);
  return id;
}

void Tree::release_if_unused(NodeId id) {
  if (nodes_[id].links != 0 || nodes_[id].opens != 0) return;
  nodes_[id] = Node();
  free_.push_back(id);
}

void Tree::add_name(NodeId directory, std::string_view name, NodeId node) {
  const bool added = nodes_[directory].names.emplace(name, node).second;
  UNTORN_ASSERT(added);
  if (nodes_[node].is_directory()) {
    nodes_[node].parent = directory;
    ++nodes_[directory].links;
  } else {
    ++nodes_[node].links;
  }
  touch_content(directory);
  touch_attributes(node);
}

void Tree::remove_name(NodeId directory, std::string_view name) {
  const auto found = nodes_[directory].names.find(name);
  UNTORN_ASSERT(found != nodes_[directory].names.end());
  const NodeId node = found->second;
  nodes_[directory].names.erase(found);
  if (nodes_[node].is_directory()) {
    --nodes_[directory].links;
  } else {
    --nodes_[node].links;
  }
  touch_content(directory);
  touch_attributes(node);
}

void Tree::touch_content(NodeId id) {
  now_ns_ += tick_ns;
  nodes_[id].modified_ns = now_ns_;
  nodes_[id].changed_ns = now_ns_;
}

void Tree::touch_attributes(NodeId id) {
  now_ns_ += tick_ns;
  nodes_[id].changed_ns = now_ns_;
}

bool Tree::is_ancestor_or_self(NodeId ancestor, NodeId directory) const {
  for (NodeId id = directory;; id = nodes_[id].parent) {
    if (id == ancestor) return true;
    if (id == nodes_[id].parent) return false;
  }
}

// ------------------------------------------------------------------ permissions

SystemResult<void> Tree::may(NodeId id, std::uint32_t bits) const {
  if (options_.user == 0) return {};
  const Node& node = nodes_[id];
  std::uint32_t granted = node.mode;
  if (node.user == options_.user) {
    granted = node.mode >> 6U;
  } else if (node.group == options_.group) {
    granted = node.mode >> 3U;
  }
  if ((granted & bits) != bits) return failure(EACCES);
  return {};
}

SystemResult<void> Tree::may_change_names(NodeId directory) const {
  if (nodes_[directory].links == 0) return failure(ENOENT);
  return may(directory, 2 | 1);
}

// ------------------------------------------------------------------ paths

NodeId Tree::lookup(NodeId directory, std::string_view name) const {
  const auto& names = nodes_[directory].names;
  const auto found = names.find(name);
  return found == names.end() ? no_node : found->second;
}

SystemResult<Place> Tree::find(NodeId start, std::string_view path, Follow follow) const {
  if (path.size() > path_bytes_max) return failure(ENAMETOOLONG);
  std::string expanded;  // what is left of the path once a symbolic link has been put in
  std::string_view rest = path;
  NodeId directory = start;
  int symlinks = 0;
  if (skip_slashes(rest)) directory = root_node;
  if (rest.empty()) return Place{root_node, "/", root_node, LastName::root, true};
  for (;;) {
    const std::string_view name = take_component(rest);
    const bool slash = skip_slashes(rest);
    if (!nodes_[directory].is_directory()) return failure(ENOTDIR);
    if (auto allowed = may(directory, 1); !allowed) return std::unexpected(allowed.error());
    if (name.size() > name_bytes_max) return failure(ENAMETOOLONG);

    const bool last = rest.empty();
    if (name == "." || name == "..") {
      if (name == "..") directory = nodes_[directory].parent;
      const LastName kind = name == "." ? LastName::dot : LastName::dot_dot;
      if (last) return Place{directory, std::string(name), directory, kind, slash};
      continue;
    }
    if (last && slash && creates(follow)) return failure(EISDIR);
    const NodeId node = lookup(directory, name);
    const bool follows = !last || follows_last(follow, slash);
    if (node != no_node && nodes_[node].is_symlink() && follows) {
      if (++symlinks > symlinks_max) return failure(ELOOP);
      std::string next(text_of(nodes_[node].content.view()));
      if (slash) next += '/';
      next += rest;
      expanded = std::move(next);
      rest = expanded;
      if (skip_slashes(rest)) directory = root_node;
      if (rest.empty()) return Place{root_node, "/", root_node, LastName::root, true};
      continue;
    }
    if (last) return Place{directory, std::string(name), node, LastName::normal, slash};
    if (node == no_node) return failure(ENOENT);
    directory = node;
  }
}

SystemResult<Place> Tree::find_existing(NodeId start, std::string_view path, Follow follow) const {
  SystemResult<Place> place = find(start, path, follow);
  if (!place) return place;
  if (place->node == no_node) return failure(ENOENT);
  if (place->trailing_slash && !nodes_[place->node].is_directory()) return failure(ENOTDIR);
  return place;
}

// ------------------------------------------------------------------ whole trees

NodeId Tree::make_parents(std::string_view& path) {
  NodeId directory = root_node;
  for (;;) {
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) return directory;
    const std::string_view name = path.substr(0, slash);
    UNTORN_ASSERT(!name.empty() && name != "." && name != "..");
    path.remove_prefix(slash + 1);
    NodeId next = lookup(directory, name);
    if (next == no_node) {
      next = make_node(FileType::directory, 0755);
      add_name(directory, name, next);
    }
    UNTORN_ASSERT(nodes_[next].is_directory());
    directory = next;
  }
}

void Tree::build(const TreeEntry& entry, std::map<std::uint64_t, NodeId>& linked) {
  std::string_view name = entry.path;
  const NodeId directory = make_parents(name);
  UNTORN_ASSERT(!name.empty() && name != "." && name != "..");
  const NodeId existing = lookup(directory, name);
  if (existing != no_node) {
    UNTORN_ASSERT(nodes_[existing].is_directory() && entry.type == FileType::directory);
    nodes_[existing].mode = entry.mode;
    if (entry.number != 0) nodes_[existing].inode = entry.number;
    return;
  }
  if (entry.inode != 0 && entry.type != FileType::directory) {
    const auto [found, first] = linked.try_emplace(entry.inode, no_node);
    if (!first) return add_name(directory, name, found->second);
    found->second = make_entry(entry);
    return add_name(directory, name, found->second);
  }
  add_name(directory, name, make_entry(entry));
}

NodeId Tree::make_entry(const TreeEntry& entry) {
  const NodeId node = make_node(entry.type, entry.mode);
  nodes_[node].content = Content(entry.content);
  if (entry.number != 0) nodes_[node].inode = entry.number;
  return node;
}

void Tree::append_entries(NodeId directory, const std::string& prefix, std::vector<TreeEntry>& to) {
  for (const auto& [name, id] : nodes_[directory].names) {
    Node& node = nodes_[id];
    TreeEntry entry{prefix + name, node.type, node.mode, {}, 0};
    if (!node.is_directory()) {
      entry.content = node.content.share();
      if (node.links > 1) entry.inode = node.inode;
    }
    to.push_back(std::move(entry));
    if (node.is_directory()) append_entries(id, prefix + name + '/', to);
  }
}

}  // namespace untorn::memory
