// SPDX-License-Identifier: Apache-2.0
#include "prove/fault/kinds.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "prove/trace/recorder.h"

namespace untorn::prove {

namespace {

constexpr std::uint64_t page_bytes = 4096;

struct Errors {
  FaultCall call;
  std::vector<int> errors;
};

// K1. Of write(2), open(2), … what the manuals name and what a program meets: a full disk or quota,
// a broken device, a file system that became read-only, a signal, too many open files.
const std::array<Errors, 13>& error_table() {
  static const std::array<Errors, 13> table = {{
      {FaultCall::open, {EIO, EROFS, EMFILE, ENFILE, EINTR}},
      {FaultCall::create, {ENOSPC, EDQUOT, EIO, EROFS, EMFILE, ENFILE, EINTR}},
      {FaultCall::write, {ENOSPC, EDQUOT, EIO, EINTR}},
      {FaultCall::transfer, {ENOSPC, EDQUOT, EIO}},
      {FaultCall::sync, {EIO, ENOSPC, EDQUOT, EINTR}},
      {FaultCall::range, {EIO, ENOSPC}},
      {FaultCall::close, {EIO, ENOSPC, EDQUOT, EINTR}},
      {FaultCall::rename, {ENOSPC, EDQUOT, EIO, EROFS}},
      {FaultCall::link, {ENOSPC, EDQUOT, EIO, EROFS}},
      {FaultCall::unlink, {EIO, EROFS}},
      {FaultCall::directory, {ENOSPC, EDQUOT, EIO, EROFS}},
      {FaultCall::truncate, {EIO, EINTR}},
      {FaultCall::allocate, {ENOSPC, EDQUOT, EIO, EINTR}},
  }};
  return table;
}

const std::vector<int>& errors_of(FaultCall call) {
  const auto found = std::ranges::find(error_table(), call, &Errors::call);
  return found->errors;
}

bool can_be_short(FaultCall call) {
  return call == FaultCall::write || call == FaultCall::transfer;
}

std::vector<FaultKind> list_kinds(FaultCall call) {
  std::vector<FaultKind> kinds;
  for (const int error : errors_of(call)) kinds.push_back({.error = error});
  if (can_be_short(call)) {
    kinds.push_back({.shortening = Shortening::half});
    kinds.push_back({.shortening = Shortening::one_byte});
    kinds.push_back({.shortening = Shortening::page});
  }
  for (const int error : errors_of(call)) {
    if (error != EINTR) kinds.push_back({.error = error, .stays = true});
  }
  if (can_be_short(call)) kinds.push_back({.shortening = Shortening::half, .stays = true});
  return kinds;
}

std::string_view name_of_error(int error) {
  constexpr std::array<std::pair<int, std::string_view>, 7> names = {{{ENOSPC, "ENOSPC"},
                                                                      {EDQUOT, "EDQUOT"},
                                                                      {EIO, "EIO"},
                                                                      {EINTR, "EINTR"},
                                                                      {EROFS, "EROFS"},
                                                                      {EMFILE, "EMFILE"},
                                                                      {ENFILE, "ENFILE"}}};
  const auto found = std::ranges::find(names, error, &std::pair<int, std::string_view>::first);
  return found == names.end() ? "an error" : found->second;
}

FaultCall call_of_open(const PendingCall& call) {
  constexpr std::uint64_t temporary = O_TMPFILE & ~O_DIRECTORY;
  const bool makes_name = (call.flags & O_CREAT) != 0 && !call.place.exists;
  return makes_name || (call.flags & temporary) != 0 ? FaultCall::create : FaultCall::open;
}

}  // namespace

std::string_view to_string(FaultCall call) noexcept {
  constexpr std::array<std::string_view, 13> names = {
      "open",   "open", "write",  "copy",  "fsync",    "sync_file_range", "close",
      "rename", "link", "unlink", "mkdir", "truncate", "fallocate"};
  return names[static_cast<std::size_t>(call)];
}

std::string name_of(const FaultKind& kind, std::uint64_t bytes) {
  std::string name = kind.error != 0
                         ? std::string(name_of_error(kind.error))
                         : fmt::format("short write of {} byte{}", bytes, bytes == 1 ? "" : "s");
  if (kind.stays) name += " from then on";
  return name;
}

std::optional<FaultCall> fault_call_of(const PendingCall& call) noexcept {
  switch (call.number) {
    case SYS_open:
    case SYS_openat:
    case SYS_openat2:
    case SYS_creat:
      return call_of_open(call);
    case SYS_mknod:
    case SYS_mknodat:
      return FaultCall::create;
    case SYS_write:
    case SYS_pwrite64:
    case SYS_writev:
    case SYS_pwritev:
    case SYS_pwritev2:
      return FaultCall::write;
    case SYS_copy_file_range:
    case SYS_sendfile:
    case SYS_splice:
      return FaultCall::transfer;
    case SYS_fsync:
    case SYS_fdatasync:
      return FaultCall::sync;
    case SYS_sync_file_range:
      return FaultCall::range;
    case SYS_close:
      return FaultCall::close;
    case SYS_rename:
    case SYS_renameat:
    case SYS_renameat2:
      return FaultCall::rename;
    case SYS_link:
    case SYS_linkat:
    case SYS_symlink:
    case SYS_symlinkat:
      return FaultCall::link;
    case SYS_unlink:
    case SYS_unlinkat:
    case SYS_rmdir:
      return FaultCall::unlink;
    case SYS_mkdir:
    case SYS_mkdirat:
      return FaultCall::directory;
    case SYS_truncate:
    case SYS_ftruncate:
      return FaultCall::truncate;
    case SYS_fallocate:
      return FaultCall::allocate;
    default:
      return {};
  }
}

const std::vector<FaultKind>& kinds_of(FaultCall call) {
  static const std::array<std::vector<FaultKind>, 13> all = [] {
    std::array<std::vector<FaultKind>, 13> lists;
    for (const Errors& entry : error_table()) {
      lists[static_cast<std::size_t>(entry.call)] = list_kinds(entry.call);
    }
    return lists;
  }();
  return all[static_cast<std::size_t>(call)];
}

bool meets(const FaultKind& kind, FaultCall call) {
  if (kind.shortening != Shortening::none) return can_be_short(call);
  return std::ranges::find(errors_of(call), kind.error) != errors_of(call).end();
}

std::optional<std::uint64_t> shortened(Shortening shortening, std::uint64_t bytes) noexcept {
  std::uint64_t lowered = bytes;
  switch (shortening) {
    case Shortening::none:
      break;
    case Shortening::half:
      lowered = bytes / 2;
      break;
    case Shortening::one_byte:
      lowered = 1;
      break;
    case Shortening::page:
      lowered = page_bytes;
      break;
  }
  if (lowered == 0 || lowered >= bytes) return {};
  return lowered;
}

}  // namespace untorn::prove
