// SPDX-License-Identifier: Apache-2.0
//
// Copying and removing whole trees inside the private scratch of a sandbox. It is scratch: nothing
// of it must survive a crash, so none of it goes through the FileSystem seam.
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <map>
#include <vector>

#include "prove/sandbox/descriptor.h"
#include "prove/sandbox/parts.h"

namespace untorn::prove {
namespace {

constexpr int depth_max = 512;

// The names in a directory, without "." and "..".
std::vector<std::string> list_names(int directory) {
  std::vector<std::string> names;
  const int own = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return names;
  DIR* stream = ::fdopendir(own);
  if (stream == nullptr) {
    ::close(own);
    return names;
  }
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(stream);
  return names;
}

class TreeCopier {
 public:
  explicit TreeCopier(CopyLimits& limits) : limits_(limits) {}

  Result<void> copy_folder(int from, int to, const std::string& path, int depth) {
    if (depth > depth_max) {
      return std::unexpected(sandbox_error(ELOOP, path, "is nested too deeply to be copied"));
    }
    for (const std::string& name : list_names(from)) {
      auto copied = copy_entry(from, to, name, path + "/" + name, depth);
      if (!copied) return copied;
    }
    return {};
  }

  Result<void> copy_entry(int from, int to, const std::string& name, const std::string& path,
                          int depth) {
    struct stat status = {};
    if (::fstatat(from, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return failed(path);
    if (limits_.entries_left == 0) {
      return std::unexpected(sandbox_error(EFBIG, path, "the tree has too many files to copy"));
    }
    --limits_.entries_left;
    Result<void> done = {};
    if (S_ISDIR(status.st_mode)) {
      done = copy_subfolder(from, to, name, path, depth);
    } else if (S_ISREG(status.st_mode)) {
      done = copy_file(from, to, name, path, status);
    } else if (S_ISLNK(status.st_mode)) {
      done = copy_link(from, to, name, path);
    } else if (S_ISFIFO(status.st_mode)) {
      if (::mkfifoat(to, name.c_str(), 0600) != 0) done = failed(path);
    } else {
      // A socket or a device belongs to those who made it.
      return limits_.exact ? inexact(path) : Result<void>{};
    }
    if (done && !copy_attributes(to, name.c_str(), status)) return inexact(path);
    return done;
  }

 private:
  using Key = std::pair<dev_t, ino_t>;

  // False if the copy would not be exact, and must be.
  bool copy_attributes(int to, const char* name, const struct stat& status) const {
    // Only the super-user may give files away; others keep theirs. The group means nothing to the
    // owner, and one that does not exist in a user namespace cannot be given there.
    const bool given = ::fchownat(to, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) == 0;
    if (!given && limits_.exact && status.st_uid != ::geteuid()) return false;
    if (!S_ISLNK(status.st_mode)) (void)::fchmodat(to, name, status.st_mode & 07777U, 0);
    const timespec times[2] = {status.st_atim, status.st_mtim};
    (void)::utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
    return true;
  }

  [[nodiscard]] bool loses_attributes(int source) const {
    return limits_.exact && ::flistxattr(source, nullptr, 0) > 0;
  }

  Result<void> inexact(const std::string& path) const {
    return std::unexpected(sandbox_error(ENOTSUP, path, "cannot be copied exactly"));
  }

  static Result<void> failed(const std::string& path) {
    return std::unexpected(sandbox_error(errno, path, "cannot be copied"));
  }

  Result<void> copy_subfolder(int from, int to, const std::string& name, const std::string& path,
                              int depth) {
    Descriptor source(
        ::openat(from, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!source.valid() || ::mkdirat(to, name.c_str(), 0700) != 0) return failed(path);
    Descriptor target(::openat(to, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!target.valid()) return failed(path);
    if (loses_attributes(source.get())) return inexact(path);
    return copy_folder(source.get(), target.get(), path, depth + 1);
  }

  static Result<void> copy_link(int from, int to, const std::string& name,
                                const std::string& path) {
    std::array<char, PATH_MAX> target = {};
    const ssize_t size = ::readlinkat(from, name.c_str(), target.data(), target.size() - 1);
    if (size < 0 || ::symlinkat(target.data(), to, name.c_str()) != 0) return failed(path);
    return {};
  }

  Result<void> copy_file(int from, int to, const std::string& name, const std::string& path,
                         const struct stat& status) {
    if (status.st_nlink > 1 && limits_.keeps_links) {
      // A further name of a file that is there already.
      const auto found = first_names_.find({status.st_dev, status.st_ino});
      if (found != first_names_.end()) {
        const std::string own = "/proc/self/fd/" + std::to_string(found->second.get());
        if (::linkat(AT_FDCWD, own.c_str(), to, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return {};
      }
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size > limits_.bytes_left) {
      return std::unexpected(sandbox_error(EFBIG, path,
                                           "the tree is larger than what a sandbox without "
                                           "namespaces copies (1 GiB); choose a smaller root"));
    }
    limits_.bytes_left -= size;
    Descriptor source(::openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!source.valid()) return failed(path);
    if (loses_attributes(source.get())) return inexact(path);
    Descriptor target(
        ::openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target.valid() || !copy_bytes(source.get(), target.get())) return failed(path);
    if (status.st_nlink > 1 && limits_.keeps_links) {
      first_names_.emplace(Key{status.st_dev, status.st_ino}, std::move(target));
    }
    return {};
  }

  static bool copy_bytes(int source, int target) {
    if (::ioctl(target, FICLONE, source) == 0) return true;
    std::array<char, 1U << 16U> buffer = {};
    for (;;) {
      const ssize_t count = ::read(source, buffer.data(), buffer.size());
      if (count == 0) return true;
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return false;
      for (ssize_t done = 0; done < count;) {
        const ssize_t written =
            ::write(target, buffer.data() + done, static_cast<std::size_t>(count - done));
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        done += written;
      }
    }
  }

  CopyLimits& limits_;
  std::map<Key, Descriptor> first_names_;  // of files with several names, in the copy
};

void remove_entry(int directory, const char* name, int depth) noexcept {
  if (::unlinkat(directory, name, 0) == 0 || depth > depth_max) return;
  // A program may have taken away the permission to list its folder.
  (void)::fchmodat(directory, name, 0700, 0);
  Descriptor folder(::openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.valid()) return;
  for (const std::string& entry : list_names(folder.get())) {
    remove_entry(folder.get(), entry.c_str(), depth + 1);
  }
  (void)::unlinkat(directory, name, AT_REMOVEDIR);
}

}  // namespace

Result<void> copy_tree(int from, int to, const std::string& path, CopyLimits& limits) {
  return TreeCopier(limits).copy_folder(from, to, path, 0);
}

Result<void> copy_path(int from, int to, const std::string& path, CopyLimits& limits) {
  return TreeCopier(limits).copy_entry(from, to, path, path, 0);
}

void remove_path(int directory, const std::string& path) noexcept {
  remove_entry(directory, path.c_str(), 0);
}

void remove_content(int directory) noexcept {
  for (const std::string& name : list_names(directory)) {
    remove_entry(directory, name.c_str(), 0);
  }
}

}  // namespace untorn::prove
