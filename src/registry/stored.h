// SPDX-License-Identifier: Apache-2.0
//
// The versions of an entry that are kept, one file each. The newest of them is also the record of
// what stands in the registry's folder.
//
//   TREE/.untorn/registry/<key of the folder>/<entry>/version-<number, at least 12 digits>
//
// A file is one line of JSON, then the contents of the files in their order, byte for byte:
//
//   {"untorn": {"format": "registry-version", "version": 1, "oldest_reader": 1}, "entry": "greet",
//    "number": 3, "stored_ns": 1700000000000000000, "origin": "replaced", "files":
//    [{"attachment": "", "bytes": 45, "mode": 420, "hash": "0123…"}, …], "check": "89ab…"}
//
// (in one line, ended by a line feed). Hashes are MurmurHash3 (x64, 128 bits, seed 0): of a file's
// content, and "check" of the line up to the comma before it. The specification is the file whose
// attachment is "", and it comes first; of a damaged one there is none. A mode may be null.
// "removed" as origin says that this stood there, and is gone.
//
//  V1  A version is put once, in the transaction that makes it present, and never changed.
//  V2  What stands in the folder is compared with the newest version whose line is right.
//  V3  One of a newer format is neither used nor removed, and its entry is not changed.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "untorn/registry.h"

namespace untorn::registry {

// A file of an entry with its content.
struct FileContent {
  std::string attachment;  // empty: the specification
  std::string content;
  std::optional<std::uint32_t> mode = std::nullopt;  // absent: as new files have it

  friend bool operator==(const FileContent&, const FileContent&) = default;
};

struct StoredFile {
  std::string attachment;
  std::uint64_t bytes = 0;
  std::optional<std::uint32_t> mode = std::nullopt;
  Hash128 hash;

  [[nodiscard]] bool holds(std::string_view content) const noexcept {
    return bytes == content.size() && hash128(content) == hash;
  }
};

struct StoredVersion {
  std::string entry;
  std::uint64_t number = 0;
  std::int64_t stored_ns = 0;
  VersionOrigin origin = VersionOrigin::added;
  std::vector<StoredFile> files;  // the specification first

  [[nodiscard]] const StoredFile* file(std::string_view attachment) const noexcept;
  [[nodiscard]] std::uint64_t bytes() const noexcept;
};

// The whole text of a version's file. Number and times are those of `about`; its files are made.
[[nodiscard]] std::string version_text(StoredVersion about, const std::vector<FileContent>& files);

enum class LineState : std::uint8_t { right, damaged, newer };
struct ParsedLine {
  LineState state = LineState::damaged;
  StoredVersion version;       // if right
  std::size_t line_bytes = 0;  // with its line feed
};
// The beginning of a version's file: its first line, at least.
[[nodiscard]] ParsedLine parse_line(std::string_view text);
// Longer lines are not read.
inline constexpr std::size_t line_bytes_max = 65536;

// The contents; nothing if they are not what was stored.
[[nodiscard]] std::optional<std::vector<FileContent>> contents_in(const ParsedLine& line,
                                                                  std::string_view text);

[[nodiscard]] std::string version_name(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> number_of_version(std::string_view name);

}  // namespace untorn::registry
