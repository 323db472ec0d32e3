// SPDX-License-Identifier: Apache-2.0
//
// The tracked trees as the log knows them: inodes, names, and which file of the kernel is which
// inode of the log.
//
// What existed before the run enters the log when it is first touched. Invariants:
//   T1  a (directory, name) that is in `names` is authoritative: an inode, or absent;
//   T2  one that is not there stands as in the original tree;
//   T3  a file key belongs to at most one inode, and a new file takes its key over, so that the
//       number of a removed file may be used again.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "filesystem/operation_log.h"
#include "prove/sandbox/sandbox.h"
#include "prove/trace/process.h"

namespace untorn::prove {

class TracedTree {
 public:
  // Notes go to `notes`, which must outlive this.
  TracedTree(const Sandbox& sandbox, std::vector<std::string>& notes);

  [[nodiscard]] OperationLog& log() noexcept { return log_; }
  [[nodiscard]] const Inode& inode(InodeId id) const { return log_.inodes[id]; }

  // The tracked directory that a descriptor of ours refers to; no_inode if it is not tracked.
  [[nodiscard]] InodeId directory_of(int fd);
  // Any tracked file or directory; no_inode if it is not tracked.
  [[nodiscard]] InodeId identify(int fd, const struct stat& status);
  // What stands at the name now; no_inode if nothing.
  [[nodiscard]] InodeId find(InodeId directory, const std::string& name);

  [[nodiscard]] InodeId add(FileType type, std::uint32_t mode);
  void set_key(InodeId id, const struct stat& status);
  void forget_key(InodeId id);
  [[nodiscard]] std::optional<FileKey> key(InodeId id) const;
  void set_name(InodeId directory, const std::string& name, InodeId id);
  // Before a directory moves: everything below it enters the log under its old name.
  void capture_below(InodeId directory);

  // For messages: relative to the root, or absolute in an extra folder.
  [[nodiscard]] std::string path_of(InodeId id) const;
  [[nodiscard]] std::string path_of(InodeId directory, const std::string& name) const;

  // For the comparison after the run.
  using Names = std::map<std::pair<InodeId, std::string>, InodeId>;
  [[nodiscard]] const Names& names() const noexcept { return names_; }
  [[nodiscard]] const std::vector<Tree>& trees() const noexcept { return trees_; }
  [[nodiscard]] InodeId tree_root(std::size_t tree) const { return tree_roots_[tree]; }

 private:
  struct Node {
    InodeId parent = no_inode;  // where it was named last
    std::string name;
    int tree = -1;       // initial directories: which tree,
    std::string origin;  // and where in it, so that names are found in the original
    std::optional<FileKey> key;
  };
  struct KeyHash {
    std::size_t operator()(const FileKey& key) const noexcept {
      return std::hash<std::uint64_t>()(key.number * 0x9e3779b97f4a7c15ULL ^ key.device);
    }
  };

  void add_tree_root(std::size_t tree);
  InodeId capture(InodeId directory, const std::string& name);
  void capture_content(Inode& inode, int lower, const std::string& path, const struct stat& status);
  [[nodiscard]] bool is_on_our_mounts(int fd) const;
  // The tracked object at an absolute path without links.
  [[nodiscard]] InodeId walk(std::string_view path);
  [[nodiscard]] InodeId new_inode(Inode inode);

  OperationLog log_;
  const std::vector<Tree>& trees_;
  std::vector<std::string>& notes_;
  std::vector<InodeId> tree_roots_;
  std::vector<Node> nodes_;  // beside log_.inodes
  Names names_;
  std::unordered_map<FileKey, InodeId, KeyHash> by_key_;
  std::unordered_map<FileKey, InodeId, KeyHash> by_lower_key_;
};

}  // namespace untorn::prove
