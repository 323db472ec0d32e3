// SPDX-License-Identifier: Apache-2.0
//
// Changes several files, each whole, and puts all of them back if one cannot be changed.
//
//   ApplyResult result = apply_changes(posix_file_system(), changes, [] { return stopped(); });
//
// Invariants:
//   A1  A file is published only after the new content of every file of its group has been written
//       beside it: what can be refused, and a full disk, is met before anything is visible.
//   A2  A file is published only while it holds `before`.
//   A3  After a failure or a stop every published file is replaced by its old content again, and
//       new files are removed. What could not be put back is named.
//   A4  Each file is a whole version at every instant, also if the process is killed; then some
//       files are changed and some are not, each of them whole.
// For trees where one transaction cannot be had: see apply_together.h.
//
// Threads: one at a time for one set of files.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "untorn/error.h"
#include "untorn/filesystem.h"

namespace untorn::fix {

struct FileUpdate {
  std::string path;
  std::optional<std::string> before;  // nothing: there must be no such file
  std::string after;
};

struct ApplyResult {
  enum class Kind : std::uint8_t { applied, failed, stopped } kind = Kind::applied;
  std::optional<Error> error;             // of failed
  std::vector<std::string> not_put_back;  // paths with the reason; these hold the new content
  bool interrupted = false;               // a transaction was committed, and must still be finished
};

// `stop` is asked between two files.
[[nodiscard]] ApplyResult apply_changes(FileSystem& fs, std::span<const FileUpdate> changes,
                                        const std::function<bool()>& stop);

}  // namespace untorn::fix
