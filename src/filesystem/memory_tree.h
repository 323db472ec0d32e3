// SPDX-License-Identifier: Apache-2.0
//
// The nodes and names of InMemoryFileSystem, and how a path leads to them.
//
// Invariants:
//   M1  A node's `links` is the number of names that lead to it (directories: 2 plus the number of
//       subdirectories, or 0 once removed).
//   M2  A node with no links and no open handle is free: its content is gone, its slot is reused,
//       its inode number never is.
//   M3  A directory's `parent` is the directory that holds its name; the root's is itself.
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filesystem/memory_file_system.h"

namespace untorn::memory {

using NodeId = std::uint32_t;
inline constexpr NodeId root_node = 0;
inline constexpr NodeId no_node = static_cast<NodeId>(-1);

// The bytes of a file: shared with others until the first change, then its own. Once they are
// mapped they stay where they are until the size changes.
class Content {
 public:
  Content() = default;
  explicit Content(Bytes bytes) : shared_(std::move(bytes)) {}

  [[nodiscard]] std::span<const std::byte> view() const noexcept {
    if (mapped_) return *mapped_;
    return owned_ ? std::span<const std::byte>(own_) : shared_.view();
  }
  // Shares what is there from now on: a later change copies again.
  [[nodiscard]] const Bytes& share();
  [[nodiscard]] FileMapping map(std::size_t size);
  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  void resize(std::uint64_t size);

 private:
  void own();

  Bytes shared_;
  std::vector<std::byte> own_;
  bool owned_ = false;
  std::shared_ptr<std::vector<std::byte>> mapped_;
};

using Attributes = std::map<std::string, std::string>;

struct Node {
  FileType type = FileType::regular;
  std::uint32_t mode = 0;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint32_t links = 0;
  std::uint32_t opens = 0;
  NodeId parent = no_node;  // of a directory
  std::uint64_t inode = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  Content content;                                   // of a regular file; a symbolic link's target
  std::map<std::string, NodeId, std::less<>> names;  // of a directory
  std::unique_ptr<Attributes> attributes;            // few files have any

  [[nodiscard]] bool is_directory() const noexcept { return type == FileType::directory; }
  [[nodiscard]] bool is_symlink() const noexcept { return type == FileType::symlink; }
};

// What the last component of a path was.
enum class LastName : std::uint8_t { normal, dot, dot_dot, root };

// Is a symbolic link at the last component followed?
enum class Follow : std::uint8_t {
  never,           // calls that change a name
  trailing_slash,  // calls that look at a name itself: "link/" still means the directory
  always,
  create,           // O_CREAT: as always, but a slash after the last name is EISDIR
  create_no_links,  // O_CREAT with O_EXCL or O_NOFOLLOW: the same, and a link stays unfollowed
};

// Where a path leads: a name in a directory, and the node there if any.
struct Place {
  NodeId directory = no_node;
  std::string name;
  NodeId node = no_node;
  LastName last = LastName::normal;
  bool trailing_slash = false;
};

class Tree {
 public:
  explicit Tree(const MemoryOptions& options);

  [[nodiscard]] Node& operator[](NodeId id) noexcept { return nodes_[id]; }
  [[nodiscard]] const Node& operator[](NodeId id) const noexcept { return nodes_[id]; }

  // The one at `path`, seen from the directory `start`.
  [[nodiscard]] SystemResult<Place> find(NodeId start, std::string_view path, Follow follow) const;
  // The same for a name that must lead to something.
  [[nodiscard]] SystemResult<Place> find_existing(NodeId start, std::string_view path,
                                                  Follow follow) const;

  // A node without a name; the caller gives it one. References to nodes end here.
  [[nodiscard]] NodeId make_node(FileType type, std::uint32_t mode);
  void add_name(NodeId directory, std::string_view name, NodeId node);
  void remove_name(NodeId directory, std::string_view name);
  // M2: frees the node if nothing refers to it any more.
  void release_if_unused(NodeId id);

  // EACCES unless the caller may do all of `bits` (4 read, 2 write, 1 search) with the node.
  [[nodiscard]] SystemResult<void> may(NodeId id, std::uint32_t bits) const;
  // May the names of this directory be changed? ENOENT if it has been removed.
  [[nodiscard]] SystemResult<void> may_change_names(NodeId directory) const;
  [[nodiscard]] bool is_ancestor_or_self(NodeId ancestor, NodeId directory) const;

  void touch_content(NodeId id);
  void touch_attributes(NodeId id);

  void reserve(std::size_t count) { nodes_.reserve(count); }
  // Nodes without a number of their own get higher ones.
  void reserve_number(std::uint64_t number) { last_inode_ = std::max(last_inode_, number); }
  void build(const TreeEntry& entry, std::map<std::uint64_t, NodeId>& linked);
  void append_entries(NodeId directory, const std::string& prefix, std::vector<TreeEntry>& to);

 private:
  [[nodiscard]] NodeId lookup(NodeId directory, std::string_view name) const;
  [[nodiscard]] NodeId make_parents(std::string_view& path);
  [[nodiscard]] NodeId make_entry(const TreeEntry& entry);

  const MemoryOptions& options_;
  std::vector<Node> nodes_;
  std::vector<NodeId> free_;
  std::uint64_t last_inode_ = 0;
  std::int64_t now_ns_ = 1'000'000'000'000'000'000;
};

}  // namespace untorn::memory
