// SPDX-License-Identifier: Apache-2.0
//
// SQLite as a store of many blobs: each operation is one transaction that replaces the row of each
// file, in FOLDER/store.db, with a write-ahead log that is synced by every transaction.
#include <sqlite3.h>

#include <array>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "serve.h"

namespace {

class Store {
 public:
  explicit Store(const std::string& folder) {
    constexpr int wait_ms = 60'000;
    sqlite3* opened = nullptr;
    const int result = sqlite3_open((folder + "/store.db").c_str(), &opened);
    database_.reset(opened);
    check(result);
    sqlite3_busy_timeout(opened, wait_ms);
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA synchronous = FULL");
    run("CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, content BLOB)");
    sqlite3_stmt* put = nullptr;
    check(sqlite3_prepare_v2(opened, "INSERT OR REPLACE INTO files VALUES (?, ?)", -1, &put,
                             nullptr));
    put_.reset(put);
  }

  void save(std::span<const std::string> paths, std::string_view content) {
    run("BEGIN IMMEDIATE");
    for (const std::string& path : paths) {
      check(sqlite3_bind_text(put_.get(), 1, path.data(), static_cast<int>(path.size()),
                              SQLITE_STATIC));
      check(sqlite3_bind_blob64(put_.get(), 2, content.data(), content.size(), SQLITE_STATIC));
      check(sqlite3_step(put_.get()));
      check(sqlite3_reset(put_.get()));
    }
    run("COMMIT");
  }

 private:
  void check(int result) const {
    if (result == SQLITE_OK || result == SQLITE_DONE || result == SQLITE_ROW) return;
    throw std::runtime_error(sqlite3_errmsg(database_.get()));
  }
  void run(const char* statement) const {
    check(sqlite3_exec(database_.get(), statement, nullptr, nullptr, nullptr));
  }

  std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database_{nullptr, sqlite3_close};
  std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> put_{nullptr, sqlite3_finalize};
};

peers::SaveAll prepare(const std::string& folder) {
  // Who turns a database to WAL while another does is told SQLITE_BUSY at once, without the wait.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  const auto store = std::make_shared<Store>(folder);
  return [store](std::span<const std::string> paths, std::string_view content) {
    store->save(paths, content);
  };
}

}  // namespace

int main(int count, char** arguments) {
  const std::array variants = {peers::Variant{"transaction", prepare}};
  return peers::serve(std::span(arguments, static_cast<std::size_t>(count)), variants);
}
