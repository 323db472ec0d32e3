// SPDX-License-Identifier: Apache-2.0
//
// It is scratch: nothing of it must survive a crash, so none of it goes through the FileSystem
// seam.
#include "prove/sandbox/stage.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "base/text.h"
#include "prove/sandbox/parts.h"

namespace untorn::prove {
namespace {

constexpr std::uint32_t watched_events = IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED_FROM |
                                         IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DONT_FOLLOW |
                                         IN_ONLYDIR;

std::string join(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

bool same(const std::optional<crash::History::File>& a,
          const std::optional<crash::History::File>& b) {
  if (!a || !b) return !a && !b;
  if (a->type != b->type || a->mode != b->mode || a->content.size() != b->content.size()) {
    return false;
  }
  const auto left = a->content.view();
  const auto right = b->content.view();
  return left.data() == right.data() || std::equal(left.begin(), left.end(), right.begin());
}

bool is_folder(int at, const std::string& path) {
  struct stat status = {};
  return ::fstatat(at, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

timespec coarse_now() {
  timespec now = {};
  (void)::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now;
}

bool is_before(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

}  // namespace

Stage::Stage(int lower, Descriptor target, std::string prefix, std::string path, Size size)
    : lower_(lower),
      target_(std::move(target)),
      prefix_(std::move(prefix)),
      path_(std::move(path)),
      size_(size),
      notes_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

Result<std::unique_ptr<Stage>> Stage::make(int lower, Descriptor target, const std::string& prefix,
                                           const std::string& path, Size size) {
  std::unique_ptr<Stage> stage(new Stage(lower, std::move(target), prefix, path, size));
  if (auto filled = stage->fill(); !filled) return std::unexpected(filled.error());
  return stage;
}

// From nothing, or from whatever is there.
Result<void> Stage::fill() {
  remove_content(target_.get());
  shown_.clear();
  struct stat status = {};
  CopyLimits limits = {size_.bytes_max, size_.entries_max, false, false};
  auto copied = copy_tree(lower_, target_.get(), path_, limits);
  if (!copied) return copied;
  if (::fstat(lower_, &status) == 0) {
    if (::fchown(target_.get(), status.st_uid, status.st_gid) != 0) errno = 0;  // stays ours
    (void)::fchmod(target_.get(), status.st_mode & 07777U);
  }
  if (notes_.valid() && watch("")) {
    read_notes();  // and forget what was before
    all_dirty_ = false;
    dirty_.clear();
    return {};
  }
  return std::unexpected(sandbox_error(errno, path_, "cannot be watched for changes"));
}

bool Stage::watch(const std::string& folder) {
  const std::string place = "/proc/self/fd/" + std::to_string(target_.get()) + "/" + folder;
  const int added = ::inotify_add_watch(notes_.get(), place.c_str(), watched_events);
  if (added < 0) return false;
  watched_[added] = folder;
  const int own = ::openat(target_.get(), folder.empty() ? "." : folder.c_str(),
                           O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR* stream = own < 0 ? nullptr : ::fdopendir(own);
  if (stream == nullptr) {
    if (own >= 0) ::close(own);
    return false;
  }
  bool complete = true;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    if (name == "." || name == ".." || entry->d_type != DT_DIR) continue;
    complete = watch(join(folder, name)) && complete;
  }
  ::closedir(stream);
  return complete;
}

void Stage::read_notes() {
  bool looks_closer = false;
  alignas(inotify_event) std::array<char, 1U << 14U> buffer;
  for (;;) {
    const ssize_t count = ::read(notes_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    for (ssize_t at = 0; at < count;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += static_cast<ssize_t>(sizeof *event + event->len);
      if ((event->mask & IN_Q_OVERFLOW) != 0) all_dirty_ = true;
      const auto folder = watched_.find(event->wd);
      if (folder == watched_.end()) continue;
      if ((event->mask & IN_IGNORED) != 0) {
        watched_.erase(folder);
        continue;
      }
      const std::string name = event->len > 0 ? event->name : "";
      const std::string path = name.empty() ? folder->second : join(folder->second, name);
      if (path.empty()) {
        all_dirty_ = true;
        continue;
      }
      dirty_.insert(path);
      looks_closer = looks_closer || (event->mask & IN_CREATE) != 0;
    }
  }
  if (looks_closer && !all_dirty_) look_for_links("");
}

// A file may have been changed through a second name, made and removed since: the notes speak of
// that name only. To make one changes the time of the file.
void Stage::look_for_links(const std::string& folder) {
  const int own = ::openat(target_.get(), folder.empty() ? "." : folder.c_str(),
                           O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR* stream = own < 0 ? nullptr : ::fdopendir(own);
  if (stream == nullptr) {
    if (own >= 0) ::close(own);
    all_dirty_ = true;  // a folder that cannot be read
    return;
  }
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string path = join(folder, name);
    struct stat status = {};
    if (::fstatat(target_.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISDIR(status.st_mode)) {
      if (!dirty_.contains(path)) look_for_links(path);
    } else if (!is_before(status.st_ctim, shown_at_)) {
      dirty_.insert(path);
    }
  }
  ::closedir(stream);
}

bool Stage::is_rewritten(const std::string& path) const {
  for (std::string at(folder_of(path)); !at.empty(); at = std::string(folder_of(at))) {
    if (rewritten_.contains(at)) return true;
  }
  return false;
}

Result<void> Stage::show(const Sandbox::Difference& state) {
  Files wanted;
  for (const auto& [path, file] : state) {
    const bool absolute = path.starts_with('/');
    if (prefix_.empty() ? absolute : !is_below(path, prefix_)) continue;
    wanted[prefix_.empty() ? path : path.substr(prefix_.size() + 1)] = file;
  }
  // A folder that only its content speaks of.
  Files folders;
  for (const auto& [path, file] : wanted) {
    if (!file) continue;
    for (std::string at(folder_of(path)); !at.empty(); at = std::string(folder_of(at))) {
      const auto known = wanted.find(at);
      if (known != wanted.end() ? known->second.has_value() : is_folder(lower_, at)) continue;
      folders[at] = crash::History::File{no_inode, FileType::directory, {}, 0755};
    }
  }
  for (auto& [path, file] : folders) wanted[path] = file;
  read_notes();
  if (all_dirty_) {
    if (auto filled = fill(); !filled) return filled;
  }
  auto applied = apply(wanted);
  read_notes();  // our own changes
  all_dirty_ = !applied;
  dirty_.clear();
  shown_at_ = coarse_now();
  shown_ = std::move(wanted);
  return applied;
}

Result<void> Stage::apply(const Files& wanted) {
  std::set<std::string> paths = dirty_;
  for (const auto& [path, file] : shown_) paths.insert(path);
  for (const auto& [path, file] : wanted) paths.insert(path);
  rewritten_.clear();
  for (const std::string& path : paths) {
    if (!dirty_.contains(path) && !is_rewritten(path)) {
      const auto before = shown_.find(path);
      const auto now = wanted.find(path);
      const bool known = before != shown_.end() && now != wanted.end();
      if (known && same(before->second, now->second)) continue;
    }
    if (auto done = put(path, wanted); !done) return done;
  }
  return {};
}

// Makes one path what the state wants, whatever is there.
Result<void> Stage::put(const std::string& path, const Files& wanted) {
  for (std::string at(folder_of(path)); !at.empty(); at = std::string(folder_of(at))) {
    const auto above = wanted.find(at);
    const bool stands =
        above == wanted.end() || (above->second && above->second->type == FileType::directory);
    if (!stands) return {};  // removed with it
  }
  const auto found = wanted.find(path);
  const bool from_original = found == wanted.end();
  const bool was_folder = is_folder(target_.get(), path);
  const bool wants_folder = from_original
                                ? is_folder(lower_, path)
                                : found->second && found->second->type == FileType::directory;
  const bool keeps_folder = was_folder && wants_folder && !dirty_.contains(path);
  if (!keeps_folder) {
    remove_path(target_.get(), path);
    if (was_folder || wants_folder) rewritten_.insert(path);
  }
  if (from_original) {
    if (keeps_folder) return {};
    struct stat status = {};
    if (::fstatat(lower_, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
    CopyLimits limits = {size_.bytes_max, size_.entries_max, false, false};
    if (auto copied = copy_path(lower_, target_.get(), path, limits); !copied) return copied;
  } else if (found->second) {
    if (auto written = write_path(target_.get(), path, *found->second); !written) return written;
  }
  if (wants_folder && !keeps_folder && !watch(path)) {
    return std::unexpected(sandbox_error(errno, path, "cannot be watched for changes"));
  }
  return {};
}

}  // namespace untorn::prove
