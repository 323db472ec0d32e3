// SPDX-License-Identifier: Apache-2.0
//
// The contents that an intent relies on (C2): new ones in temporaries, and old ones whose hash it
// records. They share their syncs where the file system allows it (write/group_sync.h).
#pragma once
#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "transaction/tree.h"
#include "write/group_sync.h"

namespace untorn::transaction {

class Contents {
 public:
  // `files`: how many there will be, new and old.
  Contents(Tree& tree, std::size_t files);

  // An old content, before its hash is taken. Bytes that are written later are found by C6.
  [[nodiscard]] Result<void> add_old(Handle file, const std::string& path);
  // A new content, complete, with its metadata. At once under protocol classic, else its write-back
  // goes on while the next ones are written.
  [[nodiscard]] Result<void> add_new(OwnedHandle file, const std::string& path);
  // From here on all that was added is on the device, or persists before any later name does.
  [[nodiscard]] Result<void> make_safe();

  // make_safe() is one sync of the whole file system: it makes everything durable that was done
  // before, names too.
  [[nodiscard]] bool with_everything() const noexcept;

 private:
  struct Written {
    OwnedHandle file;
    std::string path;
  };
  [[nodiscard]] Result<void> wait_for(Handle file, const std::string& path, std::string detail);
  [[nodiscard]] Result<void> wait_for_oldest();

  Tree& tree_;
  write::GroupSync group_;
  std::deque<Written> written_;  // their write-back goes on
};

}  // namespace untorn::transaction
