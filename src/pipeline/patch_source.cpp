// SPDX-License-Identifier: Apache-2.0
#include "pipeline/patch_source.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/refusal.h"
#include "base/try.h"
#include "filesystem/read_whole.h"
#include "filesystem/same_file.h"

namespace untorn::pipeline {
namespace {

Error failed(Errno os_errno, std::string_view path) {
  return Error::from_errno(number(os_errno), Step::inspect, Outcome::not_applied,
                           std::string(path));
}

}  // namespace

Result<PatchSource> PatchSource::open(FileSystem& fs, const std::string& root) {
  auto opened = fs.open(Handle::working_directory, root, {.access = Access::directory});
  if (!opened) {
    return std::unexpected(Error::from_errno(number(opened.error()), Step::open_directory,
                                             Outcome::not_applied, root));
  }
  return PatchSource(fs, OwnedHandle(fs, *opened));
}

Result<PatchSource::Place> PatchSource::find(std::string_view path) const {
  Place place;
  place.directory = root_.get();
  for (std::size_t begin = 0;;) {
    const std::size_t end = path.find('/', begin);
    place.name = path.substr(begin, end - begin);
    auto status = fs_->status_at(place.directory, place.name);
    if (!status && !is_missing(status.error())) {
      return std::unexpected(failed(status.error(), path));
    }
    if (status && status->type == FileType::symlink) {
      return std::unexpected(refusal(Code::invalid_argument, std::string(path),
                                     "\"" + std::string(path.substr(0, end)) +
                                         "\" is a symbolic link, and a patch follows none"));
    }
    if (end == std::string_view::npos) return place;
    if (!status || status->type != FileType::directory) {
      place.directory = Handle::none;
      place.below_file = status.has_value();
      return place;
    }
    auto opened =
        fs_->open(place.directory, place.name, {.access = Access::directory, .follow = false});
    if (!opened) return std::unexpected(failed(opened.error(), path));
    place.opened = OwnedHandle(*fs_, *opened);
    place.directory = *opened;
    begin = end + 1;
  }
}

Result<SourceFile> PatchSource::look(std::string_view path) const {
  UNTORN_TRY(const Place place, find(path));
  SourceFile file;
  if (place.directory == Handle::none) {
    if (place.below_file) file.kind = SourceFile::Kind::below_no_folder;
    return file;
  }
  const auto found = fs_->status_at(place.directory, place.name);
  if (!found) {
    if (is_missing(found.error())) return file;
    return std::unexpected(failed(found.error(), path));
  }
  if (found->type != FileType::regular) {
    file.kind =
        found->type == FileType::directory ? SourceFile::Kind::directory : SourceFile::Kind::other;
    return file;
  }
  auto opened = fs_->open(place.directory, place.name, {.follow = false, .nonblocking = true});
  if (!opened) return std::unexpected(failed(opened.error(), path));
  const OwnedHandle handle(*fs_, *opened);
  const auto status = fs_->status(handle.get());
  if (!status) return std::unexpected(failed(status.error(), path));
  if (status->size > file_bytes_max) {
    return std::unexpected(refusal(Code::unsupported, std::string(path),
                                   "it is larger than 1 GiB, the most that is patched"));
  }
  auto content = read_whole(*fs_, handle.get());
  if (!content) return std::unexpected(failed(content.error(), path));
  file.kind = SourceFile::Kind::regular;
  file.content = *std::move(content);
  file.mode = status->mode;
  return file;
}

Result<std::vector<Entry>> PatchSource::list(std::string_view path) const {
  UNTORN_TRY(const Place place, find(path));
  if (place.directory == Handle::none) return std::vector<Entry>();
  auto opened =
      fs_->open(place.directory, place.name, {.access = Access::directory, .follow = false});
  if (!opened) return std::unexpected(failed(opened.error(), path));
  const OwnedHandle handle(*fs_, *opened);
  auto entries = fs_->list(handle.get());
  if (!entries) return std::unexpected(failed(entries.error(), path));
  return *std::move(entries);
}

Result<bool> PatchSource::has_folder(std::string_view path) const {
  UNTORN_TRY(const Place place, find(path));
  if (place.directory == Handle::none) return false;
  const auto status = fs_->status_at(place.directory, place.name);
  if (status) return status->type == FileType::directory;
  if (is_missing(status.error())) return false;
  return std::unexpected(failed(status.error(), path));
}

}  // namespace untorn::pipeline
