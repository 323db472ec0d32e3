// SPDX-License-Identifier: Apache-2.0
//
// The temporary that holds new content until it is published.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "filesystem/kept_folder.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::write {

using untorn::temporary_prefix;

class Temporary {
 public:
  Temporary() = default;
  // A new file in `directory`, which must outlive it: under a random name that nobody had, locked,
  // and still under that name once the lock was held. `path` is for messages.
  [[nodiscard]] static Result<Temporary> create(FileSystem& fs, Handle directory,
                                                const std::string& path, std::uint32_t mode);
  // The same without the last look: a cleaner may have removed it before it was locked. Ask
  // look() before it matters.
  [[nodiscard]] static Result<Temporary> create_unseen(FileSystem& fs, Handle directory,
                                                       const std::string& path, std::uint32_t mode);
  // created() from here on. False: it has no name any more, and never gets one again.
  [[nodiscard]] SystemResult<bool> look();
  // The same by its name, after look(). False also where that leads to somebody else's file, which
  // is not ours to remove.
  [[nodiscard]] SystemResult<bool> look_by_name();
  Temporary(Temporary&& other) noexcept;
  Temporary& operator=(Temporary&& other) noexcept;
  ~Temporary();

  [[nodiscard]] Handle handle() const noexcept { return file_.get(); }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  // As of the last look().
  [[nodiscard]] const Status& created() const noexcept { return created_; }
  // This process made it. After fork(2) the child holds a copy that it must leave alone.
  [[nodiscard]] bool is_ours() const noexcept;

  // The name leads elsewhere now (it was renamed), so there is nothing left to remove.
  void mark_published() noexcept { name_.clear(); }
  // It has this name now, in the same directory.
  void mark_renamed(std::string name) noexcept { name_ = std::move(name); }
  // Another handle of the directory in which it lies.
  void use_directory(Handle directory) noexcept { directory_ = directory; }
  // Removes the name. Not in a forked child. A second attempt is made if the first one fails:
  // unlike a sync, an unlink may be repeated.
  [[nodiscard]] SystemResult<void> remove() noexcept;
  // Removes the name after `reason` made the temporary useless. The error is the reason, and names
  // the temporary if it remains.
  [[nodiscard]] Error give_up(const Error& reason);
  // Closes the file, which gives up the lock.
  void close() noexcept { file_.reset(); }

 private:
  Temporary(FileSystem& fs, Handle directory, std::string name);

  FileSystem* fs_ = nullptr;
  Handle directory_ = Handle::none;
  OwnedHandle file_;
  std::string name_;  // empty when there is nothing to remove
  Status created_;
  std::uint64_t owner_ = 0;  // process_token() of the process that made it
};

}  // namespace untorn::write
