// SPDX-License-Identifier: Apache-2.0
//
// The compiled log behind crash::History.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "crash/contents.h"
#include "crash/engine.h"
#include "crash/names.h"

namespace untorn::crash {

struct History::Impl {
  explicit Impl(const OperationLog& source);

  const OperationLog& log;
  NameTable names;
  std::vector<Contents> contents;               // by inode; empty for all but regular files
  std::vector<std::uint32_t> acknowledgements;  // operations, sorted
  Hash128 identity;  // of the operations, as far as their kinds and places go

  // The bytes of a regular file, or the target of a link, after operations [0, count). Contents
  // that are a prefix of the last one, or one whole write, are shared and not copied.
  [[nodiscard]] Bytes content_at(InodeId inode, std::size_t count) const;
  // If every content that the inode ever had is a prefix of the last one: that prefix.
  [[nodiscard]] std::optional<Bytes> appended_prefix(InodeId inode, std::uint64_t size) const;
  [[nodiscard]] std::uint32_t mode_at(InodeId inode, std::size_t count) const noexcept;
  // Everything about the inode but its content.
  [[nodiscard]] File file_without_content(InodeId inode, std::size_t count) const;
  [[nodiscard]] File file_at(InodeId inode, std::size_t count) const;
  [[nodiscard]] bool is_directory(InodeId inode) const noexcept;
  // What the path leads to after operations [0, count); no_inode if nothing.
  [[nodiscard]] InodeId resolve(std::size_t count, const Path& path) const;
  // A path that leads to the inode after operations [0, count), "" if none.
  [[nodiscard]] Path path_at(InodeId inode, std::size_t count) const;
  [[nodiscard]] Path path_of_name(NameId name, std::size_t count) const;
  // Calls visit(path, inode) for everything below the directory.
  void walk(InodeId directory, const Path& prefix, std::size_t count,
            const std::function<void(const Path&, InodeId)>& visit) const;
  // How many acknowledgements stand among operations [0, count).
  [[nodiscard]] std::uint32_t acknowledged_before(std::size_t count) const noexcept;

 private:
  struct Cache;

  [[nodiscard]] Bytes compose(InodeId inode, std::size_t count) const;
  [[nodiscard]] Bytes last_content(InodeId inode) const;

  std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> modes_;  // (operation, mode)
  std::map<InodeId, Bytes> targets_;  // of the links that the log made
  std::shared_ptr<Cache> cache_;
};

}  // namespace untorn::crash
