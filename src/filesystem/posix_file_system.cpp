// SPDX-License-Identifier: Apache-2.0
//
// The file systems of this machine (Linux).
//
// Each member function makes the one system call that its name says, and nothing around it: what a
// promise costs is counted in these calls.
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "filesystem/kind_memory.h"
#include "filesystem/names.h"
#include "filesystem/posix_kind.h"
#include "filesystem/posix_values.h"
#include "filesystem/random_pool.h"
#include "untorn/filesystem.h"

namespace untorn {
namespace {

std::unexpected<Errno> failure(int os_errno = errno) {
  return std::unexpected(Errno{os_errno});
}

SystemResult<void> check(int returned) {
  if (returned != 0) return failure();
  return {};
}

int descriptor(Handle handle) {
  return static_cast<int>(handle);
}

// A signal may interrupt these calls before anything happened; calling again is what was meant.
template <class Call>
auto retry_interrupted(const Call& call) {
  for (;;) {
    const auto returned = call();
    if (returned >= 0 || errno != EINTR) return returned;
  }
}

// Descriptors 0 to 2 belong to the standard streams even when the caller has closed them: a
// message printed later must not end up in a user's file.
SystemResult<Handle> above_standard_streams(int fd) {
  if (fd > STDERR_FILENO) return Handle{fd};
  const int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int moving_errno = errno;
  (void)::close(fd);
  if (moved < 0) return failure(moving_errno);
  return Handle{moved};
}

SystemResult<Status> call_statx(int directory, const char* name, int flags) {
  struct statx answer = {};
  if (statx(directory, name, flags, statx_wanted, &answer) != 0) return failure();
  return status_from(answer);
}

// Calls `fill(buffer, size)` with a buffer that grows until the answer fits. Calls of this kind
// answer ERANGE, or (readlink) a full buffer, when it does not.
template <class Fill>
SystemResult<std::string> read_growing(const Fill& fill) {
  for (std::size_t size = 256;; size *= 4) {
    std::string buffer(size, '\0');
    const ssize_t length = fill(buffer.data(), size);
    if (length < 0 && errno != ERANGE) return failure();
    if (length >= 0 && static_cast<std::size_t>(length) < size) {
      buffer.resize(static_cast<std::size_t>(length));
      return buffer;
    }
    if (size > (std::size_t{1} << 20U)) return failure(E2BIG);
  }
}

// Names as the kernel lists them, each ended by a NUL, apart and sorted.
SystemResult<std::vector<std::string>> attribute_names(const SystemResult<std::string>& names) {
  if (!names) return std::unexpected(names.error());
  std::vector<std::string> result;
  for (std::size_t begin = 0; begin < names->size();) {
    const std::size_t end = names->find('\0', begin);
    result.push_back(names->substr(begin, end - begin));
    begin = end == std::string::npos ? names->size() : end + 1;
  }
  std::ranges::sort(result);
  return result;
}

// A name under an open directory, for calls that take a path alone. The kernel follows the first
// part to the directory itself, wherever it was moved.
std::string path_below(int directory, std::string_view name) {
  if (directory == AT_FDCWD) return std::string(name);
  return "/proc/thread-self/fd/" + std::to_string(directory) + '/' + std::string(name);
}

struct DirectoryCloser {
  void operator()(DIR* stream) const { (void)closedir(stream); }
};
using DirectoryStream = std::unique_ptr<DIR, DirectoryCloser>;

// A stream of its own descriptor, so that the caller's position in the directory stays.
SystemResult<DirectoryStream> open_stream(int directory) {
  const int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failure();
  DirectoryStream stream(fdopendir(fd));
  if (!stream) {
    const int stream_errno = errno;
    (void)::close(fd);
    return failure(stream_errno);
  }
  return stream;
}

class PosixFileSystem final : public FileSystem {
 public:
  SystemResult<Handle> open(Handle directory, std::string_view name,
                            const OpenOptions& options) override {
    if (const int fault = check_name(directory, name); fault != 0) return failure(fault);
    const TerminatedName path(name);
    const int fd = retry_interrupted([&] {
      return openat(descriptor(directory), path.get(), open_flags(options),
                    static_cast<mode_t>(options.mode & permission_bits));
    });
    if (fd < 0) return failure();
    return above_standard_streams(fd);
  }

  // On Linux the descriptor is gone even after EINTR: a second close could hit another thread's.
  SystemResult<void> close(Handle handle) override { return check(::close(descriptor(handle))); }

  SystemResult<std::size_t> write(Handle file, std::span<const std::byte> bytes) override {
    return count(
        retry_interrupted([&] { return ::write(descriptor(file), bytes.data(), bytes.size()); }));
  }

  SystemResult<std::size_t> write_at(Handle file, std::uint64_t offset,
                                     std::span<const std::byte> bytes) override {
    return count(retry_interrupted([&] {
      return pwrite(descriptor(file), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    }));
  }

  SystemResult<std::size_t> read_at(Handle file, std::uint64_t offset,
                                    std::span<std::byte> bytes) override {
    return count(retry_interrupted([&] {
      return pread(descriptor(file), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    }));
  }

  SystemResult<void> truncate(Handle file, std::uint64_t size) override {
    return check(ftruncate(descriptor(file), static_cast<off_t>(size)));
  }

  SystemResult<FileMapping> map(Handle file, std::size_t size) override {
    void* address = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor(file), 0);
    if (address == MAP_FAILED) return failure();
    std::shared_ptr<void> owner(address, [size](void* mapped) { (void)munmap(mapped, size); });
    return FileMapping{std::move(owner), std::span(static_cast<std::byte*>(address), size)};
  }

  // Never retried, whatever the errno: after a failed fsync the kernel may have marked the lost
  // pages clean, and a second call would report success for bytes that are gone.
  SystemResult<void> sync(Handle handle) override { return check(fsync(descriptor(handle))); }
  SystemResult<void> sync_data(Handle file) override { return check(fdatasync(descriptor(file))); }
  SystemResult<void> sync_range(Handle file) override {
    constexpr unsigned all_flags =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    return check(sync_file_range(descriptor(file), 0, 0, all_flags));
  }
  SystemResult<void> start_writeback(Handle file) override {
    return check(sync_file_range(descriptor(file), 0, 0, SYNC_FILE_RANGE_WRITE));
  }
  SystemResult<void> sync_everything(Handle handle) override {
    return check(syncfs(descriptor(handle)));
  }

  SystemResult<void> rename(Handle from_directory, std::string_view from, Handle to_directory,
                            std::string_view to, RenameMode mode) override {
    if (const int fault = check_names(from_directory, from, to_directory, to); fault != 0)
      return failure(fault);
    const TerminatedName from_path(from);
    const TerminatedName to_path(to);
    const int from_fd = descriptor(from_directory);
    const int to_fd = descriptor(to_directory);
    switch (mode) {
      case RenameMode::replace:
        return check(renameat(from_fd, from_path.get(), to_fd, to_path.get()));
      case RenameMode::no_replace:
        return check(renameat2(from_fd, from_path.get(), to_fd, to_path.get(), RENAME_NOREPLACE));
      case RenameMode::exchange:
        return check(renameat2(from_fd, from_path.get(), to_fd, to_path.get(), RENAME_EXCHANGE));
    }
    return failure(EINVAL);
  }

  SystemResult<void> link(Handle from_directory, std::string_view from, Handle to_directory,
                          std::string_view to) override {
    if (const int fault = check_names(from_directory, from, to_directory, to); fault != 0)
      return failure(fault);
    return check(linkat(descriptor(from_directory), TerminatedName(from).get(),
                        descriptor(to_directory), TerminatedName(to).get(), 0));
  }

  SystemResult<void> unlink(Handle directory, std::string_view name) override {
    if (const int fault = check_name(directory, name); fault != 0) return failure(fault);
    return check(unlinkat(descriptor(directory), TerminatedName(name).get(), 0));
  }

  SystemResult<void> make_directory(Handle directory, std::string_view name,
                                    std::uint32_t mode) override {
    if (const int fault = check_name(directory, name); fault != 0) return failure(fault);
    return check(mkdirat(descriptor(directory), TerminatedName(name).get(),
                         static_cast<mode_t>(mode & permission_bits)));
  }

  SystemResult<void> remove_directory(Handle directory, std::string_view name) override {
    if (const int fault = check_name(directory, name); fault != 0) return failure(fault);
    return check(unlinkat(descriptor(directory), TerminatedName(name).get(), AT_REMOVEDIR));
  }

  SystemResult<void> make_symlink(std::string_view target, Handle directory,
                                  std::string_view name) override {
    if (const int fault = check_name(directory, name); fault != 0) return failure(fault);
    if (target.find('\0') != std::string_view::npos) return failure(EINVAL);
    return check(
        symlinkat(TerminatedName(target).get(), descriptor(directory), TerminatedName(name).get()));
  }

  SystemResult<std::string> read_link(Handle directory, std::string_view name) override {
    if (const int fault = check_name(directory, name); fault != 0) return failure(fault);
    const TerminatedName path(name);
    return read_growing([&](char* buffer, std::size_t size) {
      return readlinkat(descriptor(directory), path.get(), buffer, size);
    });
  }

  SystemResult<Status> status(Handle handle) override {
    if (handle == Handle::working_directory) return call_statx(AT_FDCWD, ".", 0);
    return call_statx(descriptor(handle), "", AT_EMPTY_PATH);
  }

  SystemResult<Status> status_at(Handle directory, std::string_view name) override {
    if (const int fault = check_name(directory, name); fault != 0) return failure(fault);
    return call_statx(descriptor(directory), TerminatedName(name).get(),
                      AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
  }

  SystemResult<std::vector<Entry>> list(Handle directory) override {
    SystemResult<DirectoryStream> stream = open_stream(descriptor(directory));
    if (!stream) return std::unexpected(stream.error());
    std::vector<Entry> entries;
    for (;;) {
      errno = 0;
      const dirent* found = readdir(stream->get());
      if (found == nullptr && errno != 0) return failure();
      if (found == nullptr) break;
      const std::string_view name = found->d_name;
      if (name == "." || name == "..") continue;
      entries.push_back({std::string(name), type_of_entry(found->d_type), found->d_ino});
    }
    std::ranges::sort(entries, {}, &Entry::name);
    return entries;
  }

  SystemResult<void> may_write(Handle directory, std::string_view name) override {
    if (const int fault = check_name(directory, name); fault != 0) return failure(fault);
    return check(faccessat(descriptor(directory), TerminatedName(name).get(), W_OK, AT_EACCESS));
  }

  SystemResult<void> set_mode(Handle file, std::uint32_t mode) override {
    return check(fchmod(descriptor(file), static_cast<mode_t>(mode & permission_bits)));
  }

  SystemResult<void> set_owner(Handle file, std::uint32_t user, std::uint32_t group) override {
    return check(fchown(descriptor(file), user, group));
  }

  SystemResult<std::vector<std::string>> list_attributes(Handle file) override {
    return attribute_names(read_growing([&](char* buffer, std::size_t size) {
      return flistxattr(descriptor(file), buffer, size);
    }));
  }

  SystemResult<std::vector<std::string>> list_attributes_at(Handle directory,
                                                            std::string_view name) override {
    if (const int fault = check_name(directory, name); fault != 0) return failure(fault);
    const std::string path = path_below(descriptor(directory), name);
    auto names = attribute_names(read_growing(
        [&](char* buffer, std::size_t size) { return llistxattr(path.c_str(), buffer, size); }));
    const bool missing = !names && number(names.error()) == ENOENT;
    if (!missing || directory == Handle::working_directory) return names;
    // The name may be there, and /proc may not.
    const SystemResult<Handle> opened =
        open(directory, name, {.follow = false, .nonblocking = true});
    if (!opened) return std::unexpected(opened.error());
    names = list_attributes(*opened);
    (void)close(*opened);
    return names;
  }

  SystemResult<std::string> get_attribute(Handle file, const std::string& name) override {
    return read_growing([&](char* buffer, std::size_t size) {
      return fgetxattr(descriptor(file), name.c_str(), buffer, size);
    });
  }

  SystemResult<void> set_attribute(Handle file, const std::string& name,
                                   std::string_view value) override {
    return check(fsetxattr(descriptor(file), name.c_str(), value.data(), value.size(), 0));
  }

  SystemResult<void> remove_attribute(Handle file, const std::string& name) override {
    return check(fremovexattr(descriptor(file), name.c_str()));
  }

  SystemResult<void> lock(Handle file, LockMode mode) override {
    const int operation = mode == LockMode::shared ? LOCK_SH : LOCK_EX;
    return check(flock(descriptor(file), operation | LOCK_NB));
  }

  SystemResult<void> unlock(Handle file) override {
    return check(flock(descriptor(file), LOCK_UN));
  }

  FileSystemKind kind(Handle handle) override {
    return assumed_ ? *assumed_ : kind_of_descriptor(descriptor(handle));
  }
  FileSystemKind remembered_kind(Handle handle, const Status& status) override {
    if (assumed_) return *assumed_;
    Status known = status;
    if (known.mount == 0) known.mount = file_system_number(descriptor(handle));
    return kinds_.get(known, [&] { return kind_of_descriptor(descriptor(handle)); });
  }

  std::pair<std::uint64_t, std::uint64_t> random_bits() override { return pooled_random_bits(); }

 private:
  static SystemResult<std::size_t> count(ssize_t returned) {
    if (returned < 0) return failure();
    return static_cast<std::size_t>(returned);
  }

  // Read once: the environment may change later, in another thread.
  static std::optional<FileSystemKind> kind_in_environment() {
    const char* name = secure_getenv("UNTORN_ASSUME_FS");
    if (name == nullptr || *name == '\0') return std::nullopt;
    return assumed_kind(name);
  }

  const std::optional<FileSystemKind> assumed_ = kind_in_environment();
  KindMemory kinds_;
};

}  // namespace

FileSystem& posix_file_system() noexcept {
  // Never destroyed: objects with static lifetime may still close handles at exit.
  static PosixFileSystem& instance = *new PosixFileSystem;
  return instance;
}

}  // namespace untorn
