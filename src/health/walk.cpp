// SPDX-License-Identifier: Apache-2.0
//
// Invariants:
// W1  A folder is entered by its single name below its parent's handle, without following links.
// W2  Handles of folders near the root are given up while the walk is far below. On the way back a
//     folder is reached by ".." of the child, and counts only if it is the one that was left.
#include "health/walk.h"
#include "filesystem/same_file.h"

#include <cerrno>
#include <utility>

namespace untorn::health {
namespace {

constexpr std::size_t open_folders_max = 64;

class Walk {
 public:
  Walk(FileSystem& fs, const WalkEvents& events) : fs_(fs), events_(events) {}

  bool run(Handle root) {
    const auto status = fs_.status(root);
    if (!status) {
      skip("", SkipReason::failed, status.error());
      return true;
    }
    device_ = status->device;
    frames_.push_back({.owned = {}, .handle = root, .status = *status});
    if (!look_at_top()) return false;
    while (!frames_.empty()) {
      if (frames_.back().waiting.empty()) {
        leave();
      } else if (enter_next() && !look_at_top()) {
        return false;
      }
    }
    return true;
  }

 private:
  // A folder that the walk is in, from the root down.
  struct Frame {
    OwnedHandle owned;  // of every folder but the root
    Handle handle = Handle::none;
    Status status;
    std::vector<std::string> waiting = {};  // subfolders to enter, the next one last
    std::size_t parent_path_size = 0;       // of path_, to go back to
  };

  void skip(const std::string& path, SkipReason reason, Errno error = Errno{}) const {
    if (events_.skipped) events_.skipped(path, reason, error);
  }

  // Lists the folder on top and shows it.
  bool look_at_top() {
    Frame& top = frames_.back();
    auto entries = fs_.list(top.handle);
    if (!entries) {
      skip(path_, SkipReason::failed, entries.error());
      return true;
    }
    for (Entry& entry : *entries) resolve_type(top.handle, entry);
    const FolderView view = {
        .handle = top.handle, .status = top.status, .path = path_, .entries = *entries};
    if (!events_.folder(view)) return false;
    for (auto entry = entries->rbegin(); entry != entries->rend(); ++entry) {
      if (entry->type == FileType::directory) top.waiting.push_back(std::move(entry->name));
    }
    return true;
  }

  // Some file systems list names without types.
  void resolve_type(Handle folder, Entry& entry) {
    if (entry.type != FileType::other) return;
    if (const auto status = fs_.status_at(folder, entry.name)) entry.type = status->type;
  }

  // True if the next waiting subfolder of the top is the new top.
  bool enter_next() {
    Frame& top = frames_.back();
    const std::string name = std::move(top.waiting.back());
    top.waiting.pop_back();
    const std::size_t parent_path_size = path_.size();
    const std::string path = path_.empty() ? name : path_ + "/" + name;
    auto opened = fs_.open(top.handle, name, {.access = Access::directory, .follow = false});
    if (!opened) {
      // Removed or replaced since it was listed: then there is no folder to look at.
      const int os_errno = number(opened.error());
      const bool gone = os_errno == ENOENT || os_errno == ENOTDIR || os_errno == ELOOP;
      if (!gone) skip(path, SkipReason::failed, opened.error());
      return false;
    }
    OwnedHandle owned(fs_, *opened);
    const auto status = fs_.status(owned.get());
    if (!status) {
      skip(path, SkipReason::failed, status.error());
      return false;
    }
    if (events_.enters && !events_.enters(*status)) return false;
    if (status->device != device_) {
      skip(path, SkipReason::other_file_system);
      return false;
    }
    path_ = path;
    frames_.push_back({.owned = std::move(owned),
                       .handle = *opened,
                       .status = *status,
                       .parent_path_size = parent_path_size});
    give_up_far_handle();
    return true;
  }

  void give_up_far_handle() {
    if (frames_.size() <= open_folders_max) return;
    Frame& far = frames_[frames_.size() - 1 - open_folders_max];
    if (far.owned.get() == Handle::none) return;  // the root is not ours to close
    far.owned.reset();
    far.handle = Handle::none;
  }

  // Goes back to the parent of the top.
  void leave() {
    const Frame done = std::move(frames_.back());
    frames_.pop_back();
    path_.resize(done.parent_path_size);
    // Even a folder in which nothing waits is the way back to its own parent.
    if (!frames_.empty() && frames_.back().handle == Handle::none) reopen(frames_.back(), done);
  }

  void reopen(Frame& frame, const Frame& child) {
    if (child.handle == Handle::none) return give_up(frame);
    auto opened = fs_.open(child.handle, "..", {.access = Access::directory});
    if (!opened) return give_up(frame);
    OwnedHandle owned(fs_, *opened);
    const auto status = fs_.status(owned.get());
    if (!status || !same_file(*status, frame.status)) {
      return give_up(frame);
    }
    frame.handle = *opened;
    frame.owned = std::move(owned);
  }

  void give_up(Frame& frame) {
    if (!frame.waiting.empty()) skip(path_, SkipReason::moved);
    frame.waiting.clear();
  }

  FileSystem& fs_;
  const WalkEvents& events_;
  std::vector<Frame> frames_;
  std::string path_;
  std::uint64_t device_ = 0;
};

}  // namespace

bool walk(FileSystem& fs, Handle root, const WalkEvents& events) {
  return Walk(fs, events).run(root);
}

}  // namespace untorn::health
