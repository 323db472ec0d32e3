// SPDX-License-Identifier: Apache-2.0
#include "write/resolve.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/try.h"
#include "write/parents.h"

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

  // From the working directory, or from the root.
  Result<void> begin_at_path() {
    UNTORN_CHECK(check_text());
    return enter(path_);
  }

  Result<void> begin_at_path_with_parents(const ReplaceOptions& options) {
    UNTORN_CHECK(check_text());
    auto entered = enter(path_);
    if (entered || entered.error().os_errno() != ENOENT) return entered;
    UNTORN_TRY(MadeParents made, make_parents(fs_, path_, split(path_).parent, options));
    directory_ = std::move(made.directory);
    syncs_ = made.syncs;
    return {};
  }

  // In a directory of the caller's.
  Result<void> begin_in(Handle directory) {
    UNTORN_CHECK(check_text());
    if (path_.find('/') != std::string::npos || path_ == "." || path_ == "..") {
      return std::unexpected(invalid("not a single name"));
    }
    borrowed_ = directory;
    name_ = path_;
    return {};
  }

  Result<Place> run(SymlinkPolicy policy) {
    for (int followed = 0;; ++followed) {
      UNTORN_TRY(auto status, look());
      const bool link = status && status->type == FileType::symlink;
      if (!link || policy != SymlinkPolicy::follow) {
        return Place{.directory = std::move(directory_),
                     .name = std::move(name_),
                     .status = status,
                     .borrowed = borrowed_,
                     .syncs = syncs_};
      }
      if (followed == links_followed_max) return std::unexpected(failed(ELOOP, Step::resolve));
      UNTORN_CHECK(follow(*status));
    }
  }

 private:
  [[nodiscard]] Handle here() const {
    return directory_.get() == Handle::none ? borrowed_ : directory_.get();
  }

  [[nodiscard]] Result<void> check_text() const {
    if (path_.empty()) return std::unexpected(invalid("the path is empty"));
    if (path_.find('\0') != std::string::npos) {
      return std::unexpected(invalid("the path holds a NUL byte"));
    }
    return {};
  }

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
    if (here() != Handle::none && !path.starts_with('/')) return walk(parts.parent);
    return open_directory(Handle::working_directory, parts.parent.empty() ? "." : parts.parent);
  }

  // Below a handle only single names are allowed, so a relative link is walked name by name.
  Result<void> walk(std::string_view parents) {
    while (!parents.empty()) {
      const std::size_t end = std::min(parents.find('/'), parents.size());
      const std::string_view component = parents.substr(0, end);
      parents.remove_prefix(std::min(end + 1, parents.size()));
      if (component.empty() || component == ".") continue;
      auto opened = open_directory(here(), component);
      if (opened) continue;
      // To be opened a directory must be readable; to be passed it need not be. The kernel can pass
      // it, by the whole way in words.
      // Where the way began in a directory of the caller's, there are no such words.
      const bool maybe_passable = opened.error().os_errno() == EACCES && borrowed_ == Handle::none;
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
    auto status = fs_.status_at(here(), name_);
    if (status) return std::optional<Status>(*status);
    if (number(status.error()) == ENOENT) return std::optional<Status>();
    return std::unexpected(failed(number(status.error()), Step::inspect));
  }

  // In a directory like /tmp anybody may leave a link for others to fall into. Linux refuses to
  // follow it there (fs.protected_symlinks), but it cannot see that we do, by name.
  Result<void> check_trust(const Status& link) {
    constexpr std::uint32_t sticky_and_open = 01002;
    auto directory = fs_.status(here());
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
    if (fs_.kind(here()).name == "proc") {
      return std::unexpected(Error(Code::not_regular_file, Step::resolve, Outcome::not_applied, 0,
                                   path_, "it leads to an open file of a process"));
    }
    auto text = fs_.read_link(here(), name_);
    if (!text) return std::unexpected(failed(number(text.error()), Step::resolve));
    return enter(*text);
  }

  FileSystem& fs_;
  const std::string& path_;
  OwnedHandle directory_;
  Handle borrowed_ = Handle::none;  // where the way began, if not at a path
  unsigned syncs_ = 0;
  std::string way_;  // to the directory, links replaced by their text; empty or ends with a slash
  std::string name_;
};

}  // namespace

Result<Place> resolve(FileSystem& fs, const std::string& path, SymlinkPolicy policy) {
  Resolver resolver(fs, path);
  UNTORN_CHECK(resolver.begin_at_path());
  return resolver.run(policy);
}

Result<Place> resolve(FileSystem& fs, const Origin& origin, const ReplaceOptions& options) {
  Resolver resolver(fs, origin.path);
  if (origin.directory != Handle::none) {
    UNTORN_CHECK(resolver.begin_in(origin.directory));
  } else if (options.create_parents) {
    UNTORN_CHECK(resolver.begin_at_path_with_parents(options));
  } else {
    UNTORN_CHECK(resolver.begin_at_path());
  }
  return resolver.run(options.symlink);
}

}  // namespace untorn::write
