// SPDX-License-Identifier: Apache-2.0
#include "document/tree_place.h"

#include <filesystem>
#include <utility>

#include "base/try.h"
#include "filesystem/same_file.h"

namespace untorn::document {
namespace {

constexpr int levels_max = 64;

bool is_named(FileSystem& fs, Handle directory, const std::string& name, const Status& wanted) {
  if (name.empty() || name == "." || name == ".." || name == "/") return false;
  const auto status = fs.status_at(directory, name);
  return status && same_file(*status, wanted);
}

// The name that a directory has in the one above it; empty if none is found. The inode that a list
// tells is a hint only: on overlay file systems it may be that of a layer.
SystemResult<std::string> name_in(FileSystem& fs, Handle above, const Status& wanted,
                                  const std::string& hint) {
  if (is_named(fs, above, hint, wanted)) return hint;
  auto entries = fs.list(above);
  if (!entries) return std::unexpected(entries.error());
  for (const bool by_inode : {true, false}) {
    for (const Entry& entry : *entries) {
      if (entry.type != FileType::directory && entry.type != FileType::other) continue;
      if (by_inode != (entry.inode == wanted.inode)) continue;
      if (is_named(fs, above, entry.name, wanted)) return entry.name;
    }
  }
  return std::string();
}

}  // namespace

Result<std::optional<TreePlace>> find_above(
    FileSystem& fs, Handle start, const Status& start_status, const std::string& path,
    const std::function<Result<bool>(const TreePlace&)>& is_it) {
  const auto failed = [&path](Errno os_errno) -> Result<std::optional<TreePlace>> {
    return std::unexpected(Error::from_errno(number(os_errno), Step::open_directory,
                                             Outcome::not_applied, path, "a directory above"));
  };
  TreePlace place{.directory = OwnedHandle(), .status = start_status, .names = {}};
  std::filesystem::path hint = path;
  for (int level = 0; level < levels_max; ++level) {
    const Handle here = level == 0 ? start : place.directory.get();
    auto opened = fs.open(here, "..", {.access = Access::directory});
    if (!opened) return failed(opened.error());
    OwnedHandle above(fs, *opened);
    auto status = fs.status(above.get());
    if (!status) return failed(status.error());
    const bool is_top = same_file(*status, place.status) || status->device != place.status.device;
    if (is_top) return std::nullopt;
    auto name = name_in(fs, above.get(), place.status, hint.filename().native());
    if (!name) return failed(name.error());
    if (name->empty()) {
      return std::unexpected(Error(Code::busy, Step::open_directory, Outcome::not_applied, 0, path,
                                   "someone moves it at this moment"));
    }
    place.names.insert(place.names.begin(), *std::move(name));
    place.directory = std::move(above);
    place.status = *status;
    hint = hint.parent_path();
    UNTORN_TRY(const bool found, is_it(place));
    if (found) return place;
  }
  return std::nullopt;
}

}  // namespace untorn::document
