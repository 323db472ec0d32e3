// SPDX-License-Identifier: Apache-2.0
//
// What a name holds, looked at closely enough to tell it from everything else.
#pragma once
#include <cstdint>
#include <string_view>

#include "transaction/operation.h"
#include "untorn/filesystem.h"

namespace untorn::transaction {

// By what a file is known again.
enum class Identity : std::uint8_t {
  inode,
  // By its content, in trees where inodes mean nothing: the crash states that `untorn prove`
  // rebuilds for a check, which it tells by UNTORN_STATE.
  content,
};

// The content of an open regular file, read in pieces. That of text is the same.
[[nodiscard]] SystemResult<Hash128> hash_file(FileSystem& fs, Handle file);
[[nodiscard]] Hash128 hash_text(std::string_view text) noexcept;

// How closely a present file is compared with a pre-image.
enum class Look : std::uint8_t {
  quick,     // equal times mean equal content
  thorough,  // the content is read
};

// Does the name in this open directory, with this status, still hold what it held? What changes
// while it is looked at does not.
[[nodiscard]] SystemResult<bool> still_holds(FileSystem& fs, Handle directory,
                                             std::string_view name, const Status& status,
                                             const PreImage& before, Look look, Identity identity);

// Is this name, with this status, the temporary of this operation, wherever it has moved?
[[nodiscard]] SystemResult<bool> is_staged_content(FileSystem& fs, Handle directory,
                                                   std::string_view name, const Status& status,
                                                   const Operation& operation, Identity identity);

// A pre-image without its hash.
[[nodiscard]] PreImage pre_image_of(const Status& status) noexcept;

}  // namespace untorn::transaction
