// SPDX-License-Identifier: Apache-2.0
//
// What earlier scans found out about the files of one root, so that a file is parsed once.
//
//   Cache cache = Cache::load(fs, {.folder = "/var/cache/untorn/scan", .root = root,
//                                  .tool = "0.1.0"});
//   const CacheEntry* entry = cache.find("app/settings.py");
//   …
//   cache.replace(fs, entries);
//
// One file for each root, named by its hash (MurmurHash3, as are the checksum and the hashes of
// contents), 0600 below a 0700 folder: facts hold pieces of
// sources. It is replaced at `process`, without a sync, since it can be made again at any time.
//
// Invariants:
//   C1  A cache changes no answer, only the time it takes: what is damaged, of another version of
//       the tool, of another root or of another format is left unread and replaced by the next
//       scan.
//   C2  An entry is believed without reading its file only if size, times, inode and device are the
//       recorded ones, and both times lie well before the moment at which the file was read:
//       otherwise a change within the same tick of the clock could hide.
//   C3  A folder that cannot be made or written is no error.
//   C4  The folder holds the newest `roots_max` files, each of at most `file_bytes_max` bytes.
//
// Threads: find() from any; the rest from one.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "scan/scan.h"
#include "untorn/filesystem.h"

namespace untorn::scan {

// A file as it was when it was read.
struct FileStamp {
  std::uint64_t size = 0;  // bytes
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  std::uint64_t inode = 0;
  std::uint64_t device = 0;
  std::int64_t read_ns = 0;  // since the epoch, just before it was opened
};

[[nodiscard]] FileStamp stamp_of(const Status& status, std::int64_t read_ns);
// C2: `status` is of the very file that `stamp` speaks of, unchanged since.
[[nodiscard]] bool is_fresh(const FileStamp& stamp, const Status& status);

struct CacheEntry {
  FileStamp stamp;
  Hash128 content;
  bool is_script = true;         // false: an executable whose first line names no language of ours
  bool is_text = true;           // no byte is NUL
  bool mentions = false;         // a literal of its language occurs
  std::optional<SkipKind> skip;  // it is no text; or it was parsed, and could not be
  std::string skip_reason;
  // For a file that mentions nothing: whether it calls one of the project's functions, those whose
  // names have this hash.
  Hash128 asked_names;
  bool calls_project = false;
  bool has_facts = false;
  std::string_view facts;  // encoded: see Examined in examine.h
};

struct CacheKey {
  std::string folder;  // of all caches, absolute; empty: there is no cache
  std::string root;    // that is scanned, absolute
  std::string tool;    // names the build that made the facts
};

class Cache {
 public:
  static constexpr std::uint64_t file_bytes_max = 512U << 20U;
  static constexpr std::size_t roots_max = 64;
  struct Named {
    std::string_view path;  // relative to the root
    CacheEntry entry;
  };

  // Without the folder or the file, and for one that cannot be used: an empty cache.
  [[nodiscard]] static Cache load(FileSystem& fs, CacheKey key);

  [[nodiscard]] const CacheEntry* find(std::string_view path) const;
  [[nodiscard]] const std::unordered_map<std::string_view, CacheEntry>& entries() const noexcept {
    return entries_;
  }

  // Puts these entries in the place of all. Entries may borrow from this very cache.
  void replace(FileSystem& fs, std::span<const Named> entries) const;

 private:
  [[nodiscard]] std::string path() const;
  [[nodiscard]] bool read(std::string_view bytes);

  CacheKey key_;
  std::unique_ptr<std::string> bytes_ = std::make_unique<std::string>();  // entries borrow from it
  std::unordered_map<std::string_view, CacheEntry> entries_;              // by path
};

}  // namespace untorn::scan
