// SPDX-License-Identifier: Apache-2.0
//
// The life of a path during a run: its class and its versions.
//
// V1. A version of a path is what it leads to (bytes, a link's target, or nothing) at an instant
//     at which nothing open for writing refers to its inode. The start and the end of the run are
//     such instants. An instant lies between two system calls, not between two operations of one.
//     A version counts from the last change before that instant, not from the closing of the file.
//     Of a log every length that it ever had may have been acknowledged, open or not: see size_at.
// V2. Class `whole`: changed only by names that come, go and move, and by sessions (from the first
//     descriptor opened for writing to the last one closed) that start on an empty inode or empty
//     it before they write.
// V3. Class `log`: the inode stays, and every write begins exactly at its end. A file that one
//     session makes and extends fits V2 too; it is a log if it was opened for appending, or if
//     the program synced or acknowledged between two of its writes, because then it has vouched
//     for a partial content.
// V4. Class `in_place`: everything else; and a SQLite database unless it is only ever renamed into
//     place, because its journal is part of it.
//
// Threads: a value; built once.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crash/engine.h"
#include "prove/prove.h"

namespace untorn::prove {

struct Version {
  std::size_t since = 0;  // holds after operations [0, since)
  InodeId inode = no_inode;
  std::uint64_t size = 0;
  // Nothing: the path is absent. The content of a version of class in_place is empty here: ask
  // History::file_at(since, path).
  std::optional<crash::History::File> file;
};

struct PathStory {
  crash::Path path;
  PathClass path_class = PathClass::whole;
  std::vector<Version> versions;       // at least one; neighbours differ
  std::vector<InodeId> inodes;         // that ever stood here
  std::vector<std::size_t> emptied;    // operations that truncated it where it stood
  std::vector<std::size_t> rewritten;  // operations that wrote into it where it stood
  // Class log: after operations [0, first) the file was `second` bytes long. Sorted.
  std::vector<std::pair<std::size_t, std::uint64_t>> sizes;
  std::vector<std::size_t> syncs;  // operations that synced it, sync(2) included. Sorted.
  bool changed = false;            // a name or content operation touched it where it stood
  bool synced = false;             // the program synced an inode that stood here at some time
  bool database = false;           // it begins or ends the run as a SQLite database

  [[nodiscard]] bool existed_before() const noexcept { return versions.front().file.has_value(); }
  [[nodiscard]] bool exists_after() const noexcept { return versions.back().file.has_value(); }
  // The version that was current after operations [0, count).
  [[nodiscard]] std::size_t version_at(std::size_t count) const noexcept;
  // Class log: how long the file was after operations [0, count).
  [[nodiscard]] std::uint64_t size_at(std::size_t count) const noexcept;
  // Class log: what the next sync was about to settle when operations [0, count) had begun: from
  // the length that the last completed sync covers up to the one that the next sync covers.
  // Nothing where no sync follows.
  struct InFlight {
    std::uint64_t settled = 0;
    std::uint64_t covered = 0;
  };
  [[nodiscard]] std::optional<InFlight> in_flight_at(std::size_t count) const noexcept;
};

// The stories of `paths`, in their order. Directories have none and are left out.
[[nodiscard]] std::vector<PathStory> tell_stories(const crash::History& history,
                                                  const std::vector<crash::Path>& paths);

}  // namespace untorn::prove
