// SPDX-License-Identifier: Apache-2.0
//
// A folder that is made between the listing of its parent and the watch on it is announced by
// nobody. So the walk is repeated until it finds nothing new.
#include "watch/folder_events.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "health/walk.h"

namespace untorn::watch {
namespace {

constexpr std::uint32_t announced = IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE |
                                    IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR | IN_DONT_FOLLOW |
                                    IN_EXCL_UNLINK;
// Somebody may make folders faster than they can be walked.
constexpr int walks_max = 8;
constexpr std::string_view kept_folder = ".untorn";
constexpr std::string_view counters_folder = "counters";

std::string join(const std::string& folder, std::string_view name) {
  if (name.empty()) return folder;
  std::string path = folder;
  if (!path.ends_with('/')) path += '/';
  return path.append(name);
}

bool is_below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder.ends_with('/') ? folder : folder + "/");
}

// The tree that an `.untorn/counters` belongs to; "" for any other path.
std::string tree_of_counters(const std::string& path) {
  static const std::string ending = join("/" + std::string(kept_folder), counters_folder);
  if (!path.ends_with(ending)) return "";
  const std::string tree = path.substr(0, path.size() - ending.size());
  return tree.empty() ? "/" : tree;
}

}  // namespace

FolderEvents::FolderEvents(FileSystem& fs) : fs_(fs) {
  open();
}

FolderEvents::~FolderEvents() {
  if (descriptor_ >= 0) (void)close(descriptor_);
}

void FolderEvents::open() {
  descriptor_ = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (descriptor_ >= 0) return;
  reason_ = errno == EMFILE ? "no inotify instance is left (fs.inotify.max_user_instances)"
                            : "inotify: " + health::reason_of(errno);
}

void FolderEvents::add(const std::string& folder) {
  // Nobody announces that these are gone.
  std::erase_if(unwatched_, [&](const std::string& each) { return is_below(each, folder); });
  for (int walks = 0; walks < walks_max && walk_once(folder) > 0; ++walks) {
  }
}

std::size_t FolderEvents::walk_once(const std::string& folder) {
  const auto root = fs_.open(Handle::working_directory, folder, {.access = Access::directory});
  if (!root) return 0;  // it is gone, or the look will say why it cannot be opened
  const OwnedHandle owned(fs_, *root);
  std::size_t added = 0;
  health::WalkEvents events;
  events.folder = [&](const health::FolderView& view) {
    const std::string path = join(folder, view.path);
    if (const std::string tree = tree_of_counters(path); !tree.empty()) {
      trees_.insert(tree);
    } else if (watch_folder(path)) {
      ++added;
    }
    return true;
  };
  (void)health::walk(fs_, *root, events);
  return added;
}

bool FolderEvents::watch_folder(const std::string& folder) {
  int watch = -1;
  if (descriptor_ >= 0) {
    watch = inotify_add_watch(descriptor_, folder.c_str(), announced);
    if (watch < 0 && errno != ENOENT) {
      reason_ = errno == ENOSPC ? "the limit of watches is reached (fs.inotify.max_user_watches)"
                                : health::reason_of(errno);
    }
  }
  if (watch < 0) return unwatched_.insert(folder).second;
  unwatched_.erase(folder);
  // The watch follows the folder, also when it was moved.
  const auto [known, inserted] = folders_.try_emplace(watch, folder);
  if (!inserted && known->second == folder) return false;
  if (!inserted) watches_.erase(known->second);
  known->second = folder;
  const auto [named, fresh] = watches_.try_emplace(folder, watch);
  if (!fresh && named->second != watch) {  // another folder has taken the name of the first
    (void)inotify_rm_watch(descriptor_, named->second);
    folders_.erase(named->second);
    named->second = watch;
  }
  return true;
}

void FolderEvents::forget_below(const std::string& folder) {
  std::erase_if(unwatched_, [&](const std::string& each) { return is_below(each, folder); });
  std::erase_if(watches_, [&](const auto& each) {
    if (!is_below(each.first, folder)) return false;
    (void)inotify_rm_watch(descriptor_, each.second);
    folders_.erase(each.second);
    return true;
  });
}

void FolderEvents::read(const std::function<void(const FolderEvent&)>& found) {
  if (descriptor_ < 0) return;
  constexpr std::size_t buffer_bytes = 65'536;
  std::vector<char> buffer(buffer_bytes);
  const ssize_t got = ::read(descriptor_, buffer.data(), buffer.size());
  if (got <= 0) return;
  const auto length = static_cast<std::size_t>(got);
  for (std::size_t at = 0; at + sizeof(inotify_event) <= length;) {
    inotify_event event = {};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    const char* const name = buffer.data() + at + sizeof event;
    take(event.wd, event.mask, std::string(name, strnlen(name, event.len)), found);
    at += sizeof event + event.len;
  }
}

void FolderEvents::take(int watch, std::uint32_t mask, const std::string& name,
                        const std::function<void(const FolderEvent&)>& found) {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    ++overflows_;
    found({.kind = FolderEventKind::overflow, .path = {}});
    return;
  }
  const auto folder = folders_.find(watch);
  if (folder == folders_.end()) return;
  if ((mask & IN_IGNORED) != 0) {  // it was removed, or its file system was unmounted
    watches_.erase(folder->second);
    folders_.erase(folder);
    return;
  }
  const bool is_folder = (mask & IN_ISDIR) != 0;
  const std::string path = join(folder->second, name);
  FolderEvent event = {.kind = FolderEventKind::changed, .path = path, .folder = is_folder};
  if ((mask & (IN_CREATE | IN_MOVED_TO)) != 0) {
    if (is_folder) add(path);
    event.kind = (mask & IN_CREATE) != 0 ? FolderEventKind::appeared : FolderEventKind::moved_here;
  } else if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0) {
    if (is_folder) forget_below(path);
    event.kind = FolderEventKind::gone;
  } else if ((mask & IN_CLOSE_WRITE) != 0) {
    event.kind = FolderEventKind::closed;
  } else if ((mask & IN_MODIFY) == 0) {
    return;
  }
  found(event);
}

bool FolderEvents::is_watched(const std::string& folder) const {
  return watches_.contains(folder);
}

Coverage FolderEvents::coverage() const {
  return {.watched_folders = watches_.size(),
          .unwatched_folders = unwatched_.size(),
          .overflows = overflows_,
          .reason = unwatched_.empty() ? "" : reason_};
}

}  // namespace untorn::watch
