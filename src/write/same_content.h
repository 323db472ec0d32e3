// SPDX-License-Identifier: Apache-2.0
//
// Is the new content the one that the file holds already? Answered piece by piece, in constant
// memory.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "untorn/filesystem.h"

namespace untorn::write {

class SameContent {
 public:
  SameContent() = default;  // never the same
  SameContent(FileSystem& fs, Handle file) noexcept : fs_(&fs), file_(file), same_(true) {}

  // The next piece of the new content. A file that cannot be read is not the same.
  void compare(std::span<const std::byte> piece);
  // Whether all pieces were, and nothing follows them in the file.
  [[nodiscard]] bool finish();

 private:
  FileSystem* fs_ = nullptr;
  Handle file_ = Handle::none;
  std::uint64_t offset_ = 0;
  bool same_ = false;
};

}  // namespace untorn::write
