// SPDX-License-Identifier: Apache-2.0
//
// Calls that change content.
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "prove/trace/recorder.h"

namespace untorn::prove {
namespace {

constexpr std::uint64_t write_flag_append = 0x10;  // RWF_APPEND
constexpr std::uint64_t write_flag_sync = 0x4;     // RWF_SYNC
constexpr std::uint64_t write_flag_data = 0x2;     // RWF_DSYNC
constexpr std::size_t vectors_max = 1024;          // UIO_MAXIOV

std::uint64_t size_of_file(int file) {
  struct stat status = {};
  return ::fstat(file, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

// The first `size` bytes of what a call wrote from the thread's memory.
std::optional<std::vector<std::byte>> read_payload(const PendingCall& call, std::uint64_t size) {
  std::vector<std::byte> payload(size);
  if (call.number == SYS_write || call.number == SYS_pwrite64) {
    if (!read_memory(call.thread.id, call.arguments[1], payload)) return {};
    return payload;
  }
  const std::uint64_t count = call.arguments[2];
  if (count > vectors_max) return {};
  std::vector<iovec> vectors(count);
  if (!read_memory(call.thread.id, call.arguments[1], std::as_writable_bytes(std::span(vectors)))) {
    return {};
  }
  std::size_t done = 0;
  for (const iovec& vector : vectors) {
    const std::size_t part = std::min<std::size_t>(vector.iov_len, size - done);
    std::uint64_t address = 0;
    std::memcpy(&address, &vector.iov_base, sizeof address);
    if (!read_memory(call.thread.id, address, std::span(payload).subspan(done, part))) return {};
    done += part;
  }
  return payload;
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
  const bool appends = (call.file_flags & O_APPEND) != 0 || (call.flags & write_flag_append) != 0;
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
  auto payload = read_payload(call, result);
  if (!payload) return add_unmodelled(call, call.inode, "a write of memory that cannot be read");
  add_write(call, offset, std::move(*payload));
  add_sync_of_flags(call, call.flags);
}

void Recorder::add_write(const PendingCall& call, std::uint64_t offset,
                         std::vector<std::byte> payload) {
  payload_bytes_ += payload.size();
  longest_file_bytes_ = std::max(longest_file_bytes_, offset + payload.size());
  Operation& operation = add(call, OperationKind::write, call.inode);
  operation.offset = offset;
  operation.size = payload.size();
  operation.payload = Bytes(std::move(payload));
}

void Recorder::add_sync_of_flags(const PendingCall& call, std::uint64_t write_flags) {
  // O_SYNC includes the bit of O_DSYNC.
  if ((call.file_flags & O_SYNC) == O_SYNC || (write_flags & write_flag_sync) != 0) {
    add(call, OperationKind::sync_file, call.inode);
  } else if ((call.file_flags & O_DSYNC) != 0 || (write_flags & write_flag_data) != 0) {
    add(call, OperationKind::sync_data, call.inode);
  }
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
  add(call, OperationKind::truncate, call.inode).size = call.arguments[1];
  longest_file_bytes_ = std::max(longest_file_bytes_, call.arguments[1]);
  add_sync_of_flags(call, 0);
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
  if (after != before) add(call, OperationKind::truncate, call.inode).size = after;
  longest_file_bytes_ = std::max(longest_file_bytes_, after);
  if ((call.flags & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0 && offset < before) {
    const std::uint64_t end = std::min(before, offset + size);
    add_write(call, offset, std::vector<std::byte>(end - offset));
  }
  add_sync_of_flags(call, 0);
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
  add_sync_of_flags(call, 0);
}

// What the kernel moved by itself is read from the file: no other call has run since.
bool Recorder::read_back(const PendingCall& call, std::uint64_t offset, std::uint64_t size) {
  const std::string own = "/proc/self/fd/" + std::to_string(call.file.get());
  const Descriptor reader(::open(own.c_str(), O_RDONLY | O_CLOEXEC));
  if (!reader.valid()) return false;
  std::vector<std::byte> bytes(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count =
        ::pread(reader.get(), bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  add_write(call, offset, std::move(bytes));
  return true;
}

Handling Recorder::begin_request(PendingCall& call) {
  struct stat status = {};
  if (!fetch_object(call, 0, &status) || call.output) return Handling::ignore;
  call.flags = call.arguments[1] & 0xffffffffU;
  call.changes = call.flags == FICLONE || call.flags == FICLONERANGE;
  return Handling::record;
}

void Recorder::finish_request(PendingCall& call, std::uint64_t) {
  const std::uint64_t size = size_of_file(call.file.get());
  if (call.flags == FICLONE) {
    add(call, OperationKind::truncate, call.inode).size = 0;
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
  add(call, OperationKind::set_metadata, call.inode).name = "attributes";
}

Handling Recorder::begin_map(PendingCall& call) {
  if (!fetch_object(call, 4, nullptr) || call.output) return Handling::ignore;
  // Of a file that was opened for reading, a shared mapping stays readable.
  if ((call.file_flags & O_ACCMODE) != O_RDWR) return Handling::ignore;
  call.changes = false;
  return Handling::record;
}

void Recorder::finish_map(PendingCall& call, std::uint64_t result) {
  if ((call.arguments[2] & PROT_WRITE) != 0) return add_written_map(call);
  readable_maps_.push_back({result, result + call.arguments[1], call.inode});
}

Handling Recorder::begin_protect(PendingCall& call) {
  const std::uint64_t begin = call.arguments[0];
  const std::uint64_t end = begin + call.arguments[1];
  call.changes = false;
  for (const SharedMap& map : readable_maps_) {
    const std::uint64_t common = std::max(begin, map.begin);
    if (common >= std::min(end, map.end)) continue;
    if (!is_shared_mapping(call.thread.id, common)) continue;
    call.inode = map.inode;
    return Handling::record;
  }
  return Handling::ignore;
}

void Recorder::finish_protect(PendingCall& call, std::uint64_t) {
  add_written_map(call);
}

void Recorder::add_written_map(const PendingCall& call) {
  const std::string path = tree_.path_of(call.inode);
  if (path.ends_with("-shm")) {
    // The shared index of an SQLite write-ahead log, rebuilt at the next opening.
    unknown_.insert(call.inode);
    note("changes of " + path + " through mmap are not recorded: its owner rebuilds it");
    return;
  }
  add_unmodelled(call, call.inode, "mmap, writable and shared");
}

}  // namespace untorn::prove
