// SPDX-License-Identifier: Apache-2.0
//
// Calls that make, move and remove names.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "prove/trace/recorder.h"

#include "filesystem/posix_values.h"

namespace untorn::prove {
namespace {

constexpr std::uint64_t temporary_bit = O_TMPFILE & ~O_DIRECTORY;
constexpr unsigned rename_exchange = 2;  // RENAME_EXCHANGE
constexpr unsigned rename_whiteout = 4;  // RENAME_WHITEOUT

int descriptor(std::uint64_t argument) {
  return static_cast<int>(argument);
}

bool opens_for_writing(std::uint64_t flags) {
  const std::uint64_t access = flags & O_ACCMODE;
  return access == O_WRONLY || access == O_RDWR;
}

// Below a disk device lie the real files.
bool is_disk(const Place& place) {
  struct stat status = {};
  return place.exists && place.type == FileType::device &&
         ::fstatat(place.parent.get(), place.name.c_str(), &status, 0) == 0 &&
         S_ISBLK(status.st_mode);
}

}  // namespace

Recorder::Shapes Recorder::name_shapes() {
  using R = Recorder;
  return {
      {SYS_open, {"open", &R::begin_open, &R::finish_open}},
      {SYS_creat, {"creat", &R::begin_open, &R::finish_open}},
      {SYS_openat, {"openat", &R::begin_open, &R::finish_open}},
      {SYS_openat2, {"openat2", &R::begin_open, &R::finish_open}},
      {SYS_rename, {"rename", &R::begin_rename, &R::finish_rename}},
      {SYS_renameat, {"renameat", &R::begin_rename, &R::finish_rename}},
      {SYS_renameat2, {"renameat2", &R::begin_rename, &R::finish_rename}},
      {SYS_link, {"link", &R::begin_link, &R::finish_link}},
      {SYS_linkat, {"linkat", &R::begin_link, &R::finish_link}},
      {SYS_unlink, {"unlink", &R::begin_remove, &R::finish_remove}},
      {SYS_unlinkat, {"unlinkat", &R::begin_remove, &R::finish_remove}},
      {SYS_rmdir, {"rmdir", &R::begin_remove, &R::finish_remove}},
      {SYS_mkdir, {"mkdir", &R::begin_make, &R::finish_make}},
      {SYS_mkdirat, {"mkdirat", &R::begin_make, &R::finish_make}},
      {SYS_mknod, {"mknod", &R::begin_make, &R::finish_make}},
      {SYS_mknodat, {"mknodat", &R::begin_make, &R::finish_make}},
      {SYS_symlink, {"symlink", &R::begin_make, &R::finish_make}},
      {SYS_symlinkat, {"symlinkat", &R::begin_make, &R::finish_make}},
      {SYS_bind, {"bind", &R::begin_bind, &R::finish_make}},
  };
}

bool Recorder::opens(const PendingCall& call) noexcept {
  return call.number == SYS_open || call.number == SYS_openat || call.number == SYS_openat2 ||
         call.number == SYS_creat;
}

Handling Recorder::refuse_disk(PendingCall& call) {
  call.refusal = EACCES;
  note("opening " + call.place.name + " for writing was answered EACCES: it is a disk");
  return Handling::refuse;
}

Handling Recorder::begin_open(PendingCall& call) {
  int directory = AT_FDCWD;
  std::size_t path = 0;
  switch (call.number) {
    case SYS_open:
      call.flags = call.arguments[1];
      break;
    case SYS_creat:
      call.flags = O_CREAT | O_WRONLY | O_TRUNC;
      break;
    case SYS_openat:
      directory = descriptor(call.arguments[0]);
      path = 1;
      call.flags = call.arguments[2];
      break;
    default: {
      directory = descriptor(call.arguments[0]);
      path = 1;
      const auto how = read_value<open_how>(call.thread.id, call.arguments[2]);
      if (!how) return Handling::ignore;
      call.flags = how->flags;
      break;
    }
  }
  const bool changes = opens_for_writing(call.flags) || (call.flags & (O_CREAT | O_TRUNC)) != 0;
  if ((call.flags & O_PATH) != 0 || !changes) return Handling::ignore;
  if ((call.flags & temporary_bit) != 0) {
    return resolve_object(call, directory, path, true) ? Handling::record : Handling::ignore;
  }
  const bool exclusive = (call.flags & O_CREAT) != 0 && (call.flags & O_EXCL) != 0;
  const bool follow = !exclusive && (call.flags & O_NOFOLLOW) == 0;
  call.place = resolve_argument(call, directory, path, follow);
  if (!call.place.tracked()) {
    return is_disk(call.place) ? refuse_disk(call) : outside(call, call.place);
  }
  if (call.place.exists && call.place.type != FileType::regular) return Handling::ignore;
  if (!call.place.exists && (call.flags & O_CREAT) == 0) return Handling::ignore;
  if (call.place.inode != no_inode) settle(call.place.inode, &call.place);
  return Handling::record;
}

void Recorder::finish_open(PendingCall& call, std::uint64_t result) {
  const int fd = static_cast<int>(result);
  const bool temporary = (call.flags & temporary_bit) != 0;
  struct stat status = {};
  // Nothing has been recorded since the entry: what stands at the name is what was opened.
  const bool seen = !temporary && ::fstatat(call.place.parent.get(), call.place.name.c_str(),
                                            &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!seen) {
    const auto open = descriptors_.fetch(call.thread, fd);
    if (!open) {
      // Another thread closed it already: what it is cannot be seen any more.
      add_unmodelled(call, call.place.inode,
                     std::string(call.shape->name) + " of a file that was " +
                         "closed at once by another thread");
      return;
    }
    status = open->status;
  }
  InodeId inode = call.place.inode;
  const bool fresh = inode == no_inode;
  if (fresh) {
    inode = tree_.add(FileType::regular, status.st_mode & 07777U);
    Operation& operation = add(call, OperationKind::create, inode);
    if (!temporary) {
      operation.directory = call.place.directory;
      operation.name = call.place.name;
      tree_.set_name(call.place.directory, call.place.name, inode);
    }
  }
  tree_.set_key(inode, status);
  if (opens_for_writing(call.flags)) begin_writing(call, inode, fd);
  if (!fresh && (call.flags & O_TRUNC) != 0) {
    add_truncate(call, inode, 0);
  }
}

Handling Recorder::begin_rename(PendingCall& call) {
  if (call.number == SYS_rename) {
    call.place = resolve_argument(call, AT_FDCWD, 0, false);
    call.target = resolve_argument(call, AT_FDCWD, 1, false);
  } else {
    call.place = resolve_argument(call, descriptor(call.arguments[0]), 1, false);
    call.target = resolve_argument(call, descriptor(call.arguments[2]), 3, false);
    call.flags = call.number == SYS_renameat2 ? call.arguments[4] : 0;
  }
  if (!call.place.tracked() || !call.target.tracked()) {
    const Handling first = outside(call, call.place);
    if (first != Handling::ignore) return first;
    const Handling second = outside(call, call.target);
    if (second != Handling::ignore) return second;
    return call.place.tracked() || call.target.tracked() ? Handling::record : Handling::ignore;
  }
  if (!call.place.exists) return Handling::ignore;
  for (const Place* place : {&call.place, &call.target}) {
    if (place->inode == no_inode) continue;
    if (place->type == FileType::directory) {
      tree_.capture_below(place->inode);
      settle_all();
    } else {
      settle(place->inode, place);
    }
  }
  return Handling::record;
}

void Recorder::finish_rename(PendingCall& call, std::uint64_t) {
  const Place& from = call.place;
  const Place& to = call.target;
  if (!from.tracked() || !to.tracked()) {
    // Between the trees and a place that is not followed: only possible in a copy.
    const Place& inside = from.tracked() ? from : to;
    add_unmodelled(call, inside.inode, "rename across the border of the root");
    return;
  }
  if (from.inode == to.inode) return;  // two names of one file: the kernel does nothing
  if ((call.flags & rename_whiteout) != 0) {
    add_unmodelled(call, from.inode, "renameat2 with RENAME_WHITEOUT");
    return;
  }
  const bool exchange = (call.flags & rename_exchange) != 0;
  Operation& operation =
      add(call, exchange ? OperationKind::exchange : OperationKind::rename, from.inode);
  operation.directory = from.directory;
  operation.name = from.name;
  operation.target_directory = to.directory;
  operation.target_name = to.name;
  operation.replaced = to.inode;
  tree_.set_name(from.directory, from.name, exchange ? to.inode : no_inode);
  tree_.set_name(to.directory, to.name, from.inode);
}

Handling Recorder::begin_link(PendingCall& call) {
  constexpr std::uint64_t follow_bit = AT_SYMLINK_FOLLOW;
  if (call.number == SYS_link) {
    call.target = resolve_argument(call, AT_FDCWD, 1, false);
    if (!call.target.tracked()) return outside(call, call.target);
    call.place = resolve_argument(call, AT_FDCWD, 0, false);
    if (!resolve_object(call, AT_FDCWD, 0, false)) call.inode = no_inode;
  } else {
    const int from = descriptor(call.arguments[0]);
    call.target = resolve_argument(call, descriptor(call.arguments[2]), 3, false);
    if (!call.target.tracked()) return outside(call, call.target);
    const bool follow = (call.arguments[4] & follow_bit) != 0;
    call.place = resolve_argument(call, from, 1, follow);
    if (!resolve_object(call, from, 1, follow)) call.inode = no_inode;
  }
  const bool named = call.place.tracked() && call.place.inode == call.inode;
  if (call.inode != no_inode) settle(call.inode, named ? &call.place : nullptr);
  return Handling::record;
}

void Recorder::finish_link(PendingCall& call, std::uint64_t) {
  if (call.inode == no_inode) {
    add_unmodelled(call, no_inode, "a link to a file outside the root");
    return;
  }
  Operation& operation = add(call, OperationKind::link, call.inode);
  if (call.place.tracked() && call.place.inode == call.inode) {
    operation.directory = call.place.directory;
    operation.name = call.place.name;
  }
  operation.target_directory = call.target.directory;
  operation.target_name = call.target.name;
  tree_.set_name(call.target.directory, call.target.name, call.inode);
}

Handling Recorder::begin_remove(PendingCall& call) {
  call.place = call.number == SYS_unlinkat
                   ? resolve_argument(call, descriptor(call.arguments[0]), 1, false)
                   : resolve_argument(call, AT_FDCWD, 0, false);
  if (!call.place.tracked()) return outside(call, call.place);
  if (call.place.inode == no_inode) return Handling::ignore;
  settle(call.place.inode, &call.place);
  return Handling::record;
}

void Recorder::finish_remove(PendingCall& call, std::uint64_t) {
  const bool folder = call.place.type == FileType::directory;
  Operation& operation =
      add(call, folder ? OperationKind::remove_directory : OperationKind::unlink, call.place.inode);
  operation.directory = call.place.directory;
  operation.name = call.place.name;
  tree_.set_name(call.place.directory, call.place.name, no_inode);
  if (folder) tree_.forget_key(call.place.inode);
}

Handling Recorder::begin_make(PendingCall& call) {
  switch (call.number) {
    case SYS_mkdir:
    case SYS_mknod:
      call.place = resolve_argument(call, AT_FDCWD, 0, false);
      break;
    case SYS_mkdirat:
    case SYS_mknodat:
      call.place = resolve_argument(call, descriptor(call.arguments[0]), 1, false);
      break;
    default: {
      const bool at = call.number == SYS_symlinkat;
      const auto text = read_string(call.thread.id, call.arguments[0]);
      if (!text) return Handling::ignore;
      call.text = *text;
      call.place =
          resolve_argument(call, at ? descriptor(call.arguments[1]) : AT_FDCWD, at ? 2 : 1, false);
      break;
    }
  }
  if (!call.place.tracked()) return outside(call, call.place);
  return call.place.exists ? Handling::ignore : Handling::record;
}

Handling Recorder::begin_bind(PendingCall& call) {
  sockaddr_un address = {};
  const std::size_t size = std::min<std::size_t>(call.arguments[2], sizeof address);
  const std::span<sockaddr_un> whole(&address, 1);
  if (size <= offsetof(sockaddr_un, sun_path) ||
      !read_memory(call.thread.id, call.arguments[1],
                   std::as_writable_bytes(whole).subspan(0, size)) ||
      address.sun_family != AF_UNIX || address.sun_path[0] == '\0') {
    return Handling::ignore;
  }
  const std::size_t length = size - offsetof(sockaddr_un, sun_path);
  call.place = resolve(call, AT_FDCWD,
                       std::string(address.sun_path, ::strnlen(address.sun_path, length)), false);
  if (!call.place.tracked()) return outside(call, call.place);
  return call.place.exists ? Handling::ignore : Handling::record;
}

void Recorder::finish_make(PendingCall& call, std::uint64_t) {
  struct stat status = {};
  const Place& place = call.place;
  if (::fstatat(place.parent.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    add_unmodelled(call, no_inode, std::string(call.shape->name) + " of a name that is not there");
    return;
  }
  const FileType type = type_of_mode(status.st_mode);
  OperationKind kind = OperationKind::make_special;
  if (type == FileType::directory) kind = OperationKind::make_directory;
  if (type == FileType::symlink) kind = OperationKind::make_symlink;
  if (type == FileType::regular) kind = OperationKind::create;
  const InodeId inode = tree_.add(type, status.st_mode & 07777U);
  Operation& operation = add(call, kind, inode);
  operation.directory = place.directory;
  operation.name = place.name;
  if (type == FileType::symlink) {
    operation.payload = Bytes(std::string_view(call.text));
    tree_.log().inodes[inode].content = operation.payload;
  }
  tree_.set_name(place.directory, place.name, inode);
  tree_.set_key(inode, status);
}

}  // namespace untorn::prove
