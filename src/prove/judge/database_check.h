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

#include "base/hash.h"
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

  // The hash of all pages after SQLite's recovery, the log's included: equal for equal contents.
  // Nothing if SQLite cannot read the database.
  [[nodiscard]] std::optional<Hash128> content(const DatabaseFiles& files);

 private:
  struct Impl;
  void serve(const DatabaseFiles& files);
  std::unique_ptr<Impl> impl_;
};

}  // namespace untorn::prove
