// SPDX-License-Identifier: Apache-2.0
//
// From the files of a walk to their facts: reads them, asks the cache, parses what must be parsed.
//
// Threads: starts and ends its own.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "languages/facts.h"
#include "scan/cache.h"
#include "scan/scan.h"
#include "scan/walk.h"
#include "untorn/filesystem.h"

namespace untorn::scan {

// What is kept of one file that was parsed.
struct Examined {
  languages::FileFacts facts;
  std::vector<Hash128> operation_calls;  // hash_of_call() of each operation's text
  std::vector<Hash128> flaw_calls;       // the same of each recovery flaw's
};

struct ExaminedFile {
  bool counts = true;  // false: it is no source at all (an executable of another kind)
  CacheEntry entry;    // what the cache will hold of it; its `facts` borrow from the cache or from:
  std::string encoded;
  std::optional<Examined> examined;  // nothing for a file that mentions no operation
  std::optional<SkippedFile> skipped;
  bool is_read = false;     // entry holds something worth keeping
  bool is_changed = false;  // entry is not what the cache holds
};

struct Examination {
  std::vector<ExaminedFile> files;  // one for each of the walk's
  std::uint64_t files_parsed = 0;
  std::uint64_t files_cached = 0;
};

[[nodiscard]] Examination examine(FileSystem& fs, const ScanRequest& request, const Walk& walk,
                                  const Cache& cache, unsigned threads);

}  // namespace untorn::scan
