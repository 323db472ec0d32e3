// SPDX-License-Identifier: Apache-2.0
#include "filesystem/log_builder.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace untorn {
namespace {

constexpr int symlinks_max = 40;
constexpr std::size_t chunk_bytes = 65536;

std::string_view take_component(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('/'), rest.size());
  const std::string_view component = rest.substr(0, end);
  rest.remove_prefix(end);
  return component;
}

bool skip_slashes(std::string_view& rest) {
  const std::size_t count = std::min(rest.find_first_not_of('/'), rest.size());
  rest.remove_prefix(count);
  return count != 0;
}

// All bytes of a file, nothing if it may not be read.
std::optional<Bytes> read_all(FileSystem& fs, Handle directory, std::string_view name) {
  const OpenOptions how = {.access = Access::read, .follow = false, .nonblocking = true};
  const SystemResult<Handle> opened = fs.open(directory, name, how);
  if (!opened) return std::nullopt;
  const OwnedHandle file(fs, *opened);
  std::vector<std::byte> content;
  std::vector<std::byte> chunk(chunk_bytes);
  for (;;) {
    const SystemResult<std::size_t> count = fs.read_at(file.get(), content.size(), chunk);
    if (!count) return std::nullopt;
    if (*count == 0) return Bytes(std::move(content));
    content.insert(content.end(), chunk.begin(),
                   chunk.begin() + static_cast<std::ptrdiff_t>(*count));
  }
}

}  // namespace

LogBuilder::LogBuilder(FileSystem& below) : below_(below) {
  const SystemResult<Status> root = below_.status(Handle::working_directory);
  UNTORN_ASSERT(root.has_value());
  inodes_[{root->device, root->inode}] = root_inode;
  log_.inodes[root_inode].mode = root->mode;
  writers_.push_back(0);
}

// ------------------------------------------------------------------ operations

void LogBuilder::begin_call(Call call) {
  ++call_;
  call_kind_ = call;
}

Operation& LogBuilder::append(OperationKind kind, InodeId inode) {
  const auto known = std::ranges::find(threads_, std::this_thread::get_id());
  const auto thread = static_cast<std::uint32_t>(known - threads_.begin());
  if (known == threads_.end()) threads_.push_back(std::this_thread::get_id());
  Operation& operation = log_.operations.emplace_back();
  operation.kind = kind;
  operation.inode = inode;
  operation.thread = thread;
  operation.call = call_ - 1;
  operation.call_name = to_string(call_kind_).data();
  return operation;
}

void LogBuilder::add_writer(InodeId inode) {
  if (writers_[inode]++ == 0) append(OperationKind::begin_writing, inode);
}

void LogBuilder::remove_writer(InodeId inode) {
  if (--writers_[inode] == 0) append(OperationKind::end_writing, inode);
}

// ------------------------------------------------------------------ inodes and names

InodeId LogBuilder::known_inode(const Status& status) const {
  const auto found = inodes_.find({status.device, status.inode});
  return found == inodes_.end() ? no_inode : found->second;
}

InodeId LogBuilder::inode_of(Handle handle) {
  const SystemResult<Status> status = below_.status(handle);
  return status ? known_inode(*status) : no_inode;
}

InodeId LogBuilder::add_inode(const Status& status, Inode inode) {
  const auto id = static_cast<InodeId>(log_.inodes.size());
  log_.inodes.push_back(std::move(inode));
  log_.inodes.back().number = status.inode;
  writers_.push_back(0);
  inodes_[{status.device, status.inode}] = id;
  return id;
}

InodeId LogBuilder::add_new(const Status& status) {
  return add_inode(status, {status.type, status.mode, false, {}});  // L2
}

void LogBuilder::set_name(InodeId directory, std::string_view name, InodeId inode) {
  names_[{directory, std::string(name)}] = inode;
}

InodeId LogBuilder::capture_initial(Handle directory, std::string_view name, const Status& status) {
  std::optional<Bytes> content;
  if (status.type == FileType::regular) {
    content = read_all(below_, directory, name);
  } else if (status.type == FileType::symlink) {
    if (const auto target = below_.read_link(directory, name)) content = Bytes(*target);
  } else {
    content = Bytes();
  }
  const bool unreadable = !content.has_value();
  const InodeId id =
      add_inode(status, {status.type, status.mode, true, std::move(content).value_or(Bytes())});
  if (unreadable) append(OperationKind::unmodelled, id).name = "could not be read before the run";
  return id;
}

InodeId LogBuilder::capture_name(Handle directory, InodeId directory_inode, std::string_view name) {
  const auto seen = names_.find({directory_inode, std::string(name)});
  if (seen != names_.end()) return seen->second;
  const SystemResult<Status> status = below_.status_at(directory, name);
  if (!status) {
    set_name(directory_inode, name, no_inode);
    return no_inode;
  }
  InodeId inode = known_inode(*status);  // known: another hard link of an initial file
  if (inode == no_inode) inode = capture_initial(directory, name, *status);  // L1
  log_.names.push_back({directory_inode, std::string(name), inode});
  set_name(directory_inode, name, inode);
  return inode;
}

void LogBuilder::capture_everything() {
  capture_directory(Handle::working_directory, root_inode);
}

void LogBuilder::capture_directory(Handle directory, InodeId inode) {
  const SystemResult<std::vector<Entry>> entries = below_.list(directory);
  if (!entries) {
    append(OperationKind::unmodelled, inode).name = "could not be listed before the run";
    return;
  }
  for (const Entry& entry : *entries) {
    const InodeId child = capture_name(directory, inode, entry.name);
    if (child == no_inode || log_.inodes[child].type != FileType::directory) continue;
    const OpenOptions how = {.access = Access::directory, .follow = false};
    const SystemResult<Handle> opened = below_.open(directory, entry.name, how);
    if (!opened) continue;
    const OwnedHandle handle(below_, *opened);
    capture_directory(handle.get(), child);
  }
}

// ------------------------------------------------------------------ paths

// One step at a time through the file system below. A failure ends in an untracked name: the call
// that the path was given to fails then, too.
struct LogBuilder::Walk {
  LogBuilder& builder;
  OwnedHandle owned{};
  Handle directory = Handle::working_directory;
  InodeId inode = no_inode;  // of the directory

  bool enter(Handle from, std::string_view name) {
    const SystemResult<Handle> opened =
        builder.below_.open(from, name, {.access = Access::directory});
    if (!opened) return false;
    OwnedHandle next(builder.below_, *opened);
    owned = std::move(next);
    directory = owned.get();
    inode = builder.inode_of(directory);
    return true;
  }

  // The target if `name` is a symbolic link.
  [[nodiscard]] std::optional<std::string> link_target(std::string_view name) const {
    const SystemResult<Status> status = builder.below_.status_at(directory, name);
    if (!status || status->type != FileType::symlink) return std::nullopt;
    const SystemResult<std::string> target = builder.below_.read_link(directory, name);
    if (!target) return std::nullopt;
    return *target;
  }

  [[nodiscard]] TrackedName here(std::string_view name) const {
    if (inode == no_inode) return {};
    return {inode, std::string(name), builder.capture_name(directory, inode, name)};
  }
};

TrackedName LogBuilder::find(Handle directory, std::string_view path, bool follow) {
  Walk walk{*this, {}, directory, inode_of(directory)};
  std::string expanded;  // what is left once a symbolic link has been put in
  std::string_view rest = path;
  int symlinks = 0;
  for (;;) {
    if (rest.starts_with('/') && !walk.enter(Handle::working_directory, "/")) return {};
    skip_slashes(rest);
    const std::string name(take_component(rest));
    const bool slash = skip_slashes(rest);
    const bool last = rest.empty();
    if (name.empty() || (last && (name == "." || name == ".."))) return {};
    if (name != "." && name != "..") {
      const bool follows = !last || follow;
      const std::optional<std::string> target =
          follows ? walk.link_target(name) : std::optional<std::string>();
      if (target) {
        if (++symlinks > symlinks_max) return {};
        std::string next = *target + (slash ? "/" : "") + std::string(rest);
        expanded = std::move(next);
        rest = expanded;
        continue;
      }
    }
    if (last) return walk.here(name);
    // The name of a directory on the way is part of the tree, too.
    if (name != "." && name != "..") (void)walk.here(name);
    if (!walk.enter(walk.directory, name)) return {};
  }
}

}  // namespace untorn
