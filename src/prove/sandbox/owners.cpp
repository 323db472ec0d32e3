// SPDX-License-Identifier: Apache-2.0
//
// Whose files a sandbox can hold. An ordinary user's namespace knows one user and one group, and an
// overlay refuses (EOVERFLOW) to change what belongs to any other, even where the user may.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prove/sandbox/descriptor.h"
#include "prove/sandbox/parts.h"

namespace untorn::prove {
namespace {

// What lies behind them is met by the tracer, which then says so.
constexpr std::uint64_t looked_at_max = 100'000;
constexpr int depth_max = 64;

class OwnerSearch {
 public:
  // The first entry that the user may change and an overlay cannot; "" if there is none.
  std::string look(int folder, const std::string& path, int depth) {
    const int own = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* stream = own < 0 ? nullptr : ::fdopendir(own);
    if (stream == nullptr) {
      if (own >= 0) ::close(own);
      return {};
    }
    std::string found;
    while (const dirent* entry = ::readdir(stream)) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (!found.empty() || ++looked_at_ > looked_at_max) break;
      found = look_at(own, name, path + "/" + name, depth);
    }
    ::closedir(stream);
    return found;
  }

 private:
  std::string look_at(int folder, const std::string& name, const std::string& path, int depth) {
    struct stat status = {};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
    const bool foreign = status.st_uid != user_ || status.st_gid != group_;
    const bool changeable =
        status.st_uid == user_ ||
        (!S_ISLNK(status.st_mode) && ::faccessat(folder, name.c_str(), W_OK, AT_EACCESS) == 0);
    if (foreign && changeable) return path;
    if (!S_ISDIR(status.st_mode) || depth >= depth_max) return {};
    const Descriptor inner(
        ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return inner.valid() ? look(inner.get(), path, depth + 1) : std::string();
  }

  const uid_t user_ = ::geteuid();
  const gid_t group_ = ::getegid();
  std::uint64_t looked_at_ = 0;
};

}  // namespace

std::string find_foreign_entry(const SandboxOptions& options) {
  if (::geteuid() == 0) return {};  // root keeps all its users and groups
  std::vector<std::string> folders = options.also;
  folders.insert(folders.begin(), options.root);
  OwnerSearch search;
  for (const std::string& path : folders) {
    const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.valid()) continue;
    std::string found = search.look(folder.get(), path, 0);
    if (!found.empty()) return found;
  }
  return {};
}

}  // namespace untorn::prove
