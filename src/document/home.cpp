// SPDX-License-Identifier: Apache-2.0
#include "document/home.h"

#include <cerrno>
#include <utility>

#include "base/try.h"
#include "counters/timing.h"
#include "document/tree_place.h"
#include "filesystem/read_whole.h"
#include "filesystem/same_file.h"
#include "write/resolve.h"
#include "write/target.h"

namespace untorn::document {
namespace {

constexpr std::string_view ignore_file_name = ".gitignore";

// The last of `names` below `parent`, one folder of ours after the other; those above it go to
// `above`. None if one is missing.
Result<OwnedHandle> open_way(const KeptFolder& kept, const std::vector<std::string>& names,
                             std::vector<OwnedHandle>& above) {
  OwnedHandle last;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Handle parent = i == 0 ? kept.handle() : last.get();
    UNTORN_TRY(OwnedHandle next, kept.find_folder(parent, names[i]));
    if (i > 0) above.push_back(std::move(last));
    if (next.get() == Handle::none) return next;
    last = std::move(next);
  }
  return last;
}

}  // namespace

Error Home::error(Errno os_errno, Step step, std::string detail) const {
  return Error::from_errno(number(os_errno), step, Outcome::not_applied, path_, std::move(detail));
}

Error Home::error(Code code, Step step, std::string detail) const {
  return {code, step, Outcome::not_applied, 0, path_, std::move(detail)};
}

Result<Home> Home::find_directory(FileSystem& fs, const std::string& path) {
  UNTORN_TRY(write::Place place, write::resolve(fs, path, SymlinkPolicy::follow));
  Home home(fs, path);
  home.directory_ = std::move(place.directory);
  home.name_ = std::move(place.name);
  auto status = fs.status(home.directory_.get());
  if (!status) return std::unexpected(home.error(status.error(), Step::inspect));
  home.directory_status_ = *status;
  return home;
}

Result<Home> Home::find(FileSystem& fs, const std::string& path,
                        const std::filesystem::path& tree) {
  UNTORN_TRY(Home home, find_directory(fs, path));
  if (!tree.empty()) {
    auto opened = fs.open(Handle::working_directory, tree.native(), {.access = Access::directory});
    if (!opened) {
      return std::unexpected(home.error(opened.error(), Step::open_directory, tree.native()));
    }
    const OwnedHandle owned(fs, *opened);
    auto status = fs.status(owned.get());
    if (!status) return std::unexpected(home.error(status.error(), Step::inspect, tree.native()));
    if (!same_file(*status, home.directory_status_)) UNTORN_CHECK(home.climb_to(*status));
  }
  UNTORN_CHECK(home.open_folders());
  if (home.tree_.get() != Handle::none) UNTORN_CHECK(home.open_older());
  return home;
}

Result<void> Home::climb_to(const Status& tree) {
  const std::string parent = std::filesystem::path(path_).parent_path().native();
  UNTORN_TRY(auto found, find_above(*fs_, directory(), directory_status_, parent,
                                    [&tree](const TreePlace& place) -> Result<bool> {
                                      return same_file(place.status, tree);
                                    }));
  if (!found) return {};  // a link led elsewhere
  tree_ = std::move(found->directory);
  way_ = std::move(found->names);
  return {};
}

Result<Home> Home::find_kept(FileSystem& fs, const std::string& path) {
  UNTORN_TRY(Home home, find(fs, path));
  const std::string parent = std::filesystem::path(path).parent_path().native();
  const auto keeps = [&](const TreePlace& place) -> Result<bool> {
    auto kept = KeptFolder::find(fs, place.directory.get(), path);
    // What may not be looked at, or is not ours, keeps nothing for us.
    if (!kept || kept->handle() == Handle::none) return false;
    home.way_ = place.names;
    std::vector<OwnedHandle> above;
    const auto folder = open_way(*kept, home.way_names(), above);
    return folder && folder->get() != Handle::none;
  };
  auto found = find_above(fs, home.directory(), home.directory_status_, parent, keeps);
  home.way_.clear();
  // Above what may not be looked at, nothing can be found by who looks after the document.
  if (!found && found.error().code() == Code::permission_denied) return home;
  if (!found) return std::unexpected(found.error());
  if (!*found) return home;
  home.tree_ = std::move((*found)->directory);
  home.way_ = std::move((*found)->names);
  UNTORN_CHECK(home.open_folders());
  UNTORN_CHECK(home.open_older());
  return home;
}

std::vector<std::string> Home::way_names() const {
  std::vector<std::string> names = {std::string(documents_directory_name)};
  names.insert(names.end(), way_.begin(), way_.end());
  names.push_back(name_);
  return names;
}

Result<void> Home::open_folders() {
  const Handle tree = tree_.get() == Handle::none ? directory() : tree_.get();
  UNTORN_TRY(kept_, KeptFolder::find(*fs_, tree, path_));
  if (kept_.handle() == Handle::none) return {};
  above_folder_.clear();
  UNTORN_TRY(folder_, open_way(kept_, way_names(), above_folder_));
  return {};
}

Result<void> Home::open_older() {
  UNTORN_TRY(older_kept_, KeptFolder::find(*fs_, directory(), path_));
  if (older_kept_.handle() == Handle::none) return {};
  UNTORN_TRY(older_documents_,
             older_kept_.find_folder(older_kept_.handle(), documents_directory_name));
  if (older_documents_.get() == Handle::none) return {};
  UNTORN_TRY(older_, older_kept_.find_folder(older_documents_.get(), name_));
  return {};
}

Result<void> Home::make_folder() {
  if (folder() != Handle::none) return {};
  UNTORN_CHECK(kept_.make());
  above_folder_.clear();
  OwnedHandle last;
  for (const std::string& name : way_names()) {
    const bool is_first = last.get() == Handle::none;
    UNTORN_TRY(OwnedHandle next, kept_.make_folder(is_first ? kept_.handle() : last.get(), name));
    if (!is_first) above_folder_.push_back(std::move(last));
    last = std::move(next);
  }
  folder_ = std::move(last);
  return {};
}

Result<void> Home::sync_way(Counters* counters) const {
  std::vector<Handle> way = {tree_.get() == Handle::none ? directory() : tree_.get(),
                             kept_.handle()};
  for (const OwnedHandle& handle : above_folder_) way.push_back(handle.get());
  for (const Handle handle : way) {
    auto synced = counters::timed_sync(counters, [&] { return fs_->sync(handle); });
    if (!synced && !write::means_unsupported(synced.error())) {
      return std::unexpected(error(synced.error(), Step::sync_directory));
    }
  }
  return {};
}

Result<void> Home::lock(std::chrono::milliseconds wait) {
  UNTORN_TRY(lock_, take_lock(*fs_, folder(), lock_file_name, path_, {.wait = wait}));
  if (older() == Handle::none) return {};
  UNTORN_TRY(older_lock_, take_lock(*fs_, older(), lock_file_name, path_, {.wait = wait}));
  return {};
}

void Home::remove_older() {
  // Each fails, and the next ones with it, where something is left that is not ours to remove.
  if (!fs_->unlink(older(), lock_file_name)) return;
  if (!fs_->remove_directory(older_documents_.get(), name_)) return;
  older_ = OwnedHandle();
  if (!fs_->remove_directory(older_kept_.handle(), documents_directory_name)) return;
  const auto left = fs_->list(older_kept_.handle());
  if (!left || left->size() != 1 || left->front().name != ignore_file_name) return;
  if (!fs_->unlink(older_kept_.handle(), ignore_file_name)) return;
  (void)fs_->remove_directory(directory(), kept_folder_name);
}

Result<std::optional<FileContent>> Home::read() const {
  auto opened = fs_->open(directory(), name_, {.follow = false, .nonblocking = true});
  if (!opened) {
    if (is_missing(opened.error())) return std::optional<FileContent>();
    const bool special = number(opened.error()) == ENXIO || number(opened.error()) == ELOOP;
    if (special) {
      return std::unexpected(error(Code::not_regular_file, Step::inspect, "it is no file"));
    }
    return std::unexpected(error(opened.error(), Step::inspect));
  }
  const OwnedHandle file(*fs_, *opened);
  FileContent content;
  auto status = fs_->status(file.get());
  if (!status) return std::unexpected(error(status.error(), Step::inspect));
  if (status->type != FileType::regular) {
    return std::unexpected(
        error(Code::not_regular_file, Step::inspect,
              status->type == FileType::directory ? "it is a directory" : "it is no file"));
  }
  content.status = *status;
  auto bytes = read_whole(*fs_, file.get());
  if (!bytes) return std::unexpected(error(bytes.error(), Step::inspect));
  content.bytes = std::move(*bytes);
  return content;
}

}  // namespace untorn::document
