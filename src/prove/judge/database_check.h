// SPDX-License-Identifier: Apache-2.0
//
// Is a SQLite database intact, once SQLite itself has recovered it from its journal or log?
//
// The three files of a state are served to SQLite from memory through a VFS of ours, so that no
// file is made and recovery may write. States share bytes: nothing is copied until SQLite writes.
//
// Threads: an object belongs to one thread.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "filesystem/operation_log.h"

namespace untorn::prove {

struct DatabaseFiles {
  Bytes database;
  std::optional<Bytes> journal;  // "<database>-journal"
  std::optional<Bytes> log;      // "<database>-wal"
};

class DatabaseCheck {
 public:
  DatabaseCheck();
  ~DatabaseCheck();

  // An empty string if `PRAGMA integrity_check` says ok, else what SQLite says.
  [[nodiscard]] std::string problem(const DatabaseFiles& files);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace untorn::prove
