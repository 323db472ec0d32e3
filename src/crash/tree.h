// SPDX-License-Identifier: Apache-2.0
//
// Writes crash states into a directory, one after the other, changing only what differs from the
// state before.
//
//   crash::TreeBuilder builder(fs, directory);  // an empty directory
//   auto built = builder.build(state.tree());
//
// A program that ran in the directory may have changed it: rebuild() trusts nothing and clears the
// directory first.
//
// Threads: one builder is used by one thread.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "crash/engine.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::crash {

class TreeBuilder {
 public:
  using Files = std::vector<std::pair<Path, History::File>>;

  // `directory` stays open as long as the builder lives, and must be empty.
  TreeBuilder(FileSystem& fs, Handle directory);
  ~TreeBuilder();
  TreeBuilder(const TreeBuilder&) = delete;
  TreeBuilder& operator=(const TreeBuilder&) = delete;

  // Makes the directory hold `files` (sorted by path, as CrashState::tree() gives them; parents
  // that are missing among them are made). Paths with the same inode become hard links. Special
  // files are left out. After an error the next call clears the directory first.
  [[nodiscard]] Result<void> build(const Files& files);
  // The same, whatever the directory holds.
  [[nodiscard]] Result<void> rebuild(const Files& files);
  // Removes everything in the directory.
  [[nodiscard]] Result<void> clear();

 private:
  struct Built {
    History::File file;
    Path leader;  // the first path of the same inode
  };
  using Tree = std::map<Path, Built>;
  struct Place {
    Handle directory = Handle::none;
    std::string_view name;
  };

  [[nodiscard]] static Tree plan(const Files& files);
  [[nodiscard]] Result<void> remove_stale(const Tree& wanted);
  [[nodiscard]] Result<void> add(const Path& path, const Built& wanted);
  [[nodiscard]] Result<void> remove(const Path& path, FileType type);
  [[nodiscard]] Result<void> write_file(const Path& path, const Built& wanted, bool exists);
  [[nodiscard]] Result<void> remove_all(Handle directory);
  // The open directory that holds the path's last component.
  [[nodiscard]] Result<Place> place(const Path& path);
  void close_directories();

  FileSystem& fs_;
  Handle root_;
  bool trusted_ = true;  // the directory holds built_
  Tree built_;
  std::map<Path, Handle, std::less<>> directories_;
};

}  // namespace untorn::crash
