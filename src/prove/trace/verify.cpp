// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/verify.h"

#include "filesystem/posix_values.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>
#include <unordered_map>

namespace untorn::prove {
namespace {

constexpr std::size_t differences_max = 100;
constexpr useconds_t clock_pause_us = 500;

bool is_before(const timespec& moment, const timespec& other) {
  return moment.tv_sec < other.tv_sec ||
         (moment.tv_sec == other.tv_sec && moment.tv_nsec < other.tv_nsec);
}

timespec time_of(clockid_t clock) {
  timespec moment = {};
  (void)::clock_gettime(clock, &moment);
  return moment;
}

class TreeComparison {
 public:
  TreeComparison(TracedTree& tree, const std::set<InodeId>& unknown, const timespec& begin,
                 std::vector<std::string>& differences)
      : tree_(tree), unknown_(unknown), begin_(begin), differences_(differences) {}

  void run() {
    replay();
    for (const auto& [place, inode] : tree_.names()) {
      if (differences_.size() >= differences_max) return;
      compare_name(place.first, place.second, inode);
    }
    for (std::size_t i = 0; i < tree_.trees().size(); ++i) {
      const Tree& tree = tree_.trees()[i];
      if (tree.upper >= 0) {
        look_for_strangers(tree.upper, ".", tree_.tree_root(i), i);
      } else {
        compare_copy(tree.path, ".", tree_.tree_root(i), i);
      }
    }
  }

 private:
  // The content that the log gives to each inode at the end.
  void replay() {
    for (const Operation& operation : tree_.log().operations) {
      if (operation.kind != OperationKind::write && operation.kind != OperationKind::truncate) {
        continue;
      }
      const auto [entry, fresh] = content_.try_emplace(operation.inode);
      std::vector<std::byte>& bytes = entry->second;
      if (fresh) {
        const auto initial = tree_.inode(operation.inode).content.view();
        bytes.assign(initial.begin(), initial.end());
      }
      if (operation.kind == OperationKind::truncate) {
        bytes.resize(operation.size);
        continue;
      }
      const auto payload = operation.payload.view();
      const std::size_t end = operation.offset + payload.size();
      if (bytes.size() < end) bytes.resize(end);
      std::ranges::copy(payload, bytes.begin() + static_cast<std::ptrdiff_t>(operation.offset));
    }
  }

  // The real path of a directory of the log, if it still has a name.
  std::optional<std::string> path_of(InodeId directory) {
    for (std::size_t i = 0; i < tree_.trees().size(); ++i) {
      if (tree_.tree_root(i) == directory) return tree_.trees()[i].path;
    }
    if (parents_.empty()) {
      for (const auto& [place, inode] : tree_.names()) {
        if (inode != no_inode) parents_[inode] = place;
      }
    }
    const auto parent = parents_.find(directory);
    if (parent == parents_.end()) return {};
    // The folder without a name holds the absolute paths of extra folders.
    if (parent->second.second.empty()) return "";
    const auto above = path_of(parent->second.first);
    if (!above) return {};
    return *above + "/" + parent->second.second;
  }

  void differ(const std::string& path, const char* what) {
    if (differences_.size() < differences_max) differences_.push_back(path + what);
  }

  void compare_name(InodeId directory, const std::string& name, InodeId inode) {
    const auto folder = path_of(directory);
    if (!folder || name.empty()) return;
    const std::string path = *folder + "/" + name;
    struct stat status = {};
    const bool there = ::lstat(path.c_str(), &status) == 0;
    if (inode == no_inode) {
      if (there) differ(path, " is there, but the recorded calls removed it");
      return;
    }
    if (!there) return differ(path, " is missing, but no recorded call removed it");
    const Inode& expected = tree_.inode(inode);
    if (type_of_mode(status.st_mode) != expected.type) {
      return differ(path, " is of another kind than the recorded calls say");
    }
    if (unknown_.contains(inode)) return;
    if (expected.type == FileType::regular && !same_content(path, inode)) {
      differ(path, " holds other bytes than the recorded calls wrote");
    }
    if (expected.type == FileType::symlink && !same_target(path, expected.content.text())) {
      differ(path, " leads elsewhere than the recorded calls say");
    }
  }

  static bool same_target(const std::string& path, std::string_view expected) {
    std::array<char, PATH_MAX> target = {};
    const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
    return size >= 0 && std::string_view(target.data(), static_cast<std::size_t>(size)) == expected;
  }

  bool same_content(const std::string& path, InodeId inode) {
    const auto replayed = content_.find(inode);
    const std::span<const std::byte> expected = replayed != content_.end()
                                                    ? std::span<const std::byte>(replayed->second)
                                                    : tree_.inode(inode).content.view();
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    struct stat status = {};
    if (!file.valid()) return errno == EACCES;  // a file that its owner may not read: no evidence
    if (::fstat(file.get(), &status) != 0 ||
        static_cast<std::size_t>(status.st_size) != expected.size()) {
      return false;
    }
    std::vector<std::byte> piece(std::min<std::size_t>(expected.size(), 1U << 16U));
    for (std::size_t done = 0; done < expected.size();) {
      const ssize_t count = ::read(file.get(), piece.data(), piece.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      const auto size = static_cast<std::size_t>(count);
      if (done + size > expected.size() ||
          std::memcmp(piece.data(), expected.data() + done, size) != 0) {
        return false;
      }
      done += size;
    }
    return true;
  }

  // What the upper layer of the overlay holds and no recorded call touched.
  void look_for_strangers(int folder, const std::string& path, InodeId directory,
                          std::size_t tree) {
    for_each_name(folder, [&](const std::string& name, const struct stat& status) {
      const auto known = tree_.names().find({directory, name});
      const std::string below = path == "." ? name : path + "/" + name;
      if (known == tree_.names().end() && !S_ISDIR(status.st_mode)) {
        differ(tree_.trees()[tree].path + "/" + below, " changed without a recorded call");
        return;
      }
      // The overlay copies a folder when something in it changes. What lies below a folder that
      // no recorded call touched is known by no recorded call either.
      const InodeId inode = known == tree_.names().end() ? no_inode : known->second;
      if (S_ISDIR(status.st_mode)) {
        const Descriptor inner(
            ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (inner.valid()) look_for_strangers(inner.get(), below, inode, tree);
      }
    });
  }

  // The same for a copy: names that no recorded call touched are as in the original.
  void compare_copy(const std::string& real, const std::string& path, InodeId directory,
                    std::size_t tree) {
    const Descriptor folder(::open(real.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.valid()) return;
    for_each_name(folder.get(), [&](const std::string& name, const struct stat& status) {
      const auto known = tree_.names().find({directory, name});
      const bool touched = known != tree_.names().end();
      const std::string below = path == "." ? name : path + "/" + name;
      struct stat original = {};
      const bool stood =
          ::fstatat(tree_.trees()[tree].lower, below.c_str(), &original, AT_SYMLINK_NOFOLLOW) == 0;
      // The original may have changed meanwhile: somebody else lives there.
      if (!touched && !is_before(status.st_ctim, begin_)) {
        const bool same =
            stood && type_of_mode(original.st_mode) == type_of_mode(status.st_mode) &&
            (!S_ISREG(status.st_mode) || (original.st_size == status.st_size &&
                                          original.st_mtim.tv_sec == status.st_mtim.tv_sec &&
                                          original.st_mtim.tv_nsec == status.st_mtim.tv_nsec));
        if (!same) differ(real + "/" + name, " changed without a recorded call");
      }
      const InodeId inode = touched ? known->second : no_inode;
      if (S_ISDIR(status.st_mode)) {
        compare_copy(real + "/" + name, below, inode, tree);
      }
    });
  }

  template <class Visit>
  static void for_each_name(int folder, const Visit& visit) {
    const int own = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* stream = own < 0 ? nullptr : ::fdopendir(own);
    if (stream == nullptr) return;
    while (const dirent* entry = ::readdir(stream)) {
      const std::string name = entry->d_name;
      struct stat status = {};
      if (name == "." || name == ".." ||
          ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        continue;
      }
      visit(name, status);
    }
    ::closedir(stream);
  }

  TracedTree& tree_;
  const std::set<InodeId>& unknown_;
  const timespec begin_;
  std::vector<std::string>& differences_;
  std::unordered_map<InodeId, std::vector<std::byte>> content_;
  std::unordered_map<InodeId, std::pair<InodeId, std::string>> parents_;
};

}  // namespace

timespec next_file_time() {
  // The kernel stamps files by the coarse clock, which stands still between two ticks; but since
  // Linux 6.13 also by the fine one, and then no later stamp of any file is older. A tick that
  // comes late is dated back, so stamps may be ahead of the coarse clock even after it. They are
  // never ahead of the fine one.
  timespec present = time_of(CLOCK_REALTIME);
  timespec before = time_of(CLOCK_REALTIME_COARSE);
  for (;;) {
    ::usleep(clock_pause_us);
    const timespec next = time_of(CLOCK_REALTIME_COARSE);
    if (is_before(present, next)) return next;
    // Somebody has set the clock back: what was read before says nothing any more.
    if (is_before(next, before)) present = time_of(CLOCK_REALTIME);
    before = next;
  }
}

void compare_with_tree(TracedTree& tree, const std::set<InodeId>& unknown, const timespec& begin,
                       std::vector<std::string>& differences) {
  TreeComparison(tree, unknown, begin, differences).run();
}

}  // namespace untorn::prove
