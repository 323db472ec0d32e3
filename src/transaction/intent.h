// SPDX-License-Identifier: Apache-2.0
//
// The intent: the record whose durable existence is the commit point of a transaction.
//
//   untorn-transaction 1 1                           format version, oldest reader
//   tree <inode> <device> <birth time>               of the root directory
//   intent <inode> <birth time>                      of this very file
//   operations <number>
//   put <barrier> <path> <pre-image> <staged path> <staged inode> <bytes> <hash>
//   remove <barrier> <path> <pre-image>
//   rename <barrier> <path> <new path> <pre-image>
//   make_directory <barrier> <path> <mode, octal>
//   checksum murmur3-128 <32 hexadecimal digits>     of all bytes before this line
//
// A pre-image is `absent 0 0 0 0 0`, or `file`, `link` or `directory` with inode, size, time of the
// last write, time of the last change, and hash of the content. Times are nanoseconds since the
// epoch. In a path, bytes up to 0x20, 0x7F and '%' stand as %XX.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "transaction/operation.h"
#include "transaction/tree.h"

namespace untorn::transaction {

inline constexpr std::size_t operations_max = 10'000;

struct Intent {
  std::uint64_t root_inode = 0;
  std::uint64_t device = 0;
  std::int64_t root_born_ns = 0;  // 0: unknown
  std::uint64_t inode = 0;
  std::int64_t born_ns = 0;
  Operations operations{};
};

[[nodiscard]] std::string encode(const Intent& intent);

struct Decoded {
  enum class Kind : std::uint8_t { valid, damaged, newer } kind = Kind::valid;
  Intent intent;  // of a valid one
};
[[nodiscard]] Decoded decode(std::string_view text);

// Does this intent, read from a file with this status, belong to the tree with this root? The inode
// of the file tells it from a copy. Numbers of devices change when a system starts anew, and a new
// file system may use the same inodes; so birth times decide where they are known.
[[nodiscard]] bool belongs_to(const Intent& intent, const Status& file,
                              const Status& root) noexcept;

}  // namespace untorn::transaction
