// SPDX-License-Identifier: Apache-2.0
//
// Where one registry lives: its folder, the tree whose `.untorn` is used, and the way between them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "filesystem/kept_folder.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/registry.h"

namespace untorn::registry {

inline constexpr std::string_view store_name = "registry";  // in `.untorn`

class Place {
 public:
  // Finds the tree (see untorn/registry.h). Changes nothing.
  [[nodiscard]] static Result<Place> find(FileSystem& fs, const std::filesystem::path& folder,
                                          const RegistryOptions& options);

  [[nodiscard]] FileSystem& fs() const noexcept { return *fs_; }
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  [[nodiscard]] const std::string& tree() const noexcept { return tree_; }
  // Of the folder below the tree; empty if they are the same.
  [[nodiscard]] const std::string& relative() const noexcept { return relative_; }
  // "tools/greet.json", as a transaction over the tree names it.
  [[nodiscard]] std::string path_of(std::string_view file) const;
  // ".untorn/registry/tools/greet", and a name in it.
  [[nodiscard]] std::string store_of(std::string_view entry, std::string_view file = {}) const;
  // The tree's directory, if it is the registry's own and not there yet.
  [[nodiscard]] Result<void> make_tree() const;
  // For messages: the folder and the file.
  [[nodiscard]] std::string shown(std::string_view file) const;

  [[nodiscard]] Error error(Errno os_errno, Step step, std::string_view file) const;
  [[nodiscard]] Error error(Code code, Step step, std::string_view file, std::string detail) const;

 private:
  explicit Place(FileSystem& fs) : fs_(&fs) {}
  [[nodiscard]] Result<void> check_tree() const;

  FileSystem* fs_;
  std::string folder_;
  std::string tree_;
  std::string relative_;
};

// The directory, or none if there is none.
[[nodiscard]] Result<OwnedHandle> open_folder(FileSystem& fs, const std::string& path);

}  // namespace untorn::registry
