// SPDX-License-Identifier: Apache-2.0
#include "crash/tree.h"

#include <algorithm>
#include <cerrno>
#include <unordered_map>

namespace untorn::crash {

namespace {

std::unexpected<Error> failure(Errno reason, Step step, const Path& path) {
  return std::unexpected(Error::from_errno(number(reason), step, Outcome::unknown, path));
}

bool same_bytes(const Bytes& a, const Bytes& b) {
  if (a.size() != b.size()) return false;
  return a.view().data() == b.view().data() || std::ranges::equal(a.view(), b.view());
}

bool is_buildable(FileType type) {
  return type == FileType::regular || type == FileType::directory || type == FileType::symlink;
}

}  // namespace

TreeBuilder::TreeBuilder(FileSystem& fs, Handle directory) : fs_(fs), root_(directory) {}
TreeBuilder::~TreeBuilder() {
  close_directories();
}

void TreeBuilder::close_directories() {
  for (const auto& [path, handle] : directories_) (void)fs_.close(handle);
  directories_.clear();
}

TreeBuilder::Tree TreeBuilder::plan(const Files& files) {
  Tree tree;
  std::unordered_map<InodeId, Path> leaders;
  for (const auto& [path, file] : files) {
    if (!is_buildable(file.type)) continue;
    for (std::size_t slash = path.find('/'); slash != Path::npos;
         slash = path.find('/', slash + 1)) {
      Built parent;
      parent.file.type = FileType::directory;
      parent.file.mode = 0755;
      parent.leader = path.substr(0, slash);
      tree.try_emplace(parent.leader, parent);
    }
    const bool linkable = file.type == FileType::regular && file.inode != no_inode;
    const Path& leader = linkable ? leaders.try_emplace(file.inode, path).first->second : path;
    tree.insert_or_assign(path, Built{file, leader});
  }
  return tree;
}

Result<TreeBuilder::Place> TreeBuilder::place(const Path& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == Path::npos) return Place{root_, path};
  const std::string_view name = std::string_view(path).substr(slash + 1);
  const std::string_view parent = std::string_view(path).substr(0, slash);
  if (const auto open = directories_.find(parent); open != directories_.end()) {
    return Place{open->second, name};
  }
  const Path parent_path(parent);
  const Result<Place> above = place(parent_path);
  if (!above) return above;
  const auto handle =
      fs_.open(above->directory, above->name, {.access = Access::directory, .follow = false});
  if (!handle) return failure(handle.error(), Step::open_directory, parent_path);
  directories_.emplace(parent_path, *handle);
  return Place{*handle, name};
}

Result<void> TreeBuilder::build(const Files& files) {
  if (!trusted_) {
    if (Result<void> cleared = clear(); !cleared) return cleared;
  }
  trusted_ = false;
  Tree wanted = plan(files);
  if (Result<void> removed = remove_stale(wanted); !removed) return removed;
  for (const auto& [path, file] : wanted) {
    if (Result<void> added = add(path, file); !added) return added;
  }
  built_ = std::move(wanted);
  trusted_ = true;
  return {};
}

Result<void> TreeBuilder::rebuild(const Files& files) {
  trusted_ = false;
  return build(files);
}

Result<void> TreeBuilder::remove_stale(const Tree& wanted) {
  // Contents of a directory come after it in the order of paths.
  for (auto old = built_.rbegin(); old != built_.rend(); ++old) {
    const auto found = wanted.find(old->first);
    const bool stays = found != wanted.end() && found->second.file.type == old->second.file.type &&
                       found->second.leader == old->second.leader &&
                       found->second.file.mode == old->second.file.mode &&
                       (old->second.file.type != FileType::symlink ||
                        same_bytes(found->second.file.content, old->second.file.content));
    if (stays) continue;
    // A directory whose mode changed is not empty; add() sets the mode.
    const bool directory_stays = old->second.file.type == FileType::directory &&
                                 found != wanted.end() &&
                                 found->second.file.type == FileType::directory;
    if (directory_stays) continue;
    if (Result<void> removed = remove(old->first, old->second.file.type); !removed) return removed;
    old->second.file.type = FileType::other;  // no longer there
  }
  return {};
}

Result<void> TreeBuilder::remove(const Path& path, FileType type) {
  const Result<Place> at = place(path);
  if (!at) return std::unexpected(at.error());
  if (type == FileType::directory) {
    if (const auto open = directories_.find(path); open != directories_.end()) {
      (void)fs_.close(open->second);
      directories_.erase(open);
    }
  }
  const auto removed = type == FileType::directory ? fs_.remove_directory(at->directory, at->name)
                                                   : fs_.unlink(at->directory, at->name);
  if (!removed) return failure(removed.error(), Step::clean_up, path);
  return {};
}

Result<void> TreeBuilder::add(const Path& path, const Built& wanted) {
  const auto old = built_.find(path);
  const bool exists = old != built_.end() && old->second.file.type == wanted.file.type;
  if (wanted.file.type == FileType::regular && wanted.leader == path) {
    if (exists && same_bytes(old->second.file.content, wanted.file.content)) return {};
    return write_file(path, wanted, exists);
  }
  if (exists && old->second.file.mode == wanted.file.mode) return {};
  const Result<Place> at = place(path);
  if (!at) return std::unexpected(at.error());
  switch (wanted.file.type) {
    case FileType::regular: {
      const Result<Place> leader = place(wanted.leader);
      if (!leader) return std::unexpected(leader.error());
      const auto linked = fs_.link(leader->directory, leader->name, at->directory, at->name);
      if (!linked) return failure(linked.error(), Step::create_temporary, path);
      return {};
    }
    case FileType::symlink: {
      const auto made = fs_.make_symlink(wanted.file.content.text(), at->directory, at->name);
      if (!made) return failure(made.error(), Step::create_temporary, path);
      return {};
    }
    default:
      break;
  }
  if (!exists) {
    const auto made = fs_.make_directory(at->directory, at->name, 0700);
    if (!made) return failure(made.error(), Step::create_temporary, path);
  }
  const Result<Place> inside = place(path + "/.");
  if (!inside) return std::unexpected(inside.error());
  const auto changed = fs_.set_mode(inside->directory, wanted.file.mode);
  if (!changed) return failure(changed.error(), Step::copy_metadata, path);
  return {};
}

Result<void> TreeBuilder::write_file(const Path& path, const Built& wanted, bool exists) {
  const Result<Place> at = place(path);
  if (!at) return std::unexpected(at.error());
  OpenOptions options{.access = Access::write, .create = !exists, .follow = false};
  options.mode = 0600;
  options.exclusive = !exists;
  options.truncate = exists;
  const auto opened = fs_.open(at->directory, at->name, options);
  if (!opened) return failure(opened.error(), Step::create_temporary, path);
  const OwnedHandle file(fs_, *opened);
  std::span<const std::byte> rest = wanted.file.content.view();
  while (!rest.empty()) {
    const auto written = fs_.write(file.get(), rest);
    if (!written) return failure(written.error(), Step::write, path);
    rest = rest.subspan(*written);
  }
  if (exists) return {};
  const auto changed = fs_.set_mode(file.get(), wanted.file.mode);
  if (!changed) return failure(changed.error(), Step::copy_metadata, path);
  return {};
}

Result<void> TreeBuilder::clear() {
  close_directories();
  built_.clear();
  trusted_ = false;
  Result<void> cleared = remove_all(root_);
  if (cleared) trusted_ = true;
  return cleared;
}

Result<void> TreeBuilder::remove_all(Handle directory) {
  const auto entries = fs_.list(directory);
  if (!entries) return failure(entries.error(), Step::clean_up, {});
  for (const Entry& entry : *entries) {
    if (entry.type == FileType::directory) {
      const auto opened =
          fs_.open(directory, entry.name, {.access = Access::directory, .follow = false});
      if (!opened) return failure(opened.error(), Step::clean_up, entry.name);
      const OwnedHandle inside(fs_, *opened);
      if (Result<void> emptied = remove_all(inside.get()); !emptied) return emptied;
    }
    const auto removed = entry.type == FileType::directory
                             ? fs_.remove_directory(directory, entry.name)
                             : fs_.unlink(directory, entry.name);
    if (!removed) return failure(removed.error(), Step::clean_up, entry.name);
  }
  return {};
}

}  // namespace untorn::crash
