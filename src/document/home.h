// SPDX-License-Identifier: Apache-2.0
//
// Where one document lives: its directory, its name, and the folder of what is kept of it.
//
//   DIRECTORY/NAME                              the document
//   DIRECTORY/NAME.damaged-<number>             set aside
//   TREE/.untorn/.gitignore                     "*"
//   TREE/.untorn/documents/WAY/NAME/lock        flock, exclusive, while the document is changed
//   TREE/.untorn/documents/WAY/NAME/generation-<number, at least 12 digits>
//
// TREE is DIRECTORY itself, and WAY empty, unless a tree is named that DIRECTORY lies in; WAY is
// then the way from it to DIRECTORY. What the document kept beside itself before it had a tree is
// read, too (`older()`), and its lock is taken after the other.
//
// The directory is opened once, and everything happens through its handle.
#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filesystem/kept_folder.h"
#include "untorn/counters.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::document {

inline constexpr std::string_view documents_directory_name = "documents";
inline constexpr std::string_view lock_file_name = "lock";
inline constexpr std::string_view damaged_infix = ".damaged-";

// The content of a regular file, and what it was.
struct FileContent {
  std::string bytes;
  Status status;
};

class Home {
 public:
  // Follows `path`; changes nothing. Code::not_found if there is no directory `tree`.
  [[nodiscard]] static Result<Home> find(FileSystem& fs, const std::string& path,
                                         const std::filesystem::path& tree = {});
  // For who does not know the tree: the nearest above in which something is kept of the document,
  // or else its own directory.
  [[nodiscard]] static Result<Home> find_kept(FileSystem& fs, const std::string& path);

  [[nodiscard]] FileSystem& fs() const noexcept { return *fs_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] Handle directory() const noexcept { return directory_.get(); }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const Status& directory_status() const noexcept { return directory_status_; }
  // Handle::none as long as nothing is kept.
  [[nodiscard]] Handle folder() const noexcept { return folder_.get(); }
  // What was kept beside the document before it had a tree; mostly Handle::none.
  [[nodiscard]] Handle older() const noexcept { return older_.get(); }
  [[nodiscard]] bool keeps_something() const noexcept {
    return folder() != Handle::none || older() != Handle::none;
  }

  // Makes what is missing of the folder; nothing of it is synced.
  [[nodiscard]] Result<void> make_folder();
  // The names on the way to the folder reach the disk.
  [[nodiscard]] Result<void> sync_way(Counters* counters) const;
  // Waits for the lock, which is held as long as this object lives. Needs the folder.
  [[nodiscard]] Result<void> lock(std::chrono::milliseconds wait);
  // Removes the empty folders of older() as far as nothing else is in them. Needs the lock.
  void remove_older();

  // The document; nothing if there is no such name. Code::not_regular_file for what is no file.
  [[nodiscard]] Result<std::optional<FileContent>> read() const;

  [[nodiscard]] Error error(Errno os_errno, Step step, std::string detail = {}) const;
  [[nodiscard]] Error error(Code code, Step step, std::string detail) const;

 private:
  Home(FileSystem& fs, std::string path) : fs_(&fs), path_(std::move(path)) {}
  [[nodiscard]] static Result<Home> find_directory(FileSystem& fs, const std::string& path);
  // Everything is kept in `tree_`, which is `directory_` if it is none.
  [[nodiscard]] Result<void> open_folders();
  [[nodiscard]] Result<void> open_older();
  [[nodiscard]] Result<void> climb_to(const Status& tree);
  // The names from `.untorn` to the folder.
  [[nodiscard]] std::vector<std::string> way_names() const;

  FileSystem* fs_;
  std::string path_;
  OwnedHandle directory_;
  std::string name_;
  Status directory_status_;
  OwnedHandle tree_;              // none: the document's own directory
  std::vector<std::string> way_;  // from there to the directory
  KeptFolder kept_;
  std::vector<OwnedHandle> above_folder_;  // `.untorn/documents` and what lies between
  OwnedHandle folder_;
  KeptFolder older_kept_;
  OwnedHandle older_documents_;
  OwnedHandle older_;
  OwnedHandle lock_;
  OwnedHandle older_lock_;
};

}  // namespace untorn::document
