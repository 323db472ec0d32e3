// SPDX-License-Identifier: Apache-2.0
//
// The directories of a batch: each is opened once for all of its files, and no more are open at a
// time than a process may afford.
//
// One that had to be closed is opened again by its path. If that leads to another directory by
// then, it is ESTALE: the steps of one replacement never go to two directories.
//
// Threads: one at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "untorn/filesystem.h"

namespace untorn::write {

class BatchDirectories {
 public:
  using Identity = std::pair<std::uint64_t, std::uint64_t>;  // device, inode

  BatchDirectories(FileSystem& fs, std::size_t open_max) : fs_(&fs), open_max_(open_max) {}

  // The directory at this path, by a number that stays. It is open.
  [[nodiscard]] SystemResult<std::size_t> find(const std::string& path);
  // A handle of it, valid until another one is asked for.
  [[nodiscard]] SystemResult<Handle> handle(std::size_t number);
  // Its handle stays the same from here on.
  void pin(std::size_t number) noexcept { known_[number].pinned = true; }
  [[nodiscard]] const Identity& identity(std::size_t number) const noexcept {
    return known_[number].identity;
  }

 private:
  struct Directory {
    std::string path;
    OwnedHandle handle;
    Identity identity;
    bool pinned = false;
  };
  struct Opened {
    OwnedHandle handle;
    Identity identity;
  };
  [[nodiscard]] SystemResult<Opened> open(const std::string& path);
  void make_room();

  FileSystem* fs_;
  std::size_t open_max_;
  std::vector<Directory> known_;
  std::unordered_map<std::string, std::size_t> numbers_;
  std::deque<std::size_t> open_;  // the longest open one first
};

}  // namespace untorn::write
