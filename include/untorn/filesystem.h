// SPDX-License-Identifier: Apache-2.0
//
// The seam: every system call by which Untorn changes a file, as an interface.
//
//   untorn::FileSystem& fs = untorn::posix_file_system();
//   auto directory = fs.open({}, "/var/lib/app", {.access = untorn::Access::directory});
//
// Everything above this room takes a FileSystem&, so that every promise of the library can be run
// on a file system that records, that fails on purpose, or that lives in memory. The calls are the
// kernel's, one to one and relative to a directory handle: a call counted here is a system call
// made. Nothing here retries, buffers or syncs by itself, except that an EINTR of open, write and
// read is retried by the POSIX implementation (a failed sync or close never is).
//
// Errors are errno values, unchanged: meaning and outcome are added by the caller, who knows the
// step. Names are single components; an empty name or one with NUL gives EINVAL, and so does one
// with '/', except under the handle `working_directory`, where every name may be a path.
//
// Threads: the POSIX implementation may be used from any thread, a handle from one thread at a
// time. The other implementations lock around each call.
#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace untorn {

// An errno value.
enum class Errno : int {};
[[nodiscard]] constexpr int number(Errno e) noexcept {
  return static_cast<int>(e);
}

template <class T>
using SystemResult = std::expected<T, Errno>;

// An open file or directory. Plain value; close() ends it. See OwnedHandle for the owning form.
enum class Handle : int {
  working_directory = -100,  // AT_FDCWD: names may then be paths
  none = -1,
};

enum class Access : std::uint8_t { read, write, read_write, directory };

struct OpenOptions {
  Access access = Access::read;
  bool create = false;       // O_CREAT: permissions from `mode` and the umask, by the kernel
  bool exclusive = false;    // O_EXCL
  bool truncate = false;     // O_TRUNC
  bool append = false;       // O_APPEND
  bool follow = true;        // false: O_NOFOLLOW, a symbolic link gives ELOOP
  bool nonblocking = false;  // O_NONBLOCK, so that opening a FIFO never waits
  std::uint32_t mode = 0666;
};

enum class FileType : std::uint8_t { regular, directory, symlink, fifo, socket, device, other };

struct Status {
  FileType type = FileType::regular;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint32_t mode = 0;  // permission bits with set-user-id, set-group-id and sticky
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint64_t links = 1;
  std::uint64_t size = 0;        // bytes
  std::int64_t modified_ns = 0;  // since the epoch
  std::int64_t changed_ns = 0;   // since the epoch
  std::int64_t born_ns = 0;      // since the epoch; 0: the file system does not tell
  bool mount_root = false;       // STATX_ATTR_MOUNT_ROOT: a mount begins at this very name
  bool immutable = false;        // STATX_ATTR_IMMUTABLE or STATX_ATTR_APPEND: it keeps its names
  // The mount that it was reached by: a number that no other mount of this machine has until it
  // starts anew (STATX_MNT_ID_UNIQUE, Linux 6.8). 0: the kernel does not tell.
  std::uint64_t mount = 0;
};

enum class RenameMode : std::uint8_t { replace, no_replace, exchange };
enum class LockMode : std::uint8_t { shared, exclusive };

struct Entry {
  std::string name;
  FileType type = FileType::other;
  std::uint64_t inode = 0;
};

// What FileSystem::sync_range is worth.
enum class RangeSync : std::uint8_t {
  nothing,       // it promises nothing: overlay, btrfs, no journal, or a file system not looked at
  before_names,  // bytes and size that it has waited for persist before any later change of a name
};

// What the kind of file system underneath means for a promise.
struct FileSystemKind {
  std::string name;  // "ext4", "xfs", "btrfs", "tmpfs", "overlay", "nfs", …, or "unknown"
  bool volatile_storage = false;  // nothing survives a power cut: tmpfs, ramfs, overlay `volatile`
  bool network = false;           // NFS, CIFS, 9p, …: locks and syncs follow the server's rules
  bool atomic_rename = true;      // false: a power cut may tear a rename (vfat, exfat)
  // From an allow-list of what was cut off in the lab (docs/internals/protocols.md): a file system,
  // its options and features, its devices and the kernel, all of them known; `nothing` otherwise.
  RangeSync range_sync = RangeSync::nothing;
  bool fast_commit = false;  // ext4 with that feature: a sync of one file need not be a full commit
  std::string why_classic = {};  // ext4 and xfs without before_names: the reason, one phrase
};

// The first bytes of a file as memory that all who map it share: what one process stores, the
// others read, and it stays in the file when the process is killed. Copies are of the same memory,
// which stays mapped as long as one of them lives. Outlives the handle and the name.
struct FileMapping {
  std::shared_ptr<void> owner;
  std::span<std::byte> bytes;
};

class FileSystem {
 public:
  FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;
  virtual ~FileSystem() = default;

  // openat(2), always O_CLOEXEC. `Access::directory` opens O_RDONLY|O_DIRECTORY.
  [[nodiscard]] virtual SystemResult<Handle> open(Handle directory, std::string_view name,
                                                  const OpenOptions& options) = 0;
  // close(2). The handle is gone even if this fails; never call it twice.
  virtual SystemResult<void> close(Handle handle) = 0;

  // One write(2) at the handle's position. May write less than asked; the caller loops.
  [[nodiscard]] virtual SystemResult<std::size_t> write(Handle file,
                                                        std::span<const std::byte> bytes) = 0;
  // One pwrite(2).
  [[nodiscard]] virtual SystemResult<std::size_t> write_at(Handle file, std::uint64_t offset,
                                                           std::span<const std::byte> bytes) = 0;
  // One pread(2); 0 at the end of the file.
  [[nodiscard]] virtual SystemResult<std::size_t> read_at(Handle file, std::uint64_t offset,
                                                          std::span<std::byte> bytes) = 0;
  [[nodiscard]] virtual SystemResult<void> truncate(Handle file, std::uint64_t size) = 0;
  // mmap(2), MAP_SHARED, for reading and writing. `size` is at least 1 and at most the file's. Who
  // touches bytes that the file has lost since (somebody truncated it, its device is gone) is
  // killed by SIGBUS.
  [[nodiscard]] virtual SystemResult<FileMapping> map(Handle file, std::size_t size) = 0;

  // fsync(2): content and metadata of a file, or the names in a directory.
  [[nodiscard]] virtual SystemResult<void> sync(Handle handle) = 0;
  // fdatasync(2): content, and the size needed to read it.
  [[nodiscard]] virtual SystemResult<void> sync_data(Handle file) = 0;
  // sync_file_range(2) of the whole file, all three flags: writes its bytes back and waits. No
  // flush of the device, no commit of a journal; what that is worth says
  // FileSystemKind::range_sync. Reports write errors, once, as fsync does.
  [[nodiscard]] virtual SystemResult<void> sync_range(Handle file) = 0;
  // sync_file_range(2) with SYNC_FILE_RANGE_WRITE alone: starts the write-back and does not wait.
  // Promises nothing; a later sync of any kind has less to wait for.
  virtual SystemResult<void> start_writeback(Handle file) = 0;
  // syncfs(2): everything of the file system that holds `handle`, that of strangers too.
  [[nodiscard]] virtual SystemResult<void> sync_everything(Handle handle) = 0;

  [[nodiscard]] virtual SystemResult<void> rename(Handle from_directory, std::string_view from,
                                                  Handle to_directory, std::string_view to,
                                                  RenameMode mode) = 0;
  [[nodiscard]] virtual SystemResult<void> link(Handle from_directory, std::string_view from,
                                                Handle to_directory, std::string_view to) = 0;
  [[nodiscard]] virtual SystemResult<void> unlink(Handle directory, std::string_view name) = 0;
  [[nodiscard]] virtual SystemResult<void> make_directory(Handle directory, std::string_view name,
                                                          std::uint32_t mode) = 0;
  [[nodiscard]] virtual SystemResult<void> remove_directory(Handle directory,
                                                            std::string_view name) = 0;
  [[nodiscard]] virtual SystemResult<void> make_symlink(std::string_view target, Handle directory,
                                                        std::string_view name) = 0;
  [[nodiscard]] virtual SystemResult<std::string> read_link(Handle directory,
                                                            std::string_view name) = 0;

  [[nodiscard]] virtual SystemResult<Status> status(Handle handle) = 0;
  // Of the name itself: a symbolic link is not followed.
  [[nodiscard]] virtual SystemResult<Status> status_at(Handle directory, std::string_view name) = 0;
  // Names without "." and "..", sorted.
  [[nodiscard]] virtual SystemResult<std::vector<Entry>> list(Handle directory) = 0;
  // faccessat(2) with AT_EACCESS for writing, following links: may this process write the file?
  [[nodiscard]] virtual SystemResult<void> may_write(Handle directory, std::string_view name) = 0;

  // Metadata. Permission to change the owner usually needs privileges.
  [[nodiscard]] virtual SystemResult<void> set_mode(Handle file, std::uint32_t mode) = 0;
  [[nodiscard]] virtual SystemResult<void> set_owner(Handle file, std::uint32_t user,
                                                     std::uint32_t group) = 0;
  // Extended attributes by full name ("user.x", "system.posix_acl_access", …).
  [[nodiscard]] virtual SystemResult<std::vector<std::string>> list_attributes(Handle file) = 0;
  // The same of a name, which need not be readable; a symbolic link is not followed. Where /proc is
  // not mounted the file is opened to be asked: then it must be readable, and a link gives ELOOP.
  [[nodiscard]] virtual SystemResult<std::vector<std::string>> list_attributes_at(
      Handle directory, std::string_view name) = 0;
  [[nodiscard]] virtual SystemResult<std::string> get_attribute(Handle file,
                                                                const std::string& name) = 0;
  [[nodiscard]] virtual SystemResult<void> set_attribute(Handle file, const std::string& name,
                                                         std::string_view value) = 0;
  [[nodiscard]] virtual SystemResult<void> remove_attribute(Handle file,
                                                            const std::string& name) = 0;

  // flock(2) without waiting: EWOULDBLOCK when someone else holds it. Ends with the last handle.
  [[nodiscard]] virtual SystemResult<void> lock(Handle file, LockMode mode) = 0;
  virtual SystemResult<void> unlock(Handle file) = 0;

  // What lies under this handle. Never fails: an unreadable answer is "unknown".
  [[nodiscard]] virtual FileSystemKind kind(Handle handle) = 0;
  // The same for a handle with this status, remembered for each mount: most calls then make no
  // system call. A mount that gets other options while it is used is noticed within a minute.
  [[nodiscard]] virtual FileSystemKind remembered_kind(Handle handle, const Status& status) {
    (void)status;
    return kind(handle);
  }

  // 128 random bits for the name of a temporary.
  [[nodiscard]] virtual std::pair<std::uint64_t, std::uint64_t> random_bits() = 0;
};

// The file systems of this machine. One object for the whole process; never destroyed.
[[nodiscard]] FileSystem& posix_file_system() noexcept;

// Closes its handle when it goes out of scope, ignoring the result: use FileSystem::close where the
// result matters.
class OwnedHandle {
 public:
  OwnedHandle() = default;
  OwnedHandle(FileSystem& fs, Handle handle) noexcept : fs_(&fs), handle_(handle) {}
  OwnedHandle(OwnedHandle&& other) noexcept
      : fs_(other.fs_), handle_(std::exchange(other.handle_, Handle::none)) {}
  OwnedHandle& operator=(OwnedHandle&& other) noexcept {
    if (this != &other) {
      reset();
      fs_ = other.fs_;
      handle_ = std::exchange(other.handle_, Handle::none);
    }
    return *this;
  }
  ~OwnedHandle() { reset(); }

  [[nodiscard]] Handle get() const noexcept { return handle_; }
  [[nodiscard]] Handle release() noexcept { return std::exchange(handle_, Handle::none); }
  void reset() noexcept {
    if (handle_ != Handle::none && handle_ != Handle::working_directory) (void)fs_->close(handle_);
    handle_ = Handle::none;
  }

 private:
  FileSystem* fs_ = nullptr;
  Handle handle_ = Handle::none;
};

}  // namespace untorn
