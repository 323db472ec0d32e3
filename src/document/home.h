// SPDX-License-Identifier: Apache-2.0
//
// Where one document lives: its directory, its name, and the folder of what is kept of it.
//
//   DIRECTORY/NAME                              the document
//   DIRECTORY/NAME.damaged-<number>             set aside
//   DIRECTORY/.untorn/.gitignore                "*"
//   DIRECTORY/.untorn/documents/NAME/lock       flock, exclusive, while the document is changed
//   DIRECTORY/.untorn/documents/NAME/generation-<number, at least 12 digits>
//
// The directory is opened once, and everything happens through its handle.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::document {

inline constexpr std::string_view kept_directory_name = ".untorn";
inline constexpr std::string_view documents_directory_name = "documents";
inline constexpr std::string_view damaged_infix = ".damaged-";

// The content of a regular file, and what it was.
struct FileContent {
  std::string bytes;
  Status status;
};

class Home {
 public:
  // Follows `path`; changes nothing.
  [[nodiscard]] static Result<Home> find(FileSystem& fs, const std::string& path);

  [[nodiscard]] FileSystem& fs() const noexcept { return *fs_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] Handle directory() const noexcept { return directory_.get(); }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const Status& directory_status() const noexcept { return directory_status_; }
  // Handle::none as long as nothing is kept.
  [[nodiscard]] Handle folder() const noexcept { return folder_.get(); }

  // Makes what is missing of the folder; nothing of it is synced.
  [[nodiscard]] Result<void> make_folder();
  // The names on the way to the folder reach the disk.
  [[nodiscard]] Result<void> sync_way() const;
  // Waits for the lock, which is held as long as this object lives. Needs the folder.
  [[nodiscard]] Result<void> lock(std::chrono::milliseconds wait);

  // The document; nothing if there is no such name. Code::not_regular_file for what is no file.
  [[nodiscard]] Result<std::optional<FileContent>> read() const;

  [[nodiscard]] Error error(Errno os_errno, Step step, std::string detail = {}) const;
  [[nodiscard]] Error error(Code code, Step step, std::string detail) const;

 private:
  Home(FileSystem& fs, std::string path) : fs_(&fs), path_(std::move(path)) {}
  [[nodiscard]] Result<void> open_folder();
  [[nodiscard]] Result<void> enter(OwnedHandle& handle, Handle parent, std::string_view name);
  [[nodiscard]] Result<void> make(Handle parent, std::string_view name);
  [[nodiscard]] Result<void> make_ignore_file();

  FileSystem* fs_;
  std::string path_;
  OwnedHandle directory_;
  std::string name_;
  Status directory_status_;
  OwnedHandle kept_;       // .untorn
  OwnedHandle documents_;  // .untorn/documents
  OwnedHandle folder_;
  OwnedHandle lock_;
};

// All bytes of an open file.
[[nodiscard]] SystemResult<std::string> read_whole(FileSystem& fs, Handle file);

}  // namespace untorn::document
