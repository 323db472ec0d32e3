// SPDX-License-Identifier: Apache-2.0
//
// The temporary that holds new content until it is published.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

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
  Temporary(Temporary&& other) noexcept;
  Temporary& operator=(Temporary&& other) noexcept;
  ~Temporary();

  [[nodiscard]] Handle handle() const noexcept { return file_.get(); }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const Status& created() const noexcept { return created_; }
  // This process made it. After fork(2) the child holds a copy that it must leave alone.
  [[nodiscard]] bool is_ours() const noexcept;

  // The name leads elsewhere now (it was renamed), so there is nothing left to remove.
  void mark_published() noexcept { name_.clear(); }
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
  pid_t owner_ = -1;
};

}  // namespace untorn::write
