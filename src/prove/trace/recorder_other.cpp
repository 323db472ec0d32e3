// SPDX-License-Identifier: Apache-2.0
//
// Calls of durability and attributes, and those that a sandboxed program does not get.
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

#include "prove/trace/recorder.h"

namespace untorn::prove {
namespace {

int descriptor(std::uint64_t argument) {
  return static_cast<int>(argument);
}

// How an attribute call names its object.
struct ObjectForm {
  enum class By : std::uint8_t { path, link_path, descriptor, at } by;
  std::size_t flags = 0;  // argument with AT_SYMLINK_NOFOLLOW; 0 if there is none
  const char* what = "";
};

ObjectForm form_of(std::uint64_t number) {
  using By = ObjectForm::By;
  switch (number) {
    case SYS_chmod:
      return {By::path, 0, "mode"};
    case SYS_fchmod:
      return {By::descriptor, 0, "mode"};
    case SYS_fchmodat:
      return {By::at, 0, "mode"};
    case 452:  // fchmodat2
      return {By::at, 3, "mode"};
    case SYS_chown:
      return {By::path, 0, "owner"};
    case SYS_lchown:
      return {By::link_path, 0, "owner"};
    case SYS_fchown:
      return {By::descriptor, 0, "owner"};
    case SYS_fchownat:
      return {By::at, 4, "owner"};
    case SYS_utime:
    case SYS_utimes:
      return {By::path, 0, "times"};
    case SYS_futimesat:
      return {By::at, 0, "times"};
    case SYS_utimensat:
      return {By::at, 3, "times"};
    case SYS_lsetxattr:
    case SYS_lremovexattr:
      return {By::link_path, 0, "attributes"};
    case SYS_fsetxattr:
    case SYS_fremovexattr:
      return {By::descriptor, 0, "attributes"};
    case SYS_setxattr:
    case SYS_removexattr:
      return {By::path, 0, "attributes"};
    default:  // setxattrat, removexattrat, file_setattr
      return {By::at, 2, "attributes"};
  }
}

}  // namespace

Recorder::Shapes Recorder::other_shapes() {
  using R = Recorder;
  return {
      {SYS_fsync, {"fsync", &R::begin_sync, &R::finish_sync}},
      {SYS_fdatasync, {"fdatasync", &R::begin_sync, &R::finish_sync}},
      {SYS_sync, {"sync", &R::begin_sync, &R::finish_sync}},
      {SYS_syncfs, {"syncfs", &R::begin_sync, &R::finish_sync}},
      {SYS_sync_file_range, {"sync_file_range", &R::begin_sync, &R::finish_sync}},
      {SYS_chmod, {"chmod", &R::begin_metadata, &R::finish_metadata}},
      {SYS_fchmod, {"fchmod", &R::begin_metadata, &R::finish_metadata}},
      {SYS_fchmodat, {"fchmodat", &R::begin_metadata, &R::finish_metadata}},
      {452, {"fchmodat2", &R::begin_metadata, &R::finish_metadata}},
      {SYS_chown, {"chown", &R::begin_metadata, &R::finish_metadata}},
      {SYS_lchown, {"lchown", &R::begin_metadata, &R::finish_metadata}},
      {SYS_fchown, {"fchown", &R::begin_metadata, &R::finish_metadata}},
      {SYS_fchownat, {"fchownat", &R::begin_metadata, &R::finish_metadata}},
      {SYS_utime, {"utime", &R::begin_metadata, &R::finish_metadata}},
      {SYS_utimes, {"utimes", &R::begin_metadata, &R::finish_metadata}},
      {SYS_futimesat, {"futimesat", &R::begin_metadata, &R::finish_metadata}},
      {SYS_utimensat, {"utimensat", &R::begin_metadata, &R::finish_metadata}},
      {SYS_setxattr, {"setxattr", &R::begin_metadata, &R::finish_metadata}},
      {SYS_lsetxattr, {"lsetxattr", &R::begin_metadata, &R::finish_metadata}},
      {SYS_fsetxattr, {"fsetxattr", &R::begin_metadata, &R::finish_metadata}},
      {SYS_removexattr, {"removexattr", &R::begin_metadata, &R::finish_metadata}},
      {SYS_lremovexattr, {"lremovexattr", &R::begin_metadata, &R::finish_metadata}},
      {SYS_fremovexattr, {"fremovexattr", &R::begin_metadata, &R::finish_metadata}},
      {463, {"setxattrat", &R::begin_metadata, &R::finish_metadata}},
      {466, {"removexattrat", &R::begin_metadata, &R::finish_metadata}},
      {469, {"file_setattr", &R::begin_metadata, &R::finish_metadata}},
      {SYS_ptrace, {"ptrace", &R::begin_noted, nullptr}},
      {SYS_setuid, {"setuid", &R::begin_new_rights, nullptr}},
      {SYS_setgid, {"setgid", &R::begin_new_rights, nullptr}},
      {SYS_setreuid, {"setreuid", &R::begin_new_rights, nullptr}},
      {SYS_setregid, {"setregid", &R::begin_new_rights, nullptr}},
      {SYS_setresuid, {"setresuid", &R::begin_new_rights, nullptr}},
      {SYS_setresgid, {"setresgid", &R::begin_new_rights, nullptr}},
      {SYS_setfsuid, {"setfsuid", &R::begin_new_rights, nullptr}},
      {SYS_setfsgid, {"setfsgid", &R::begin_new_rights, nullptr}},
      {SYS_setgroups, {"setgroups", &R::begin_new_rights, nullptr}},
      {SYS_capset, {"capset", &R::begin_new_rights, nullptr}},
      {446, {"landlock_restrict_self", &R::begin_new_rights, nullptr}},
      {SYS_chdir, {"chdir", &R::begin_new_directory, nullptr}},
      {SYS_fchdir, {"fchdir", &R::begin_new_directory, nullptr}},
      {SYS_close, {"close", &R::begin_close, nullptr}},
      {SYS_close_range, {"close_range", &R::begin_refused, nullptr}},
      {SYS_fspick, {"fspick", &R::begin_refused, nullptr}},
      {443, {"quotactl_fd", &R::begin_refused, nullptr}},
      {SYS_unshare, {"unshare", &R::begin_refused, nullptr}},
      {SYS_clone, {"clone", &R::begin_refused, nullptr}},
      {SYS_io_uring_setup, {"io_uring_setup", &R::begin_refused, nullptr}},
      {SYS_io_setup, {"io_setup", &R::begin_refused, nullptr}},
      {SYS_mount, {"mount", &R::begin_refused, nullptr}},
      {SYS_umount2, {"umount2", &R::begin_refused, nullptr}},
      {SYS_pivot_root, {"pivot_root", &R::begin_refused, nullptr}},
      {SYS_chroot, {"chroot", &R::begin_refused, nullptr}},
      {SYS_setns, {"setns", &R::begin_refused, nullptr}},
      {SYS_move_mount, {"move_mount", &R::begin_refused, nullptr}},
      {SYS_open_tree, {"open_tree", &R::begin_refused, nullptr}},
      {467, {"open_tree_attr", &R::begin_refused, nullptr}},
      {SYS_fsopen, {"fsopen", &R::begin_refused, nullptr}},
      {SYS_fsmount, {"fsmount", &R::begin_refused, nullptr}},
      {SYS_mount_setattr, {"mount_setattr", &R::begin_refused, nullptr}},
      {SYS_open_by_handle_at, {"open_by_handle_at", &R::begin_refused, nullptr}},
      {SYS_swapon, {"swapon", &R::begin_refused, nullptr}},
      {SYS_swapoff, {"swapoff", &R::begin_refused, nullptr}},
      {SYS_acct, {"acct", &R::begin_refused, nullptr}},
      {SYS_quotactl, {"quotactl", &R::begin_refused, nullptr}},
  };
}

Handling Recorder::begin_sync(PendingCall& call) {
  call.changes = false;
  if (call.number == SYS_sync) return Handling::record;
  if (call.number == SYS_syncfs) {
    auto open = descriptors_.fetch(call.thread, descriptor(call.arguments[0]));
    struct stat root = {};
    const bool tracked = open && ::stat(setting_.sandbox.trees()[0].path.c_str(), &root) == 0 &&
                         root.st_dev == open->status.st_dev;
    return tracked ? Handling::record : Handling::ignore;
  }
  return fetch_object(call, 0, nullptr) && !call.output ? Handling::record : Handling::ignore;
}

void Recorder::finish_sync(PendingCall& call, std::uint64_t) {
  constexpr std::uint64_t waits =
      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  switch (call.number) {
    case SYS_sync:
    case SYS_syncfs:
      add(call, OperationKind::sync_all, no_inode);
      return;
    case SYS_sync_file_range: {
      Operation& operation = add(call, OperationKind::sync_range, call.inode);
      operation.offset = call.arguments[1];
      operation.size = call.arguments[2];
      if ((call.arguments[3] & waits) == waits) operation.name = "written";
      return;
    }
    default:
      break;
  }
  OperationKind kind =
      call.number == SYS_fsync ? OperationKind::sync_file : OperationKind::sync_data;
  if (tree_.inode(call.inode).type == FileType::directory) kind = OperationKind::sync_directory;
  add(call, kind, call.inode);
}

// The kernel forgets what it could not write, whatever it answers next time. An argument that is
// refused is no failure: nothing was tried.
void Recorder::add_failed_sync(const PendingCall& call, int reason) {
  // An interrupted one has given nothing up: made again, it is as good as the first.
  const bool tried =
      reason != EINVAL && reason != EBADF && reason != EROFS && reason != ENOSYS && reason != EINTR;
  if (!tried) return;
  switch (call.number) {
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_sync_file_range:
    case SYS_msync:
      add(call, OperationKind::sync_failed, call.inode).name = std::to_string(reason);
      break;
    case SYS_syncfs:
      add_unmodelled(call, no_inode, "a syncfs that failed");
      break;
    default:
      return;
  }
  ++calls_;
}

void Recorder::fail(const PendingCall& call, int reason) {
  add_failed_sync(call, reason);
  const Place& place = call.place;
  const bool tracked = place.tracked() || call.target.tracked() || call.inode != no_inode;
  if (reason == EOVERFLOW && tracked && setting_.sandbox.trees()[0].upper >= 0 &&
      call.number != SYS_copy_file_range) {
    const std::string path =
        place.tracked() ? tree_.path_of(place.directory, place.name) : tree_.path_of(call.inode);
    add_unexplained(path + " could not be changed as it can outside (EOVERFLOW from " +
                    call.shape->name + "): it or its folder belongs to a user or group that the " +
                    "sandbox does not have; try --isolation copy");
  }
  if (reason == EXDEV && place.tracked() && place.type == FileType::directory) {
    note("renaming the folder " + tree_.path_of(place.directory, place.name) +
         " was answered EXDEV: an overlay cannot rename a folder that was there before the run");
  }
}

Handling Recorder::begin_metadata(PendingCall& call) {
  const ObjectForm form = form_of(call.number);
  using By = ObjectForm::By;
  bool tracked = false;
  if (form.by == By::descriptor) {
    tracked = fetch_object(call, 0, nullptr) && !call.output;
  } else if (form.by == By::at) {
    const int directory = descriptor(call.arguments[0]);
    const bool follow = form.flags == 0 || (call.arguments[form.flags] & AT_SYMLINK_NOFOLLOW) == 0;
    if (call.arguments[1] == 0) {  // utimensat(fd, NULL): futimens
      tracked = fetch_object(call, 0, nullptr) && !call.output;
    } else {
      tracked = resolve_object(call, directory, 1, follow);
      if (!tracked) call.place = resolve_argument(call, directory, 1, follow);
    }
  } else {
    const bool follow = form.by == By::path;
    tracked = resolve_object(call, AT_FDCWD, 0, follow);
    if (!tracked) call.place = resolve_argument(call, AT_FDCWD, 0, follow);
  }
  if (!tracked) return outside(call, call.place);
  return Handling::record;
}

void Recorder::finish_metadata(PendingCall& call, std::uint64_t) {
  const ObjectForm form = form_of(call.number);
  struct stat status = {};
  Operation& operation = add(call, OperationKind::set_metadata, call.inode);
  operation.name = form.what;
  if (operation.name == "mode" && ::fstat(call.file.get(), &status) == 0) {
    operation.size = status.st_mode & 07777U;
  }
}

Handling Recorder::begin_refused(PendingCall& call) {
  const std::string name = call.shape->name;
  if (call.number == SYS_io_uring_setup || call.number == SYS_io_setup) {
    call.refusal = ENOSYS;
    note(name + " was answered ENOSYS: programs fall back to ordinary calls");
    return Handling::refuse;
  }
  if (call.number == SYS_close_range) {
    call.thread.own_files = true;  // only CLOSE_RANGE_UNSHARE is traced
    return Handling::ignore;
  }
  if (call.number == SYS_unshare || call.number == SYS_clone) {
    if (call.number == SYS_unshare && (call.arguments[0] & CLONE_FILES) != 0) {
      call.thread.own_files = true;
    }
    if ((call.arguments[0] & (CLONE_NEWNS | CLONE_NEWUSER)) == 0) return Handling::ignore;
  }
  call.refusal = EPERM;
  note(name + " was answered EPERM: the program would have left the sandbox");
  return Handling::refuse;
}

// Closing writes nothing down; it is recorded so that it can be made to fail.
Handling Recorder::begin_close(PendingCall& call) {
  call.changes = false;
  const bool file = fetch_object(call, 0, nullptr) && !call.output;
  return file && (call.file_flags & O_ACCMODE) != O_RDONLY ? Handling::record : Handling::ignore;
}

Handling Recorder::begin_new_directory(PendingCall&) {
  working_directories_.clear();
  return Handling::ignore;
}

// A kernel that is newer than this program has calls of which nobody here knows what they do.
Handling Recorder::begin_unknown(PendingCall& call) {
  call.changes = false;
  return Handling::record;
}

void Recorder::finish_unknown(PendingCall& call, std::uint64_t) {
  add_unexplained("system call " + std::to_string(call.number) +
                  " is not known: it may have changed files");
}

void Recorder::note_program(pid_t process) {
  const std::string link = "/proc/" + std::to_string(process) + "/exe";
  struct stat status = {};
  if (::stat(link.c_str(), &status) != 0 || (status.st_mode & (S_ISUID | S_ISGID)) == 0) return;
  std::array<char, PATH_MAX> path = {};
  if (::readlink(link.c_str(), path.data(), path.size() - 1) <= 0) return;
  note(std::string(path.data()) + " is setuid: it ran without the rights of its owner");
}

Handling Recorder::begin_noted(PendingCall& call) {
  note("the program called " + std::string(call.shape->name) +
       ", which fails while it is being traced");
  return Handling::ignore;
}

}  // namespace untorn::prove
