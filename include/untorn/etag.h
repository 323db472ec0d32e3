// SPDX-License-Identifier: Apache-2.0
//
// Names for versions of a file: read one, decide, and replace exactly what was read.
//
//   auto read = untorn::read_version("settings.json");
//   auto written = untorn::replace_file("settings.json", changed(read->content),
//                                       {.if_match = read->etag});
//   if (!written && written.error().code() == untorn::Code::conflict) start_again();
//
// An etag is opaque, printable ASCII without spaces: device, inode, size and change time of the
// file, and a hash of its content (MurmurHash3, 128 bits: against accidents, not against somebody
// who makes contents that collide). Two etags are equal only if the file was neither replaced nor
// written in between; a change of mode or links changes it, too.
//
// Threads: every function here may be called from any thread.
#pragma once
#include <filesystem>
#include <string>

#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn {

struct VersionRead {
  std::string content;
  std::string etag;
};

// Reads a regular file whole, with the etag of exactly these bytes: the file is looked at before
// and after, and read again if it changed meanwhile (Code::busy after a few times). Follows
// symbolic links, as replace_file does by default.
//   not_found, permission_denied, not_regular_file, busy, io
// Cost: open of the directory, status by name, open, two status, reads; no sync.
[[nodiscard]] Result<VersionRead> read_version(FileSystem& fs, const std::filesystem::path& path);
[[nodiscard]] Result<VersionRead> read_version(const std::filesystem::path& path);

// The etag alone, in constant memory. Errors as above.
[[nodiscard]] Result<std::string> read_etag(FileSystem& fs, const std::filesystem::path& path);
[[nodiscard]] Result<std::string> read_etag(const std::filesystem::path& path);

}  // namespace untorn
