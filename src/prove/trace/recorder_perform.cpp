// SPDX-License-Identifier: Apache-2.0
//
// Calls that are done in place of the program: one stop instead of two.
//
// A descriptor that was fetched from the program is the same open file: position, flags and locks
// are shared, and the kernel asks the file, not the caller, whether it may be written. What does
// depend on the caller is excluded: a limit of file size, and alignment in memory. Names are
// changed with our rights, which are the program's until it takes some from itself: from then on it
// does everything by itself.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "prove/trace/payload.h"
#include "prove/trace/recorder.h"

namespace untorn::prove {
namespace {

// A larger write may be cut short by a signal, and takes longer than a stop anyway.
constexpr std::uint64_t write_bytes_max = 64U << 10U;

bool has_size_limit(pid_t process) {
  rlimit limit = {};
  return ::prlimit(process, RLIMIT_FSIZE, nullptr, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY;
}

std::int64_t result_of(std::int64_t result) {
  return result < 0 ? -errno : result;
}

}  // namespace

std::optional<std::int64_t> Recorder::perform(PendingCall& call) {
  // In a copy the disk may be slow, and other threads would wait for it.
  if (setting_.sandbox.isolation() == Isolation::copy || !same_rights_) return {};
  if (call.output) return {};
  switch (call.number) {
    case SYS_fsync:
      return result_of(::fsync(call.file.get()));
    case SYS_fdatasync:
      return result_of(::fdatasync(call.file.get()));
    case SYS_write:
    case SYS_writev:
    case SYS_pwrite64:
    case SYS_pwritev:
    case SYS_ftruncate:
      return perform_write(call);
    case SYS_rename:
    case SYS_renameat:
    case SYS_renameat2:
    case SYS_unlink:
    case SYS_unlinkat:
    case SYS_rmdir:
      return perform_name(call);
    default:
      return {};
  }
}

std::optional<std::int64_t> Recorder::perform_write(PendingCall& call) {
  const int file = call.file.get();
  if ((call.file_flags & O_DIRECT) != 0 || has_size_limit(call.thread.process)) return {};
  if (call.number == SYS_ftruncate) {
    return result_of(::ftruncate(file, static_cast<off_t>(call.arguments[1])));
  }
  auto payload = read_whole_payload(call, write_bytes_max);
  if (!payload) return {};
  const bool positioned = call.number == SYS_pwrite64 || call.number == SYS_pwritev;
  const auto offset = static_cast<off_t>(call.arguments[3]);
  const std::int64_t result =
      result_of(positioned ? ::pwrite(file, payload->data(), payload->size(), offset)
                           : ::write(file, payload->data(), payload->size()));
  call.payload = std::move(*payload);
  return result;
}

// By the folders that were found at the entry, so that it happens to what the log speaks of.
std::optional<std::int64_t> Recorder::perform_name(const PendingCall& call) {
  const Place& place = call.place;
  if (call.folder || !place.tracked()) return {};
  if (call.number == SYS_rmdir) {
    return result_of(::unlinkat(place.parent.get(), place.name.c_str(), AT_REMOVEDIR));
  }
  if (call.number == SYS_unlink || call.number == SYS_unlinkat) {
    const int flags = call.number == SYS_unlink ? 0 : static_cast<int>(call.arguments[2]);
    return result_of(::unlinkat(place.parent.get(), place.name.c_str(), flags));
  }
  const Place& target = call.target;
  if (!target.tracked()) return {};
  return result_of(::syscall(SYS_renameat2, place.parent.get(), place.name.c_str(),
                             target.parent.get(), target.name.c_str(), call.flags));
}

Handling Recorder::begin_new_rights(PendingCall& call) {
  call.changes = false;
  same_rights_ = false;
  return Handling::ignore;
}

}  // namespace untorn::prove
