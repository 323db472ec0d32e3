// SPDX-License-Identifier: Apache-2.0
//
// Calls that change content.
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "prove/trace/payload.h"
#include "prove/trace/recorder.h"

namespace untorn::prove {
namespace {

constexpr std::uint64_t write_flag_data = 0x2;         // RWF_DSYNC
constexpr std::uint64_t write_flag_sync = 0x4;         // RWF_SYNC
constexpr std::uint64_t write_flag_append = 0x10;      // RWF_APPEND
constexpr std::uint64_t write_flag_no_append = 0x20;   // RWF_NOAPPEND
constexpr std::uint64_t allocate_write_zeroes = 0x80;  // FALLOC_FL_WRITE_ZEROES
constexpr std::uint64_t allocate_zeroing =
    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE | allocate_write_zeroes;
constexpr std::uint64_t allocate_known =
    allocate_zeroing | FALLOC_FL_KEEP_SIZE | FALLOC_FL_UNSHARE_RANGE;

std::uint64_t size_of_file(int file) {
  struct stat status = {};
  return ::fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

// Through a descriptor that may be for writing alone.
std::optional<std::vector<std::byte>> read_file(int file, std::uint64_t offset,
                                                std::uint64_t size) {
  const std::string own = "/proc/self/fd/" + std::to_string(file);
  const Descriptor reader(::open(own.c_str(), O_RDONLY | O_CLOEXEC));
  if (!reader.valid()) return {};
  std::vector<std::byte> bytes(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count =
        ::pread(reader.get(), bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return {};
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

bool holds(int file, std::uint64_t offset, const std::vector<std::byte>& bytes) {
  return read_file(file, offset, bytes.size()) == bytes;
}

}  // namespace

Recorder::Shapes Recorder::content_shapes() {
  using R = Recorder;
  return {
      {SYS_write, {"write", &R::begin_write, &R::finish_write}},
      {SYS_writev, {"writev", &R::begin_write, &R::finish_write}},
      {SYS_pwrite64, {"pwrite64", &R::begin_write, &R::finish_write}},
      {SYS_pwritev, {"pwritev", &R::begin_write, &R::finish_write}},
      {SYS_pwritev2, {"pwritev2", &R::begin_write, &R::finish_write}},
      {SYS_truncate, {"truncate", &R::begin_truncate, &R::finish_truncate}},
      {SYS_ftruncate, {"ftruncate", &R::begin_truncate, &R::finish_truncate}},
      {SYS_fallocate, {"fallocate", &R::begin_allocate, &R::finish_allocate}},
      {SYS_copy_file_range, {"copy_file_range", &R::begin_transfer, &R::finish_transfer}},
      {SYS_sendfile, {"sendfile", &R::begin_transfer, &R::finish_transfer}},
      {SYS_splice, {"splice", &R::begin_transfer, &R::finish_transfer}},
      {SYS_tee, {"tee", &R::begin_transfer, &R::finish_transfer}},
      {SYS_vmsplice, {"vmsplice", &R::begin_transfer, &R::finish_transfer}},
      {SYS_ioctl, {"ioctl", &R::begin_request, &R::finish_request}},
      {SYS_mmap, {"mmap", &R::begin_map, &R::finish_map}},
      {SYS_mprotect, {"mprotect", &R::begin_protect, &R::finish_protect}},
      {SYS_pkey_mprotect, {"pkey_mprotect", &R::begin_protect, &R::finish_protect}},
      {SYS_msync, {"msync", &R::begin_sync_map, &R::finish_sync_map}},
  };
}

Handling Recorder::begin_write(PendingCall& call) {
  if (!fetch_object(call, 0, nullptr)) return Handling::ignore;
  call.changes = !call.output;
  if (call.number == SYS_pwritev2) call.flags = call.arguments[5];
  return Handling::record;
}

void Recorder::finish_write(PendingCall& call, std::uint64_t result) {
  if (call.output) return acknowledge_output(call);
  if (result == 0) return;
  const bool positioned = call.number == SYS_pwrite64 || call.number == SYS_pwritev ||
                          (call.number == SYS_pwritev2 &&
                           call.arguments[3] != std::numeric_limits<std::uint64_t>::max());
  const bool of_file =
      (call.file_flags & O_APPEND) != 0 && (call.flags & write_flag_no_append) == 0;
  const bool appends = of_file || (call.flags & write_flag_append) != 0;
  std::uint64_t offset = 0;
  if (positioned && appends) {
    offset = size_of_file(call.file.get()) - result;  // Linux appends whatever the offset
  } else if (positioned) {
    offset = call.arguments[3];
  } else {
    const off_t position = ::lseek(call.file.get(), 0, SEEK_CUR);
    if (position < 0) return add_unmodelled(call, call.inode, "a write at an unknown position");
    offset = static_cast<std::uint64_t>(position) - result;
  }
  std::vector<std::byte> payload = std::move(call.payload);
  payload.resize(std::min<std::uint64_t>(payload.size(), result));
  if (payload.empty()) {
    auto read = read_payload(call, result);
    if (!read) return add_unmodelled(call, call.inode, "a write of memory that cannot be read");
    payload = std::move(*read);
  }
  // Not every file system obeys the flag against appending.
  if (positioned && !appends && (call.file_flags & O_APPEND) != 0 &&
      !holds(call.file.get(), offset, payload)) {
    offset = size_of_file(call.file.get()) - result;
  }
  add_write(call, offset, std::move(payload));
  add_sync_of_flags(call, offset, result);
}

void Recorder::add_write(const PendingCall& call, std::uint64_t offset,
                         std::vector<std::byte> payload) {
  payload_bytes_ += payload.size();
  longest_file_bytes_ = std::max(longest_file_bytes_, offset + payload.size());
  if (const auto shared = find_shared(call.inode);
      shared != shared_files_.end() && shared->second.content) {
    shared->second.content->write(offset, payload);
  }
  Operation& operation = add(call, OperationKind::write, call.inode);
  operation.offset = offset;
  operation.size = payload.size();
  operation.payload = Bytes(std::move(payload));
}

void Recorder::add_truncate(const PendingCall& call, InodeId inode, std::uint64_t size) {
  longest_file_bytes_ = std::max(longest_file_bytes_, size);
  if (const auto shared = find_shared(inode);
      shared != shared_files_.end() && shared->second.content) {
    shared->second.content->truncate(size);
  }
  add(call, OperationKind::truncate, inode).size = size;
}

void Recorder::add_sync_of_flags(const PendingCall& call, std::uint64_t offset,
                                 std::uint64_t size) {
  OperationKind kind = OperationKind::sync_data;
  // O_SYNC includes the bit of O_DSYNC.
  if ((call.file_flags & O_SYNC) == O_SYNC || (call.flags & write_flag_sync) != 0) {
    kind = OperationKind::sync_file;
  } else if ((call.file_flags & O_DSYNC) == 0 && (call.flags & write_flag_data) == 0) {
    return;
  }
  Operation& operation = add(call, kind, call.inode);
  operation.offset = offset;
  operation.size = size;
}

Handling Recorder::begin_truncate(PendingCall& call) {
  if (call.number == SYS_ftruncate) {
    return fetch_object(call, 0, nullptr) && !call.output ? Handling::record : Handling::ignore;
  }
  if (!resolve_object(call, AT_FDCWD, 0, true)) {
    call.place = resolve_argument(call, AT_FDCWD, 0, true);
    return outside(call, call.place);
  }
  settle(call.inode);
  return Handling::record;
}

void Recorder::finish_truncate(PendingCall& call, std::uint64_t) {
  add_truncate(call, call.inode, call.arguments[1]);
}

Handling Recorder::begin_allocate(PendingCall& call) {
  struct stat status = {};
  if (!fetch_object(call, 0, &status) || call.output) return Handling::ignore;
  call.mode = static_cast<std::uint64_t>(status.st_size);  // the size before
  call.flags = call.arguments[1];
  return Handling::record;
}

void Recorder::finish_allocate(PendingCall& call, std::uint64_t) {
  const std::uint64_t before = call.mode;
  const std::uint64_t after = size_of_file(call.file.get());
  const std::uint64_t offset = call.arguments[2];
  const std::uint64_t size = call.arguments[3];
  if ((call.flags & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE)) != 0) {
    return add_unmodelled(call, call.inode, "fallocate that moves content");
  }
  if ((call.flags & ~allocate_known) != 0) {
    return add_unmodelled(call, call.inode, "fallocate in a mode that is not known");
  }
  if (after != before) add_truncate(call, call.inode, after);
  if ((call.flags & allocate_zeroing) != 0 && offset < before) {
    const std::uint64_t end = std::min(before, offset + size);
    add_write(call, offset, std::vector<std::byte>(end - offset));
  }
  call.flags = 0;
  if ((call.file_flags & O_DSYNC) != 0) add_sync_of_flags(call, offset, size);
}

// Which argument is the descriptor that is written to.
static std::size_t target_argument(std::uint64_t number) {
  switch (number) {
    case SYS_copy_file_range:
    case SYS_splice:
      return 2;
    case SYS_tee:
      return 1;
    default:
      return 0;
  }
}

Handling Recorder::begin_transfer(PendingCall& call) {
  if (!fetch_object(call, target_argument(call.number), nullptr)) return Handling::ignore;
  call.changes = !call.output;
  call.flags = std::numeric_limits<std::uint64_t>::max();  // no offset of its own
  const bool has_offset = call.number == SYS_copy_file_range || call.number == SYS_splice;
  if (has_offset && call.arguments[3] != 0) {
    const auto offset = read_value<std::uint64_t>(call.thread.id, call.arguments[3]);
    if (!offset) return Handling::ignore;  // EFAULT
    call.flags = *offset;
  }
  return Handling::record;
}

void Recorder::finish_transfer(PendingCall& call, std::uint64_t result) {
  if (call.output) return acknowledge_output(call);
  if (result == 0) return;
  std::uint64_t offset = call.flags;
  if (offset == std::numeric_limits<std::uint64_t>::max()) {
    const off_t position = ::lseek(call.file.get(), 0, SEEK_CUR);
    if (position < 0) return add_unmodelled(call, call.inode, "a copy to an unknown position");
    offset = static_cast<std::uint64_t>(position) - result;
  }
  if (!read_back(call, offset, result)) {
    add_unmodelled(call, call.inode, "a copy inside the kernel that cannot be read back");
  }
  call.flags = 0;
  add_sync_of_flags(call, offset, result);
}

// What the kernel moved by itself is read from the file: no other call has run since.
bool Recorder::read_back(const PendingCall& call, std::uint64_t offset, std::uint64_t size) {
  auto bytes = read_file(call.file.get(), offset, size);
  if (!bytes) return false;
  add_write(call, offset, std::move(*bytes));
  return true;
}

Handling Recorder::begin_request(PendingCall& call) {
  call.flags = call.arguments[1] & 0xffffffffU;
  switch (call.flags) {
    case FS_IOC_GETFLAGS:
    case FS_IOC_GETVERSION:
    case FS_IOC_FSGETXATTR:
    case FS_IOC_FIEMAP:
    case FIDEDUPERANGE:  // shares what is equal: no byte changes
    case FITRIM:
      return Handling::ignore;
    default:
      break;
  }
  if (!fetch_object(call, 0, nullptr) || call.output) return Handling::ignore;
  call.changes = call.flags == FICLONE || call.flags == FICLONERANGE;
  return Handling::record;
}

void Recorder::finish_request(PendingCall& call, std::uint64_t) {
  const std::uint64_t size = size_of_file(call.file.get());
  if (call.flags == FICLONE) {
    add_truncate(call, call.inode, 0);
    if (size > 0 && !read_back(call, 0, size)) {
      add_unmodelled(call, call.inode, "a clone that cannot be read back");
    }
    return;
  }
  if (call.flags == FICLONERANGE) {
    const auto range = read_value<file_clone_range>(call.thread.id, call.arguments[2]);
    const std::uint64_t offset = range ? range->dest_offset : 0;
    const std::uint64_t length =
        range && range->src_length != 0 ? range->src_length : size - std::min(size, offset);
    if (!range || !read_back(call, offset, length)) {
      add_unmodelled(call, call.inode, "a clone that cannot be read back");
    }
    return;
  }
  if (call.flags == FS_IOC_SETFLAGS || call.flags == FS_IOC_FSSETXATTR) {
    add(call, OperationKind::set_metadata, call.inode).name = "attributes";
    return;
  }
  add_unmodelled(call, call.inode, "ioctl request " + std::to_string(call.flags));
}

}  // namespace untorn::prove
