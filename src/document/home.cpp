// SPDX-License-Identifier: Apache-2.0
#include "document/home.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <thread>
#include <utility>

#include "base/try.h"
#include "write/resolve.h"
#include "write/target.h"

namespace untorn::document {
namespace {

constexpr std::uint32_t private_directory_mode = 0700;
constexpr std::uint32_t private_file_mode = 0600;
constexpr auto pause_max = std::chrono::milliseconds(50);
constexpr std::string_view lock_name = "lock";
constexpr std::string_view ignore_name = ".gitignore";
constexpr std::string_view ignore_text = "*\n";
constexpr std::size_t file_bytes_max = std::size_t{4} << 30U;

bool is_missing(Errno os_errno) {
  return number(os_errno) == ENOENT;
}

}  // namespace

SystemResult<std::string> read_whole(FileSystem& fs, Handle file) {
  auto status = fs.status(file);
  if (!status) return std::unexpected(status.error());
  std::string content;
  // One byte more than the size, so that a file of that size ends with the second read.
  std::size_t wanted =
      static_cast<std::size_t>(std::min<std::uint64_t>(status->size, file_bytes_max)) + 1;
  for (;;) {
    const std::size_t have = content.size();
    if (have > file_bytes_max) return std::unexpected(Errno{EFBIG});
    content.resize(have + wanted);
    auto count = fs.read_at(file, have, std::as_writable_bytes(std::span(content)).subspan(have));
    if (!count) return std::unexpected(count.error());
    content.resize(have + *count);
    if (*count == 0) return content;
    wanted = std::max<std::size_t>(wanted - *count, 4096);
  }
}

Error Home::error(Errno os_errno, Step step, std::string detail) const {
  return Error::from_errno(number(os_errno), step, Outcome::not_applied, path_, std::move(detail));
}

Error Home::error(Code code, Step step, std::string detail) const {
  return {code, step, Outcome::not_applied, 0, path_, std::move(detail)};
}

Result<Home> Home::find(FileSystem& fs, const std::string& path) {
  UNTORN_TRY(write::Place place, write::resolve(fs, path, SymlinkPolicy::follow));
  Home home(fs, path);
  home.directory_ = std::move(place.directory);
  home.name_ = std::move(place.name);
  auto status = fs.status(home.directory_.get());
  if (!status) return std::unexpected(home.error(status.error(), Step::inspect));
  home.directory_status_ = *status;
  UNTORN_CHECK(home.open_folder());
  return home;
}

// Opens a folder of ours, if it is there. What another user left in a directory where everybody
// may write is not ours: it could answer damage with a content of its choice.
Result<void> Home::enter(OwnedHandle& handle, Handle parent, std::string_view name) {
  auto opened = fs_->open(parent, name, {.access = Access::directory, .follow = false});
  if (!opened) {
    if (is_missing(opened.error())) return {};
    return std::unexpected(error(opened.error(), Step::open_directory, std::string(name)));
  }
  OwnedHandle folder(*fs_, *opened);
  auto status = fs_->status(folder.get());
  if (!status) return std::unexpected(error(status.error(), Step::inspect));
  const bool trusted =
      status->user == directory_status_.user || status->user == geteuid() || status->user == 0;
  if (!trusted) {
    return std::unexpected(error(Code::permission_denied, Step::open_directory,
                                 std::string(name) + " belongs to another user"));
  }
  handle = std::move(folder);
  return {};
}

Result<void> Home::open_folder() {
  UNTORN_CHECK(enter(kept_, directory(), kept_directory_name));
  if (kept_.get() == Handle::none) return {};
  UNTORN_CHECK(enter(documents_, kept_.get(), documents_directory_name));
  if (documents_.get() == Handle::none) return {};
  return enter(folder_, documents_.get(), name_);
}

Result<void> Home::make(Handle parent, std::string_view name) {
  auto made = fs_->make_directory(parent, name, private_directory_mode);
  if (made || number(made.error()) == EEXIST) return {};
  return std::unexpected(error(made.error(), Step::create_temporary,
                               std::string(name) + ", where generations are kept"));
}

// Repositories shall not take our folder for theirs. It is made again if it is lost.
Result<void> Home::make_ignore_file() {
  auto file = fs_->open(kept_.get(), ignore_name,
                        {.access = Access::write, .create = true, .exclusive = true});
  if (!file) {
    if (number(file.error()) == EEXIST) return {};
    return std::unexpected(error(file.error(), Step::create_temporary, std::string(ignore_name)));
  }
  const OwnedHandle owned(*fs_, *file);
  auto written = fs_->write(owned.get(), std::as_bytes(std::span(ignore_text)));
  if (!written) return std::unexpected(error(written.error(), Step::write));
  return {};
}

Result<void> Home::make_folder() {
  if (folder() != Handle::none) return {};
  UNTORN_CHECK(make(directory(), kept_directory_name));
  UNTORN_CHECK(enter(kept_, directory(), kept_directory_name));
  if (kept_.get() != Handle::none) {
    UNTORN_CHECK(make_ignore_file());
    UNTORN_CHECK(make(kept_.get(), documents_directory_name));
    UNTORN_CHECK(enter(documents_, kept_.get(), documents_directory_name));
  }
  if (documents_.get() != Handle::none) {
    UNTORN_CHECK(make(documents_.get(), name_));
    UNTORN_CHECK(enter(folder_, documents_.get(), name_));
  }
  if (folder() == Handle::none) {
    return std::unexpected(
        error(Code::busy, Step::open_directory, "someone removes .untorn at this moment"));
  }
  return {};
}

Result<void> Home::sync_way() const {
  for (const Handle handle : {directory(), kept_.get(), documents_.get()}) {
    auto synced = fs_->sync(handle);
    if (!synced && !write::means_unsupported(synced.error())) {
      return std::unexpected(error(synced.error(), Step::sync_directory));
    }
  }
  return {};
}

Result<void> Home::lock(std::chrono::milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  for (auto pause = std::chrono::milliseconds(1);; pause = std::min(pause * 2, pause_max)) {
    auto opened = fs_->open(folder(), lock_name,
                            {.access = Access::read_write,
                             .create = true,
                             .follow = false,
                             .nonblocking = true,
                             .mode = private_file_mode});
    if (!opened) return std::unexpected(error(opened.error(), Step::inspect, "its lock"));
    OwnedHandle file(*fs_, *opened);
    auto locked = fs_->lock(file.get(), LockMode::exclusive);
    if (locked) {
      // A lock on a file that someone removed meanwhile is no lock.
      auto held = fs_->status(file.get());
      auto named = fs_->status_at(folder(), lock_name);
      if (held && named && held->inode == named->inode && held->device == named->device) {
        lock_ = std::move(file);
        return {};
      }
    } else if (number(locked.error()) != EWOULDBLOCK) {
      return std::unexpected(error(locked.error(), Step::inspect, "its lock"));
    }
    if (std::chrono::steady_clock::now() >= until) {
      return std::unexpected(error(Code::busy, Step::inspect, "another program holds its lock"));
    }
    std::this_thread::sleep_for(pause);
  }
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
