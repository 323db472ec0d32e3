// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/database_check.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace untorn::prove {

namespace {

// The name under which SQLite sees the database; the journals carry its suffixes.
constexpr std::string_view database_name = "/state";

// A file in memory: borrowed bytes until the first write.
class StateBlob {
 public:
  void put(std::optional<Bytes> content) {
    present_ = content.has_value();
    borrowed_ = content ? *std::move(content) : Bytes();
    own_.clear();
    owned_ = false;
  }
  void remove() { put(std::nullopt); }
  void make() {
    if (!present_) put(Bytes());
  }
  [[nodiscard]] bool present() const { return present_; }
  [[nodiscard]] std::span<const std::byte> view() const {
    return owned_ ? std::span<const std::byte>(own_) : borrowed_.view();
  }
  std::vector<std::byte>& change() {
    if (!owned_) {
      own_.assign(borrowed_.view().begin(), borrowed_.view().end());
      owned_ = true;
    }
    return own_;
  }

 private:
  Bytes borrowed_;
  std::vector<std::byte> own_;
  bool present_ = false;
  bool owned_ = false;
};

// What SQLite finds in its directory.
struct StateBlobs {
  StateBlob database;
  StateBlob journal;
  StateBlob log;
  StateBlob scratch;  // a temporary of SQLite's own; temp_store keeps it empty

  [[nodiscard]] StateBlob& named(const char* name) {
    const std::string_view text = name == nullptr ? std::string_view() : std::string_view(name);
    if (text == database_name) return database;
    if (text.ends_with("-journal")) return journal;
    if (text.ends_with("-wal")) return log;
    return scratch;
  }
};

struct StateHandle {
  sqlite3_file base;  // first: SQLite sees only this
  StateBlob* blob;
  int lock;
};

StateHandle& handle_of(sqlite3_file* file) {
  return *reinterpret_cast<StateHandle*>(file);
}

int blob_close(sqlite3_file* /*file*/) {
  return SQLITE_OK;
}

int blob_read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
  const auto content = handle_of(file).blob->view();
  const auto wanted = static_cast<std::size_t>(amount);
  const auto at = std::min(static_cast<std::size_t>(offset), content.size());
  const std::size_t found = std::min(wanted, content.size() - at);
  if (found > 0) std::memcpy(out, content.data() + at, found);
  if (found == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(out) + found, 0, wanted - found);
  return SQLITE_IOERR_SHORT_READ;
}

int blob_write(sqlite3_file* file, const void* in, int amount, sqlite3_int64 offset) {
  auto& content = handle_of(file).blob->change();
  const auto at = static_cast<std::size_t>(offset);
  const auto length = static_cast<std::size_t>(amount);
  if (content.size() < at + length) content.resize(at + length);
  std::memcpy(content.data() + at, in, length);
  return SQLITE_OK;
}

int blob_truncate(sqlite3_file* file, sqlite3_int64 size) {
  handle_of(file).blob->change().resize(static_cast<std::size_t>(size));
  return SQLITE_OK;
}

int blob_sync(sqlite3_file* /*file*/, int /*flags*/) {
  return SQLITE_OK;
}

int blob_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(handle_of(file).blob->view().size());
  return SQLITE_OK;
}

int blob_lock(sqlite3_file* file, int level) {
  handle_of(file).lock = level;
  return SQLITE_OK;
}

// Nobody else holds a lock after a crash: a journal that is there is hot.
int blob_reserved(sqlite3_file* /*file*/, int* held) {
  *held = 0;
  return SQLITE_OK;
}

int blob_control(sqlite3_file* /*file*/, int /*operation*/, void* /*argument*/) {
  return SQLITE_NOTFOUND;
}

// The smallest one in use: SQLite takes a journal that is shorter than a sector for an empty one,
// and its own unix layer writes headers of 512 bytes.
int blob_sector_size(sqlite3_file* /*file*/) {
  return 512;
}

int blob_characteristics(sqlite3_file* /*file*/) {
  return 0;
}

// Version 1: no shared memory. A log is read under exclusive locking, which keeps its index in the
// heap.
constexpr sqlite3_io_methods blob_methods = {
    .iVersion = 1,
    .xClose = blob_close,
    .xRead = blob_read,
    .xWrite = blob_write,
    .xTruncate = blob_truncate,
    .xSync = blob_sync,
    .xFileSize = blob_size,
    .xLock = blob_lock,
    .xUnlock = blob_lock,
    .xCheckReservedLock = blob_reserved,
    .xFileControl = blob_control,
    .xSectorSize = blob_sector_size,
    .xDeviceCharacteristics = blob_characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

StateBlobs& blobs_of(sqlite3_vfs* vfs) {
  return *static_cast<StateBlobs*>(vfs->pAppData);
}

int state_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  StateHandle& handle = handle_of(file);
  handle.blob = &blobs_of(vfs).named(name);
  handle.lock = 0;
  handle.base.pMethods = nullptr;
  if ((flags & SQLITE_OPEN_CREATE) != 0) handle.blob->make();
  if (!handle.blob->present()) return SQLITE_CANTOPEN;
  handle.base.pMethods = &blob_methods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int state_remove(sqlite3_vfs* vfs, const char* name, int /*sync_directory*/) {
  blobs_of(vfs).named(name).remove();
  return SQLITE_OK;
}

int state_access(sqlite3_vfs* vfs, const char* name, int /*flags*/, int* result) {
  *result = blobs_of(vfs).named(name).present() ? 1 : 0;
  return SQLITE_OK;
}

int state_full_path(sqlite3_vfs* /*vfs*/, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

int state_random(sqlite3_vfs* /*vfs*/, int size, char* out) {
  std::memset(out, 7, static_cast<std::size_t>(size));  // the same recovery each time
  return size;
}

int state_sleep(sqlite3_vfs* /*vfs*/, int microseconds) {
  return microseconds;
}

int state_time(sqlite3_vfs* /*vfs*/, double* days) {
  *days = 2'440'587.5;  // the epoch, in Julian days
  return SQLITE_OK;
}

}  // namespace

struct DatabaseCheck::Impl {
  StateBlobs blobs;
  std::string vfs_name;
  sqlite3_vfs vfs{};
};

DatabaseCheck::DatabaseCheck() : impl_(std::make_unique<Impl>()) {
  static std::atomic<unsigned> number{0};
  impl_->vfs_name = "untorn-state-" + std::to_string(number++);
  sqlite3_vfs& vfs = impl_->vfs;
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(StateHandle);
  vfs.mxPathname = 64;
  vfs.zName = impl_->vfs_name.c_str();
  vfs.pAppData = &impl_->blobs;
  vfs.xOpen = state_open;
  vfs.xDelete = state_remove;
  vfs.xAccess = state_access;
  vfs.xFullPathname = state_full_path;
  vfs.xRandomness = state_random;
  vfs.xSleep = state_sleep;
  vfs.xCurrentTime = state_time;
  sqlite3_vfs_register(&vfs, 0);
}

DatabaseCheck::~DatabaseCheck() {
  sqlite3_vfs_unregister(&impl_->vfs);
}

namespace {

std::string integrity(sqlite3* connection) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_exec(connection, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA temp_store=MEMORY",
                          nullptr, nullptr, nullptr);
  if (code == SQLITE_OK)
    code = sqlite3_prepare_v2(connection, "PRAGMA integrity_check(1)", -1, &statement, nullptr);
  std::string answer;
  if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
    answer = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  } else {
    answer = sqlite3_errmsg(connection);
  }
  sqlite3_finalize(statement);
  return answer == "ok" ? std::string() : answer;
}

}  // namespace

void DatabaseCheck::serve(const DatabaseFiles& files) {
  impl_->blobs.database.put(files.database);
  impl_->blobs.journal.put(files.journal);
  impl_->blobs.log.put(files.log);
  impl_->blobs.scratch.remove();
}

std::string DatabaseCheck::problem(const DatabaseFiles& files) {
  serve(files);
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(std::string(database_name).c_str(), &connection,
                                   SQLITE_OPEN_READWRITE, impl_->vfs_name.c_str());
  std::string answer = code == SQLITE_OK ? integrity(connection) : sqlite3_errmsg(connection);
  sqlite3_close(connection);
  return answer;
}

std::optional<Hash128> DatabaseCheck::content(const DatabaseFiles& files) {
  serve(files);
  sqlite3* connection = nullptr;
  int code = sqlite3_open_v2(std::string(database_name).c_str(), &connection, SQLITE_OPEN_READWRITE,
                             impl_->vfs_name.c_str());
  if (code == SQLITE_OK) {
    // The first read is what recovers; it fails where there is nothing that can be read.
    code = sqlite3_exec(connection, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA schema_version", nullptr,
                        nullptr, nullptr);
  }
  std::optional<Hash128> hash;
  if (code == SQLITE_OK) {
    sqlite3_int64 size = 0;
    unsigned char* const pages = sqlite3_serialize(connection, "main", &size, 0);
    if (pages != nullptr) {
      hash = hash128(std::as_bytes(std::span(pages, static_cast<std::size_t>(size))));
    }
    sqlite3_free(pages);
  }
  sqlite3_close(connection);
  return hash;
}

}  // namespace untorn::prove
