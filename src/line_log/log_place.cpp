// SPDX-License-Identifier: Apache-2.0
#include "line_log/log_place.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/try.h"
#include "filesystem/kept_folder.h"
#include "filesystem/same_file.h"
#include "untorn/replace.h"
#include "write/resolve.h"
#include "write/target.h"

namespace untorn::line_log {
namespace {

std::optional<Status> directory_status(FileSystem& fs, std::string_view path) {
  const auto opened = fs.open(Handle::working_directory, path, {.access = Access::directory});
  if (!opened) return std::nullopt;
  const OwnedHandle directory(fs, *opened);
  const auto status = fs.status(directory.get());
  return status ? std::optional(*status) : std::nullopt;
}

// Single names joined by '/', without "." and empty ones; nothing if it leads up.
std::optional<std::string> plain(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (name.empty() || name == ".") continue;
    if (name == "..") return std::nullopt;
    if (!result.empty()) result += '/';
    result += name;
  }
  return result;
}

// What of `path` is below the tree: after the longest beginning that leads to it. By identity, so
// that links on the way and ".." do not matter.
std::optional<std::string> below(FileSystem& fs, const std::string& path, const Status& tree) {
  for (std::size_t slash = path.rfind('/');; slash = path.rfind('/', slash - 1)) {
    const bool is_first = slash == std::string::npos;
    const std::string beginning = is_first ? "." : path.substr(0, slash + 1);
    const auto status = directory_status(fs, beginning);
    if (status && same_file(*status, tree)) return plain(path.substr(is_first ? 0 : slash + 1));
    if (is_first || slash == 0) return std::nullopt;
  }
}

struct Tree {
  OwnedHandle directory;  // none: that of the log
  std::string log;        // its path below the tree
};

Result<Tree> find_tree(FileSystem& fs, const LogPlace& place, const std::string& tree) {
  if (tree.empty()) return Tree{.directory = {}, .log = place.name};
  const auto opened = fs.open(Handle::working_directory, tree, {.access = Access::directory});
  if (!opened) return std::unexpected(place.error(opened.error(), Step::open_directory, tree));
  Tree found{.directory = OwnedHandle(fs, *opened), .log = {}};
  const auto status = fs.status(found.directory.get());
  if (!status) return std::unexpected(place.error(status.error(), Step::inspect, tree));
  auto log = below(fs, place.path, *status);
  if (!log && &fs == &posix_file_system()) {
    // The tree may be above the working directory.
    std::error_code failed;
    const std::filesystem::path whole = std::filesystem::absolute(place.path, failed);
    if (!failed) log = below(fs, whole.string(), *status);
  }
  if (!log || log->empty()) {
    return std::unexpected(place.error(Code::invalid_argument, Step::resolve,
                                       "the log does not lie below the folder " + tree));
  }
  found.log = std::move(*log);
  return found;
}

}  // namespace

Error LogPlace::error(Errno os_errno, Step step, std::string detail, Outcome outcome) const {
  return Error::from_errno(number(os_errno), step, outcome, path, std::move(detail));
}

Error LogPlace::error(Code code, Step step, std::string detail) const {
  return {code, step, Outcome::not_applied, 0, path, std::move(detail)};
}

Result<LogPlace> LogPlace::find(FileSystem& fs, const std::string& path, const std::string& tree) {
  LogPlace place;
  place.fs = &fs;
  place.path = path;
  UNTORN_TRY(write::Place resolved, write::resolve(fs, path, SymlinkPolicy::follow));
  place.directory = std::move(resolved.directory);
  place.name = std::move(resolved.name);
  if (resolved.status && resolved.status->type != FileType::regular) {
    return std::unexpected(place.error(Code::not_regular_file, Step::inspect, "it is no file"));
  }
  const FileSystemKind kind = fs.kind(place.directory.get());
  if (!locks_are_trusted(kind)) {
    return std::unexpected(place.error(
        Code::unsupported, Step::inspect,
        "it lies on " + kind.name + ", where locks are not known to keep other processes away"));
  }
  write::Level level = write::achievable(kind, Durability::durable);
  place.level = level.achieved;
  place.why_lower = std::move(level.why_lower);
  UNTORN_TRY(Tree found, find_tree(fs, place, tree));
  const Handle tree_handle = tree.empty() ? place.directory.get() : found.directory.get();
  UNTORN_TRY(place.mark, MarkFile::open(fs, tree_handle, std::move(found.log), path));
  return place;
}

}  // namespace untorn::line_log
