// SPDX-License-Identifier: Apache-2.0
#include "write/resolve.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/try.h"

namespace untorn::write {
namespace {

constexpr int links_followed_max = 40;  // as the kernel

struct SplitPath {
  std::string_view parent;  // "" when the path is a single name
  std::string_view name;
};

SplitPath split(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {.parent = {}, .name = path};
  // The slash stays: the parent of "/name" is "/".
  return {.parent = path.substr(0, slash + 1), .name = path.substr(slash + 1)};
}

class Resolver {
 public:
  Resolver(FileSystem& fs, const std::string& path) : fs_(fs), path_(path) {}

  Result<Place> run(SymlinkPolicy policy) {
    if (path_.empty()) return std::unexpected(invalid("the path is empty"));
    if (path_.find('\0') != std::string::npos) {
      return std::unexpected(invalid("the path holds a NUL byte"));
    }
    UNTORN_CHECK(enter(path_));
    for (int followed = 0;; ++followed) {
      UNTORN_TRY(auto status, look());
      const bool link = status && status->type == FileType::symlink;
      if (!link || policy != SymlinkPolicy::follow) {
        return Place{
            .directory = std::move(directory_), .name = std::move(name_), .status = status};
      }
      if (followed == links_followed_max) return std::unexpected(failed(ELOOP, Step::resolve));
      UNTORN_CHECK(follow(*status));
    }
  }

 private:
  [[nodiscard]] Error invalid(const char* why) const {
    return {Code::invalid_argument, Step::resolve, Outcome::not_applied, 0, path_, why};
  }
  [[nodiscard]] Error failed(int os_errno, Step step, std::string detail = {}) const {
    return Error::from_errno(os_errno, step, Outcome::not_applied, path_, std::move(detail));
  }

  // Goes to the directory that holds the last name of `path`, from where we are.
  Result<void> enter(std::string_view path) {
    const SplitPath parts = split(path);
    if (parts.name.empty() || parts.name == "." || parts.name == "..") {
      return std::unexpected(Error(Code::not_regular_file, Step::resolve, Outcome::not_applied, 0,
                                   path_, "the path names a directory"));
    }
    name_ = parts.name;
    if (path.starts_with('/')) way_.clear();
    way_ += parts.parent;
    if (directory_.get() != Handle::none && !path.starts_with('/')) {
      return walk(parts.parent);
    }
    return open_directory(Handle::working_directory, parts.parent.empty() ? "." : parts.parent);
  }

  // Below a handle only single names are allowed, so a relative link is walked name by name.
  Result<void> walk(std::string_view parents) {
    while (!parents.empty()) {
      const std::size_t end = std::min(parents.find('/'), parents.size());
      const std::string_view component = parents.substr(0, end);
      parents.remove_prefix(std::min(end + 1, parents.size()));
      if (component.empty() || component == ".") continue;
      auto opened = open_directory(directory_.get(), component);
      if (opened) continue;
      // To be opened a directory must be readable; to be passed it need not be. The kernel can pass
      // it, by the whole way in words.
      const bool maybe_passable = opened.error().os_errno() == EACCES;
      if (maybe_passable && open_directory(Handle::working_directory, way_)) return {};
      return opened;
    }
    return {};
  }

  Result<void> open_directory(Handle from, std::string_view name) {
    auto opened = fs_.open(from, name, {.access = Access::directory});
    if (!opened) {
      return std::unexpected(
          failed(number(opened.error()), Step::open_directory, std::string(name)));
    }
    directory_ = OwnedHandle(fs_, *opened);
    return {};
  }

  Result<std::optional<Status>> look() {
    auto status = fs_.status_at(directory_.get(), name_);
    if (status) return std::optional<Status>(*status);
    if (number(status.error()) == ENOENT) return std::optional<Status>();
    return std::unexpected(failed(number(status.error()), Step::inspect));
  }

  // In a directory like /tmp anybody may leave a link for others to fall into. Linux refuses to
  // follow it there (fs.protected_symlinks), but it cannot see that we do, by name.
  Result<void> check_trust(const Status& link) {
    constexpr std::uint32_t sticky_and_open = 01002;
    auto directory = fs_.status(directory_.get());
    if (!directory) return std::unexpected(failed(number(directory.error()), Step::resolve));
    const bool shared = (directory->mode & sticky_and_open) == sticky_and_open;
    if (!shared || link.user == directory->user || link.user == geteuid()) return {};
    return std::unexpected(
        failed(EACCES, Step::resolve, "a link of another user in a sticky directory"));
  }

  Result<void> follow(const Status& link) {
    UNTORN_CHECK(check_trust(link));
    // The links of /proc (where /dev/stdout leads) are not paths: their text may name another file,
    // or none, and the kernel does not go by it.
    if (fs_.kind(directory_.get()).name == "proc") {
      return std::unexpected(Error(Code::not_regular_file, Step::resolve, Outcome::not_applied, 0,
                                   path_, "it leads to an open file of a process"));
    }
    auto text = fs_.read_link(directory_.get(), name_);
    if (!text) return std::unexpected(failed(number(text.error()), Step::resolve));
    return enter(*text);
  }

  FileSystem& fs_;
  const std::string& path_;
  OwnedHandle directory_;
  std::string way_;  // to the directory, links replaced by their text; empty or ends with a slash
  std::string name_;
};

}  // namespace

Result<Place> resolve(FileSystem& fs, const std::string& path, SymlinkPolicy policy) {
  return Resolver(fs, path).run(policy);
}

}  // namespace untorn::write
