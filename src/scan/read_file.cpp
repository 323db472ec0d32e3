// SPDX-License-Identifier: Apache-2.0
#include "scan/read_file.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>

#include "base/try.h"

namespace untorn::scan {

SystemResult<Status> read_file(FileSystem& fs, const std::string& path, std::uint64_t bytes_max,
                               std::string& text) {
  text.clear();
  UNTORN_TRY(const Handle opened, fs.open(Handle::working_directory, path, {.nonblocking = true}));
  const OwnedHandle file(fs, opened);
  UNTORN_TRY(Status status, fs.status(file.get()));
  if (status.type == FileType::directory) return std::unexpected(Errno{EISDIR});
  if (status.type != FileType::regular) return std::unexpected(Errno{EINVAL});
  if (status.size > bytes_max) return std::unexpected(Errno{EFBIG});
  // One byte more than the size: the read that fills the rest also sees the end.
  text.resize(static_cast<std::size_t>(status.size) + 1);
  std::size_t filled = 0;
  for (;;) {
    const auto room = std::as_writable_bytes(std::span(text)).subspan(filled);
    UNTORN_TRY(const std::size_t count, fs.read_at(file.get(), filled, room));
    filled += count;
    if (count == 0) break;
    if (filled > bytes_max) return std::unexpected(Errno{EFBIG});
    if (filled == text.size()) text.resize(filled * 2);  // it has grown meanwhile
  }
  text.resize(filled);
  return status;
}

}  // namespace untorn::scan
