// SPDX-License-Identifier: Apache-2.0
//
// Reads a whole regular file.
//
// Threads: any, as the file system allows.
#pragma once
#include <cstdint>
#include <string>

#include "untorn/filesystem.h"

namespace untorn::scan {

// Replaces `text` by the content of `path` and answers what the file was when it was opened. EFBIG
// if there are more than `bytes_max` bytes, EINVAL for what is no regular file: a FIFO is never
// waited for. A symbolic link is followed.
[[nodiscard]] SystemResult<Status> read_file(FileSystem& fs, const std::string& path,
                                             std::uint64_t bytes_max, std::string& text);

}  // namespace untorn::scan
