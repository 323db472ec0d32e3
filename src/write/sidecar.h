// SPDX-License-Identifier: Apache-2.0
//
// The file that protects an overwriting in place: the new content, and where it belongs.
//
// A line of text, the content byte for byte, and a last line:
//
//   untorn-sidecar 1 1 device=2049 inode=131 born=1700000000000000000 mode=644 path=/etc/app.json
//   …
//   untorn-sidecar-end bytes=00000000000000000345 murmur3-128-mib=0123456789abcdef0123456789abcdef
//
// The first line: the magic; the version of the format; the oldest version that a reader must know;
// device, inode and birth (nanoseconds since the epoch) of the target; the mode that it gets,
// octal; its path, in which every byte that is not printable ASCII, blanks and `%` are written
// `%XX`. The last line begins with a line feed: the length of the content, 20 digits, and its hash.
// That is MurmurHash3 (x64, 128 bits) of the pieces of 1 MiB of the content, each with the hash
// before as its seed, the first with the hash of the first line, its line feed included.
//
//  A sidecar lies under `.untorn-sidecar-<32 hexadecimal digits>` once it is whole and synced;
//  until then it is an ordinary temporary, which its writer has locked. One of a newer format is
//  neither used nor removed.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "untorn/filesystem.h"

namespace untorn::write {

inline constexpr std::string_view sidecar_prefix = ".untorn-sidecar-";
inline constexpr std::string_view sidecar_lock_name = ".untorn-in-place-lock";

// `.untorn-sidecar-` and 32 hexadecimal digits.
[[nodiscard]] bool is_sidecar_name(std::string_view name) noexcept;

// What the first line says.
struct SidecarTarget {
  std::string path;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t born_ns = 0;
  std::uint32_t mode = 0;
};

// With its line feed.
[[nodiscard]] std::string sidecar_line(const SidecarTarget& target);
// With the line feed before it.
[[nodiscard]] std::string sidecar_end(std::uint64_t bytes, const Hash128& hash);
inline constexpr std::size_t sidecar_end_bytes = 96;

enum class SidecarState : std::uint8_t {
  foreign,  // it does not begin as a sidecar does
  newer,    // of a format that this version does not know
  cut,      // it begins as one, and is not whole or not what was written
  whole,
};

struct SidecarLook {
  SidecarState state = SidecarState::foreign;
  SidecarTarget target;            // unless foreign or newer
  std::uint64_t content_from = 0;  // offset in the file
  std::uint64_t content_bytes = 0;
};

// Reads the whole file. An Errno means that it could not be read, which says nothing of it.
[[nodiscard]] SystemResult<SidecarLook> look_at_sidecar(FileSystem& fs, Handle file);

// The hash of `bytes` bytes from `from` on, and whether that many were there.
struct SidecarHash {
  Hash128 hash;
  bool complete = false;
};
[[nodiscard]] SystemResult<SidecarHash> hash_content(FileSystem& fs, Handle file,
                                                     std::string_view first_line,
                                                     std::uint64_t from, std::uint64_t bytes);

}  // namespace untorn::write
