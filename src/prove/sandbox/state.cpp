// SPDX-License-Identifier: Apache-2.0
//
// Writing one crash state as the upper layer of an overlay, or into a full copy. It is scratch:
// nothing of it must survive a crash, so none of it goes through the FileSystem seam.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <unordered_map>

#include "prove/sandbox/descriptor.h"
#include "prove/sandbox/parts.h"

namespace untorn::prove {
namespace {

class StateWriter {
 public:
  StateWriter(int lower, int target, bool whiteouts)
      : lower_(lower), target_(target), whiteouts_(whiteouts) {}

  // The state is sorted by path, so that a folder comes before what is in it.
  Result<void> put(const std::string& path, const std::optional<crash::History::File>& file) {
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
    // What is absent needs nothing where its folder is absent too.
    if (!file && !folder_stands(folder)) return {};
    if (!make_folders(folder)) return failed(path);
    const bool done = file ? put_file(path, *file) : put_absence(path);
    return done ? Result<void>{} : failed(path);
  }

  // Where nothing stands, in a folder that does.
  Result<void> write(const std::string& path, const crash::History::File& file) {
    return put_file(path, file) ? Result<void>{} : failed(path);
  }

 private:
  static Result<void> failed(const std::string& path) {
    return std::unexpected(sandbox_error(errno, path, "a crash state cannot be built"));
  }

  [[nodiscard]] bool original(const std::string& path, struct stat& status) const {
    return ::fstatat(lower_, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  }

  // Is `folder` a folder of the state, as far as it has been written?
  [[nodiscard]] bool folder_stands(const std::string& folder) const {
    std::string at = folder;
    while (!at.empty()) {
      const auto known = folders_.find(at);
      if (known != folders_.end()) return known->second;
      const auto slash = at.rfind('/');
      at = slash == std::string::npos ? "" : at.substr(0, slash);
    }
    struct stat status = {};
    return folder.empty() || (original(folder, status) && S_ISDIR(status.st_mode));
  }

  // The folders above a path, with the modes of the original ones.
  bool make_folders(const std::string& folder) {
    if (folder.empty()) return true;
    const auto known = folders_.find(folder);
    if (known != folders_.end() && known->second) return true;
    const auto slash = folder.rfind('/');
    if (slash != std::string::npos && !make_folders(folder.substr(0, slash))) return false;
    struct stat status = {};
    const bool stood = original(folder, status) && S_ISDIR(status.st_mode);
    if (known != folders_.end() && !known->second) (void)::unlinkat(target_, folder.c_str(), 0);
    return make_folder(folder, stood ? status.st_mode & 07777U : 0755U, stood ? &status : nullptr);
  }

  bool make_folder(const std::string& path, mode_t mode, const struct stat* like) {
    if (::mkdirat(target_, path.c_str(), 0700) != 0) {
      struct stat status = {};
      if (errno != EEXIST) return false;
      if (::fstatat(target_, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
      if (!S_ISDIR(status.st_mode) && (::unlinkat(target_, path.c_str(), 0) != 0 ||
                                       ::mkdirat(target_, path.c_str(), 0700) != 0)) {
        return false;
      }
    }
    if (like != nullptr && ::fchownat(target_, path.c_str(), like->st_uid, like->st_gid, 0) != 0) {
      errno = 0;  // an owner outside the user namespace stays ours
    }
    (void)::fchmodat(target_, path.c_str(), mode, 0);
    folders_[path] = true;
    return true;
  }

  bool put_absence(const std::string& path) {
    folders_[path] = false;
    struct stat status = {};
    if (!original(path, status)) return true;
    if (whiteouts_) return ::mknodat(target_, path.c_str(), S_IFCHR, ::makedev(0, 0)) == 0;
    if (::unlinkat(target_, path.c_str(), 0) == 0 || errno == ENOENT) return true;
    Descriptor folder(
        ::openat(target_, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder.valid()) return false;
    remove_content(folder.get());
    return ::unlinkat(target_, path.c_str(), AT_REMOVEDIR) == 0;
  }

  bool put_file(const std::string& path, const crash::History::File& file) {
    if (file.type == FileType::directory) {
      return make_folder(path, file.mode & 07777U, nullptr);
    }
    folders_[path] = false;
    if (!whiteouts_ && !put_absence(path)) return false;
    const mode_t mode = file.mode & 07777U;
    switch (file.type) {
      case FileType::regular:
        return put_content(path, mode, file.content.view());
      case FileType::symlink:
        return ::symlinkat(std::string(file.content.text()).c_str(), target_, path.c_str()) == 0;
      case FileType::fifo:
        return ::mknodat(target_, path.c_str(), S_IFIFO | mode, 0) == 0;
      case FileType::socket:
        return ::mknodat(target_, path.c_str(), S_IFSOCK | mode, 0) == 0;
      default:
        return true;  // devices cannot be made here, and hold no content
    }
  }

  bool put_content(const std::string& path, mode_t mode, std::span<const std::byte> content) const {
    Descriptor file(::openat(target_, path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.valid()) return false;
    while (!content.empty()) {
      const ssize_t count = ::write(file.get(), content.data(), content.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      content = content.subspan(static_cast<std::size_t>(count));
    }
    return ::fchmod(file.get(), mode) == 0;
  }

  int lower_;
  int target_;
  bool whiteouts_;
  std::unordered_map<std::string, bool> folders_;  // path → stands as a folder
};

}  // namespace

Result<void> write_path(int target, const std::string& path, const crash::History::File& file) {
  return StateWriter(target, target, true).write(path, file);
}

Result<void> apply_difference(const Sandbox::Difference& state, const std::string& prefix,
                              int lower, int target, bool whiteouts) {
  StateWriter writer(lower, target, whiteouts);
  for (const auto& [path, file] : state) {
    std::string_view rest = path;
    const bool absolute = path.starts_with('/');
    if (prefix.empty() ? absolute : !is_below(path, prefix)) continue;
    if (!prefix.empty()) rest.remove_prefix(prefix.size() + 1);
    if (rest.empty()) continue;
    if (auto done = writer.put(std::string(rest), file); !done) return done;
  }
  return {};
}

}  // namespace untorn::prove
