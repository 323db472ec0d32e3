// SPDX-License-Identifier: Apache-2.0
//
// The files of a tree as a patch sees them: regular files, reached without a symbolic link.
//
// A patch comes from somewhere else. What it names must lie where its path says: a link on the way,
// or as the last name, is refused and not followed, as git does.
//
// Threads: an object belongs to one thread at a time.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::pipeline {

// What stands under a name.
struct SourceFile {
  enum class Kind : std::uint8_t {
    absent,
    regular,
    directory,
    other,            // a FIFO, socket or device
    below_no_folder,  // a name above it is a file
  };
  Kind kind = Kind::absent;
  std::string content;     // of a regular file
  std::uint32_t mode = 0;  // permission bits

  friend bool operator==(const SourceFile&, const SourceFile&) = default;
};

class PatchSource {
 public:
  static constexpr std::uint64_t file_bytes_max = std::uint64_t{1} << 30U;

  [[nodiscard]] static Result<PatchSource> open(FileSystem& fs, const std::string& root);

  // `path` is one that patch::check_path allows.
  //   invalid_argument  a symbolic link is on the way
  //   unsupported       the file is larger than file_bytes_max
  [[nodiscard]] Result<SourceFile> look(std::string_view path) const;
  // Names in a directory of the tree.
  [[nodiscard]] Result<std::vector<Entry>> list(std::string_view path) const;
  // Is there a directory of that name?
  [[nodiscard]] Result<bool> has_folder(std::string_view path) const;

  [[nodiscard]] Handle root() const noexcept { return root_.get(); }

 private:
  PatchSource(FileSystem& fs, OwnedHandle root) : fs_(&fs), root_(std::move(root)) {}

  // The last name of a path and the directory that holds it; no handle if that is not there.
  struct Place {
    OwnedHandle opened;
    Handle directory = Handle::none;
    std::string_view name;
    bool below_file = false;
  };
  [[nodiscard]] Result<Place> find(std::string_view path) const;

  FileSystem* fs_;
  OwnedHandle root_;
};

}  // namespace untorn::pipeline
