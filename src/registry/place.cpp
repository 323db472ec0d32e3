// SPDX-License-Identifier: Apache-2.0
#include "registry/place.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/try.h"
#include "registry/names.h"
#include "write/resolve.h"
#include "write/target.h"

namespace untorn::registry {
namespace {

constexpr std::size_t key_bytes_max = 255;

// Without a '/' at its end; on the real file system absolute and without links as far as it exists.
std::filesystem::path plain(FileSystem& fs, const std::filesystem::path& path) {
  std::filesystem::path result = path.lexically_normal();
  if (&fs == &posix_file_system()) {
    std::error_code error;
    std::filesystem::path canonical = std::filesystem::weakly_canonical(path, error);
    if (!error) result = std::move(canonical);
    if (result.is_relative()) result = std::filesystem::absolute(result, error);
  }
  return result.has_filename() ? result : result.parent_path();
}

Error wrong(const std::string& path, std::string detail) {
  return {Code::invalid_argument, Step::resolve, Outcome::not_applied, 0, path, std::move(detail)};
}

// A folder on the way up that already keeps this registry.
std::optional<std::filesystem::path> known_tree(FileSystem& fs,
                                                const std::filesystem::path& folder) {
  auto opened = open_folder(fs, folder.native());
  if (!opened || opened->get() == Handle::none) return std::nullopt;
  const auto here = fs.status(opened->get());
  for (std::filesystem::path above = folder; here;) {
    auto handle = open_folder(fs, above.native());
    if (!handle || handle->get() == Handle::none) return std::nullopt;
    const auto status = fs.status(handle->get());
    if (!status || status->device != here->device) return std::nullopt;
    const std::string key =
        key_of(above == folder ? std::string() : folder.lexically_relative(above).native());
    if (auto kept = KeptFolder::find(fs, handle->get(), above.native());
        kept && kept->handle() != Handle::none) {
      auto store = kept->find_folder(kept->handle(), store_name);
      if (store && store->get() != Handle::none && fs.status_at(store->get(), key)) return above;
    }
    if (!above.has_relative_path() || above.parent_path().empty()) return std::nullopt;
    above = above.parent_path();
  }
  return std::nullopt;
}

}  // namespace

Result<OwnedHandle> open_folder(FileSystem& fs, const std::string& path) {
  auto opened = fs.open(Handle::working_directory, path, {.access = Access::directory});
  if (opened) return OwnedHandle(fs, *opened);
  if (number(opened.error()) == ENOENT) return OwnedHandle();
  return std::unexpected(
      Error::from_errno(number(opened.error()), Step::open_directory, Outcome::not_applied, path));
}

Result<Place> Place::find(FileSystem& fs, const std::filesystem::path& folder,
                          const RegistryOptions& options) {
  if (folder.empty() || folder.native().contains('\0')) {
    return std::unexpected(wrong(folder.native(), "it is no name of a directory"));
  }
  Place place(fs);
  const std::filesystem::path path = plain(fs, folder);
  place.folder_ = path.native();
  UNTORN_TRY(const OwnedHandle handle, open_folder(fs, place.folder_));
  if (handle.get() == Handle::none && !options.create) {
    return std::unexpected(place.error(Errno{ENOENT}, Step::open_directory, {}));
  }
  std::filesystem::path tree = path;
  if (!options.tree.empty()) {
    tree = plain(fs, options.tree);
  } else if (auto known = known_tree(fs, path)) {
    tree = std::move(*known);
  }
  place.tree_ = tree.native();
  if (tree != path) place.relative_ = path.lexically_relative(tree).native();
  const bool will_be_made = handle.get() == Handle::none && tree == path;
  if (!will_be_made) UNTORN_CHECK(place.check_tree());
  return place;
}

Result<void> Place::check_tree() const {
  if (relative_ == "." || relative_ == ".." || relative_.starts_with("../")) {
    return std::unexpected(wrong(tree_, "the registry's folder is not below this tree"));
  }
  if (key_of(relative_).size() > key_bytes_max) {
    return std::unexpected(wrong(folder_, "it lies too deep below " + tree_));
  }
  UNTORN_TRY(const OwnedHandle handle, open_folder(*fs_, tree_));
  if (handle.get() == Handle::none) {
    return std::unexpected(
        Error::from_errno(ENOENT, Step::open_directory, Outcome::not_applied, tree_));
  }
  return {};
}

Result<void> Place::make_tree() const {
  UNTORN_TRY(const OwnedHandle handle, open_folder(*fs_, tree_));
  if (handle.get() != Handle::none) return {};
  UNTORN_TRY(const write::Place place, write::resolve(*fs_, tree_, SymlinkPolicy::refuse));
  constexpr std::uint32_t folder_mode = 0777;  // less the umask
  auto made = fs_->make_directory(place.directory.get(), place.name, folder_mode);
  if (!made && number(made.error()) != EEXIST) {
    return std::unexpected(error(made.error(), Step::create_temporary, {}));
  }
  auto synced = fs_->sync(place.directory.get());
  if (!synced && !write::means_unsupported(synced.error())) {
    return std::unexpected(error(synced.error(), Step::sync_directory, {}));
  }
  return {};
}

std::string Place::path_of(std::string_view file) const {
  return relative_.empty() ? std::string(file) : relative_ + "/" + std::string(file);
}

std::string Place::store_of(std::string_view entry, std::string_view file) const {
  std::string path = std::string(kept_folder_name) + "/" + std::string(store_name) + "/" +
                     key_of(relative_) + "/" + std::string(entry);
  return file.empty() ? path : path + "/" + std::string(file);
}

std::string Place::shown(std::string_view file) const {
  return file.empty() ? folder_ : folder_ + "/" + std::string(file);
}

Error Place::error(Errno os_errno, Step step, std::string_view file) const {
  return Error::from_errno(number(os_errno), step, Outcome::not_applied, shown(file));
}

Error Place::error(Code code, Step step, std::string_view file, std::string detail) const {
  return {code, step, Outcome::not_applied, 0, shown(file), std::move(detail)};
}

}  // namespace untorn::registry
