// SPDX-License-Identifier: Apache-2.0
//
// What InMemoryFileSystem consists of, for the files that implement it. The caller holds its lock.
#pragma once
#include <cerrno>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "filesystem/memory_file_system.h"
#include "filesystem/memory_tree.h"
#include "filesystem/names.h"

namespace untorn {

namespace memory {

inline constexpr std::uint32_t permission_bits = 07777;
inline constexpr std::uint64_t file_bytes_max = std::uint64_t{1} << 40U;
inline constexpr std::uint64_t offset_max = 0x7FFF'FFFF'FFFF'FFFFU;

enum class Locked : std::uint8_t { none, shared, exclusive };

struct OpenFile {
  int handle = 0;
  NodeId node = no_node;
  std::uint64_t position = 0;
  Access access = Access::read;
  bool append = false;
  Locked locked = Locked::none;

  [[nodiscard]] bool readable() const { return access != Access::write; }
  [[nodiscard]] bool writable() const {
    return access == Access::write || access == Access::read_write;
  }
};

[[nodiscard]] inline std::unexpected<Errno> failure(int os_errno) {
  return std::unexpected(Errno{os_errno});
}

template <class T>
[[nodiscard]] std::unexpected<Errno> pass_on(const SystemResult<T>& failed) {
  return std::unexpected(failed.error());
}

}  // namespace memory

struct InMemoryFileSystem::State {
  using NodeId = memory::NodeId;
  using Place = memory::Place;

  explicit State(MemoryOptions given) : options(std::move(given)), tree(options) {}

  MemoryOptions options;
  memory::Tree tree;
  std::vector<memory::OpenFile> open_files;  // few: looked through from the back
  int next_handle = 1000;                    // looks like no descriptor of the process
  std::uint64_t random_calls = 0;

  [[nodiscard]] memory::OpenFile* find(Handle handle);
  Handle add_handle(NodeId node, const OpenOptions& how);

  // The node behind a handle of any kind; the same if it is a directory.
  [[nodiscard]] SystemResult<NodeId> node_of(Handle handle);
  [[nodiscard]] SystemResult<NodeId> directory_of(Handle handle);

  [[nodiscard]] SystemResult<Place> find_at(Handle directory, std::string_view name,
                                            memory::Follow follow);
  [[nodiscard]] SystemResult<Place> find_existing_at(Handle directory, std::string_view name,
                                                     memory::Follow follow);
  // A name that may be made here: filename_create() of the kernel.
  [[nodiscard]] SystemResult<Place> find_free_at(Handle directory, std::string_view name,
                                                 bool for_directory);

  [[nodiscard]] SystemResult<Handle> open_existing(const Place& place, const OpenOptions& how);
  [[nodiscard]] SystemResult<Handle> open_new(const Place& place, const OpenOptions& how);

  // A node made by the caller gets its name; a set-group-id directory hands its group down.
  void give_name(const Place& place, NodeId node);
  void drop_name(const Place& place);

  void resize(NodeId id, std::uint64_t size);
  [[nodiscard]] SystemResult<std::size_t> write(const memory::OpenFile& file, std::uint64_t offset,
                                                std::span<const std::byte> bytes);
  // A change of content or owner takes the privileges of a program away.
  void drop_privileges(NodeId id, bool also_for_root);

  [[nodiscard]] Status status_of(NodeId id) const;
  [[nodiscard]] std::vector<std::string> attribute_names(NodeId id) const;
  // EPERM unless the caller owns the node.
  [[nodiscard]] SystemResult<void> check_owner(NodeId id) const;

  [[nodiscard]] SystemResult<void> check_rename(const Place& from, const Place& to,
                                                RenameMode mode) const;
  [[nodiscard]] SystemResult<void> check_victim(const Place& from, const Place& to,
                                                RenameMode mode) const;
};

}  // namespace untorn
