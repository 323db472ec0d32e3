// SPDX-License-Identifier: Apache-2.0
#include "prove/fault/injector.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <climits>
#include <span>

#include "prove/sandbox/parts.h"
#include "prove/trace/process.h"
#include "prove/trace/recorder.h"

namespace untorn::prove {

namespace {

constexpr std::uint64_t vectors_max = 1024;  // UIO_MAXIOV

std::string program_of(pid_t process) {
  std::array<char, PATH_MAX> path = {};
  const std::string link = "/proc/" + std::to_string(process) + "/exe";
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : std::string();
}

bool takes_vectors(std::uint64_t number) {
  return number == SYS_writev || number == SYS_pwritev || number == SYS_pwritev2;
}

std::vector<iovec> read_vectors(const PendingCall& call) {
  if (call.arguments[2] > vectors_max) return {};
  std::vector<iovec> vectors(call.arguments[2]);
  const auto bytes = std::as_writable_bytes(std::span(vectors));
  if (!read_memory(call.thread.id, call.arguments[1], bytes)) vectors.clear();
  return vectors;
}

// How much a call was asked to write.
std::uint64_t size_of(const PendingCall& call) {
  switch (call.number) {
    case SYS_write:
    case SYS_pwrite64:
      return call.arguments[2];
    case SYS_sendfile:
      return call.arguments[3];
    case SYS_copy_file_range:
    case SYS_splice:
      return call.arguments[4];
    default:
      break;
  }
  if (!takes_vectors(call.number)) return 0;
  std::uint64_t total = 0;
  for (const iovec& vector : read_vectors(call)) total += vector.iov_len;
  return total;
}

// Where a write begins; 0 if that cannot be told.
std::uint64_t offset_of(const PendingCall& call) {
  struct stat status = {};
  if ((call.file_flags & O_APPEND) != 0 && ::fstat(call.file.get(), &status) == 0) {
    return static_cast<std::uint64_t>(status.st_size);
  }
  const bool positioned = call.number == SYS_pwrite64 || call.number == SYS_pwritev;
  if (positioned) return call.arguments[3];
  const off_t position = ::lseek(call.file.get(), 0, SEEK_CUR);
  return position < 0 ? 0 : static_cast<std::uint64_t>(position);
}

CallRecord record_of(const PendingCall& call, FaultCall what, std::size_t operations) {
  CallRecord record;
  record.call = what;
  record.inode = call.inode;
  if (call.place.tracked()) {
    record.directory = call.place.directory;
    record.name = call.place.name;
  }
  if (call.target.tracked()) {
    record.target_directory = call.target.directory;
    record.target_name = call.target.name;
  }
  record.bytes = size_of(call);
  record.operations = operations;
  record.stack = call.stack;
  return record;
}

// The call that writes only the first `allowed` bytes; of several vectors a part of the first one,
// and then `allowed` says how much that is. Nothing for calls with flags of their own.
std::optional<CallRegisters> write_less(const PendingCall& call, std::uint64_t& allowed) {
  CallRegisters registers{call.number, call.arguments};
  switch (call.number) {
    case SYS_write:
    case SYS_pwrite64:
      registers.arguments[2] = allowed;
      return registers;
    case SYS_sendfile:
      registers.arguments[3] = allowed;
      return registers;
    case SYS_copy_file_range:
    case SYS_splice:
      registers.arguments[4] = allowed;
      return registers;
    default:
      break;
  }
  if (!takes_vectors(call.number)) return {};
  const bool at_position = call.number != SYS_writev && call.arguments[3] != ~0ULL;
  if (call.number == SYS_pwritev2 && call.arguments[5] != 0) return {};
  for (const iovec& vector : read_vectors(call)) {
    if (vector.iov_len == 0) continue;
    allowed = std::min<std::uint64_t>(allowed, vector.iov_len);
    registers.number = at_position ? SYS_pwrite64 : SYS_write;
    registers.arguments[1] = std::bit_cast<std::uint64_t>(vector.iov_base);
    registers.arguments[2] = allowed;
    return registers;
  }
  return {};
}

}  // namespace

std::string_view FaultInjector::below_root(std::string_view path) const {
  return is_below(path, root_) ? path.substr(root_.size() + 1) : path;
}

// J1.
Hash128 FaultInjector::site_of(const PendingCall& call, FaultCall what) {
  const auto [known, is_new] = known_stacks_.try_emplace(call.stack);
  if (is_new) {
    const Stack& stack = stacks_.resolve(call.stack);
    const bool all = std::ranges::all_of(stack, &Frame::runtime);
    for (const Frame& frame : stack) {
      if (frame.runtime && !all) continue;
      known->second = combine(known->second, hash128(below_root(frame.path)));
      known->second = combine(known->second, frame.line);
      known->second = combine(known->second, hash128(frame.function));
    }
  }
  const Hash128 program = hash128(below_root(program_of(call.thread.process)));
  return combine(combine(known->second, program), static_cast<std::uint64_t>(what));
}

Injection FaultInjector::fail(const CallRecord& record, const PendingCall& call) {
  const FaultKind& kind = fault_->kind;
  Injection injection;
  std::uint64_t allowed = 0;
  if (kind.error != 0) {
    injection.error = kind.error;
    // A descriptor is gone after close, whatever close says.
    injection.executes_first = record.call == FaultCall::close;
  } else if (const auto lowered = shortened(kind.shortening, record.bytes)) {
    allowed = *lowered;
    injection.instead = write_less(call, allowed);
  }
  if (injection.error == 0 && !injection.instead) return {};
  if (!failed_) {
    failed_ = record;
    allowed_bytes_ = allowed;
  }
  if (lost_writes_.size() >= SiteRecord::calls_max) return injection;
  if (record.call == FaultCall::write) {
    const std::uint64_t offset = offset_of(call);
    lost_writes_.push_back(
        {record.inode, false, offset + allowed, offset + record.bytes, record.operations});
  } else if (record.call == FaultCall::close && kind.error != EINTR) {
    lost_writes_.push_back({record.inode, true, 0, 0, record.operations});
  }
  return injection;
}

Injection FaultInjector::at_entry(const PendingCall& call, std::size_t operations) {
  const auto what = fault_call_of(call);
  if (!what || call.output) return {};
  const CallRecord record = record_of(call, *what, operations);
  if (failed_) {
    if (!meets(fault_->kind, *what)) return {};
    ++later_calls_;
    return fault_->kind.stays ? fail(record, call) : Injection{};
  }
  // Looking for a place in the source is slow: not for calls that cannot be the one.
  if (fault_ && fault_->call != *what) return {};
  const Hash128 site = site_of(call, *what);
  SiteRecord& known = sites_[site];
  ++known.occurrences;
  if (known.calls.size() < SiteRecord::calls_max) known.calls.push_back(record);
  if (!fault_ || site != fault_->site || known.occurrences != fault_->occurrence) return {};
  return fail(record, call);
}

}  // namespace untorn::prove
