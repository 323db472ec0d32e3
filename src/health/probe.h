// SPDX-License-Identifier: Apache-2.0
//
// What durability a file system gives, and at what cost.
//
//   FileSystemReport known = describe(fs, folder);      // looks only
//   auto measured = probe(fs, folder, path, keep_going);  // writes, measures, removes its files
//
// What is said is known or measured, and nothing else: the kind of file system and what that kind
// keeps across a power cut; whether the kernel flushes the device's cache; how long calls took here
// and now. Whether a device that was told to flush has flushed, only a power cut can tell.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "health/problem.h"
#include "untorn/durability.h"
#include "untorn/error.h"
#include "untorn/filesystem.h"
#include "untorn/replace.h"

namespace untorn::health {

// Replacing a file of 4 KiB at one level.
struct LevelCost {
  Durability requested = Durability::durable;
  Durability achieved = Durability::durable;
  std::string why_lower;  // empty when achieved is what was requested
  unsigned syncs = 0;     // sync calls of one replacement
  unsigned commits = 0;   // flushing commits of a local disk's journal that these cost
  double replace_us = 0;  // median
};

// Medians. A sync of a file follows a write of 4 KiB; a sync of a folder follows a rename in it.
struct Measures {
  unsigned tries = 0;
  double file_sync_us = 0;
  double folder_sync_us = 0;
  double rename_us = 0;
  std::vector<LevelCost> levels;  // process, ordered, durable
};

// "write back": the device says that it has a cache that loses its content without power, and every
// sync pays for a flush. "write through": it says that it has none.
struct FileSystemReport {
  FileSystemKind kind;
  Durability achievable = Durability::durable;
  std::string why_lower;
  Protocol protocol = Protocol::classic;    // of a durable replacement; kind.why_classic says why
  std::optional<std::string> device_cache;  // nothing: no single local device, or it does not say
  std::optional<bool> flushes;              // false: mounted with barriers switched off
  std::optional<Measures> measures;
};

[[nodiscard]] FileSystemReport describe(FileSystem& fs, Handle folder);

// Measures in `folder`, whose path is `path`, for about a second and a half. Its files have the
// names of temporaries and are locked where a writer's would be: should it be killed, a later
// repair removes them. They are removed at the end, also after a failure.
// Nothing: `keep_going`, asked between two tries, answered no.
[[nodiscard]] Result<std::optional<Measures>> probe(FileSystem& fs, Handle folder,
                                                    const std::string& path,
                                                    const std::function<bool()>& keep_going);

// What is to be said of it, if anything: `path` is for the problem.
[[nodiscard]] std::optional<Problem> sync_problem(const FileSystemReport& report,
                                                  const std::string& path);

}  // namespace untorn::health
