// SPDX-License-Identifier: Apache-2.0
#include "filesystem/read_whole.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <span>

namespace untorn {

SystemResult<std::string> read_whole(FileSystem& fs, Handle file) {
  constexpr std::size_t chunk_bytes_min = 4096;
  auto status = fs.status(file);
  if (!status) return std::unexpected(status.error());
  std::string content;
  // One byte more than the size, so that a file of that size ends with the second read.
  std::size_t wanted =
      static_cast<std::size_t>(std::min<std::uint64_t>(status->size, read_bytes_max)) + 1;
  for (;;) {
    const std::size_t have = content.size();
    if (have > read_bytes_max) return std::unexpected(Errno{EFBIG});
    content.resize(have + wanted);
    auto count = fs.read_at(file, have, std::as_writable_bytes(std::span(content)).subspan(have));
    if (!count) return std::unexpected(count.error());
    content.resize(have + *count);
    if (*count == 0) return content;
    wanted = std::max(wanted - *count, chunk_bytes_min);
  }
}

}  // namespace untorn
