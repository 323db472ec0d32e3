// SPDX-License-Identifier: Apache-2.0
//
// Temporaries that killed writers left behind: found, reported, and removed if that is asked for.
//
//   auto report = untorn::sweep("state");                     // looks, changes nothing
//   auto swept = untorn::sweep("state", {.remove = true});
//
//   S1  Only regular files under names of our shape (`.untorn-tmp-<32 hexadecimal digits>`) with
//       one name are looked at. Never a stranger's file, never a version that was set aside.
//   S2  A temporary is removed only while its lock is ours: a writer holds it from before the first
//       byte until the file is published or removed.
//   S3  Only if it is older than `older_than`, by the time of its last change, and if the name
//       still leads to the same inode.
//   S4  Content that a power cut may have taken back from a name is not removed: a temporary that
//       is older than the last start of the system is set aside (`.untorn-set-aside-…`), unless
//       empty.
//   S5  Where locks of others may not be seen (network file systems, kinds that are not known) it
//       only reports.
//
// Waits for nobody and keeps no writer from its work: one that meets a sweep while it makes its
// temporary makes another. Cost: one listing of each directory, and a few calls for each temporary;
// no sync. A removal that a power cut takes back is found by the next sweep.
//
// Threads: any, also several at once, and beside writers.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn {

struct SweepOptions {
  bool remove = false;
  std::chrono::seconds older_than{60};
  bool below = false;  // folders below, too; never across a mount
};

enum class SweepVerdict : std::uint8_t {
  alive,      // its writer lives
  young,      // younger than older_than: left for a later sweep
  dead,       // left behind; would be removed
  removed,    // was left behind and is gone
  set_aside,  // was older than the start of the system: kept under a new name
  unsure,     // nobody can tell here (S5), or it could not be looked at: `why`
};

struct SweepEntry {
  std::string path;
  std::uint64_t bytes = 0;
  SweepVerdict verdict = SweepVerdict::unsure;
  std::string why;  // with unsure; with set_aside the new name
};

struct SweepReport {
  std::vector<SweepEntry> entries;  // by path
  std::uint64_t removed_bytes = 0;
};

// What cannot be judged, opened or removed is an entry with a reason, and the others go on. Fails
// only if `directory` itself cannot be opened or listed:
//   not_found (or it is no directory), permission_denied, io
[[nodiscard]] Result<SweepReport> sweep(FileSystem& fs, const std::filesystem::path& directory,
                                        const SweepOptions& options = {});
[[nodiscard]] Result<SweepReport> sweep(const std::filesystem::path& directory,
                                        const SweepOptions& options = {});

}  // namespace untorn
