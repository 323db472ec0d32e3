// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "filesystem/posix_values.h"
#include "prove/sandbox/parts.h"

namespace untorn::prove {
namespace {

constexpr std::uint64_t read_bytes_max = 1U << 20U;  // larger files are mapped

// The whole content; the original tree is never changed from inside, so it may be mapped.
std::optional<Bytes> load(int file, std::uint64_t size) {
  if (size == 0) return Bytes();
  if (size > read_bytes_max) {
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (address != MAP_FAILED) {
      std::shared_ptr<const void> owner(address,
                                        [size, address](const void*) { ::munmap(address, size); });
      return Bytes(std::move(owner), {static_cast<const std::byte*>(address), size});
    }
  }
  std::vector<std::byte> bytes(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::pread(file, bytes.data() + done, size - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return {};
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return Bytes(std::move(bytes));
}

std::optional<std::uint64_t> mount_of(int at, const char* path) {
  struct statx status = {};
  if (::statx(at, path, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &status) != 0 ||
      (status.stx_mask & STATX_MNT_ID) == 0) {
    return {};
  }
  return status.stx_mnt_id;
}

}  // namespace

TracedTree::TracedTree(const Sandbox& sandbox, std::vector<std::string>& notes)
    : trees_(sandbox.trees()), notes_(notes) {
  nodes_.resize(1);
  for (std::size_t i = 0; i < trees_.size(); ++i) add_tree_root(i);
}

// An extra folder /a/b hangs below the root directory as "", "a", "b".
void TracedTree::add_tree_root(std::size_t tree) {
  InodeId at = root_inode;
  const std::string& prefix = trees_[tree].prefix;
  std::size_t begin = 0;
  while (!prefix.empty() && begin <= prefix.size()) {
    const std::size_t end = std::min(prefix.find('/', begin), prefix.size());
    const std::string name = prefix.substr(begin, end - begin);
    begin = end + 1;
    const auto known = names_.find({at, name});
    if (known != names_.end()) {
      at = known->second;
      continue;
    }
    const InodeId id = new_inode({FileType::directory, 0755, true, {}});
    log_.names.push_back({at, name, id});
    set_name(at, name, id);
    at = id;
  }
  struct stat status = {};
  if (::fstat(trees_[tree].lower, &status) == 0) {
    log_.inodes[at].mode = status.st_mode & 07777U;
  }
  nodes_[at].tree = static_cast<int>(tree);
  tree_roots_.push_back(at);
}

InodeId TracedTree::new_inode(Inode inode) {
  log_.inodes.push_back(std::move(inode));
  nodes_.emplace_back();
  return static_cast<InodeId>(log_.inodes.size() - 1);
}

InodeId TracedTree::add(FileType type, std::uint32_t mode) {
  return new_inode({type, mode, false, {}});
}

void TracedTree::set_key(InodeId id, const struct stat& status) {
  const FileKey key = key_of(status);
  if (nodes_[id].key == key && by_key_[key] == id) return;
  forget_key(id);
  const auto [entry, fresh] = by_key_.try_emplace(key, id);
  if (!fresh) {
    nodes_[entry->second].key.reset();
    entry->second = id;
  }
  nodes_[id].key = key;
}

void TracedTree::forget_key(InodeId id) {
  if (nodes_[id].key) by_key_.erase(*nodes_[id].key);
  nodes_[id].key.reset();
}

std::optional<FileKey> TracedTree::key(InodeId id) const {
  return nodes_[id].key;
}

void TracedTree::set_name(InodeId directory, const std::string& name, InodeId id) {
  names_[{directory, name}] = id;
  if (id != no_inode) {
    nodes_[id].parent = directory;
    nodes_[id].name = name;
  }
}

InodeId TracedTree::find(InodeId directory, const std::string& name) {
  const auto known = names_.find({directory, name});
  if (known != names_.end()) return known->second;
  return capture(directory, name);
}

InodeId TracedTree::capture(InodeId directory, const std::string& name) {
  const int tree = nodes_[directory].tree;
  if (tree < 0 || name.empty()) return no_inode;
  const int lower = trees_[static_cast<std::size_t>(tree)].lower;
  const std::string& folder = nodes_[directory].origin;
  const std::string path = folder.empty() ? name : folder + "/" + name;
  struct stat status = {};
  if (::fstatat(lower, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return no_inode;
  const bool linked = S_ISREG(status.st_mode) && status.st_nlink > 1;
  // In a copy, several names of one file stay one file.
  const bool keeps_links = trees_[static_cast<std::size_t>(tree)].upper < 0;
  if (linked && keeps_links) {
    const auto other = by_lower_key_.find(key_of(status));
    if (other != by_lower_key_.end()) {
      log_.names.push_back({directory, name, other->second});
      set_name(directory, name, other->second);
      return other->second;
    }
  }
  Inode inode{type_of_mode(status.st_mode), status.st_mode & 07777U, true, {}};
  capture_content(inode, lower, path, status);
  const InodeId id = new_inode(std::move(inode));
  log_.names.push_back({directory, name, id});
  set_name(directory, name, id);
  if (S_ISDIR(status.st_mode)) {
    nodes_[id].tree = tree;
    nodes_[id].origin = path;
  } else if (linked && keeps_links) {
    by_lower_key_.emplace(key_of(status), id);
  } else if (linked) {
    notes_.push_back(path_of(id) + " has further names (hard links); in the sandbox a change of " +
                     "it is not seen under those");
  }
  return id;
}

void TracedTree::capture_content(Inode& inode, int lower, const std::string& path,
                                 const struct stat& status) {
  if (inode.type == FileType::symlink) {
    std::array<char, PATH_MAX> target = {};
    const ssize_t size = ::readlinkat(lower, path.c_str(), target.data(), target.size());
    if (size > 0) {
      inode.content = Bytes(std::string_view(target.data(), static_cast<std::size_t>(size)));
    }
  }
  if (inode.type != FileType::regular) return;
  const Descriptor file(::openat(lower, path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  std::optional<Bytes> content;
  if (file.valid()) content = load(file.get(), static_cast<std::uint64_t>(status.st_size));
  if (content) {
    inode.content = std::move(*content);
  } else {
    notes_.push_back(path + " cannot be read: its old content is taken to be empty");
  }
}

void TracedTree::capture_below(InodeId directory) {
  const int tree = nodes_[directory].tree;
  if (tree < 0) return;
  const std::string origin = nodes_[directory].origin.empty() ? "." : nodes_[directory].origin;
  const int fd = ::openat(trees_[static_cast<std::size_t>(tree)].lower, origin.c_str(),
                          O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = fd < 0 ? nullptr : ::fdopendir(fd);
  if (stream == nullptr) return;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const InodeId id = find(directory, name);
    if (id != no_inode && log_.inodes[id].type == FileType::directory) capture_below(id);
  }
  ::closedir(stream);
}

InodeId TracedTree::walk(std::string_view path) {
  for (std::size_t i = 0; i < trees_.size(); ++i) {
    const std::string& top = trees_[i].path;
    if (path == top) return tree_roots_[i];
    if (!is_below(path, top)) continue;
    std::string_view rest = path.substr(top.size() + 1);
    InodeId at = tree_roots_[i];
    while (at != no_inode && !rest.empty()) {
      if (log_.inodes[at].type != FileType::directory) return no_inode;
      const std::size_t end = std::min(rest.find('/'), rest.size());
      at = find(at, std::string(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return at;
  }
  return no_inode;
}

InodeId TracedTree::directory_of(int fd) {
  struct stat status = {};
  if (::fstat(fd, &status) != 0 || !S_ISDIR(status.st_mode)) return no_inode;
  return identify(fd, status);
}

// A descriptor from outside the sandbox may lead to the file that our mounts cover: it has the same
// path and is another file.
bool TracedTree::is_on_our_mounts(int fd) const {
  const auto mount = mount_of(fd, "");
  if (!mount) return true;  // Linux before 5.8 does not tell
  return std::ranges::any_of(
      trees_, [&](const Tree& tree) { return mount_of(AT_FDCWD, tree.path.c_str()) == mount; });
}

InodeId TracedTree::identify(int fd, const struct stat& status) {
  const auto known = by_key_.find(key_of(status));
  if (known != by_key_.end()) return known->second;
  const FileType type = type_of_mode(status.st_mode);
  if (type != FileType::directory && type != FileType::regular && type != FileType::symlink) {
    return no_inode;
  }
  const std::string path = path_of_descriptor(fd);
  const InodeId id = path.empty() || !is_on_our_mounts(fd) ? no_inode : walk(path);
  if (id == no_inode || log_.inodes[id].type != type) return no_inode;
  // A file with several names gets a number of its own when the overlay first copies it.
  if (type == FileType::directory || status.st_nlink == 1) set_key(id, status);
  return id;
}

std::string TracedTree::path_of(InodeId id) const {
  if (id == root_inode) return ".";
  if (id == no_inode || nodes_[id].parent == no_inode) return "a file without a name";
  return path_of(nodes_[id].parent, nodes_[id].name);
}

std::string TracedTree::path_of(InodeId directory, const std::string& name) const {
  if (directory == root_inode) return name;
  if (directory == no_inode) return "a file without a name";
  return path_of(directory) + "/" + name;
}

}  // namespace untorn::prove
