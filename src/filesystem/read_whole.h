// SPDX-License-Identifier: Apache-2.0
//
// All bytes of an open file.
#pragma once
#include <cstddef>
#include <string>

#include "untorn/filesystem.h"

namespace untorn {

inline constexpr std::size_t read_bytes_max = std::size_t{4} << 30U;

// EFBIG beyond read_bytes_max, whatever size the file claims.
[[nodiscard]] SystemResult<std::string> read_whole(FileSystem& fs, Handle file);

}  // namespace untorn
