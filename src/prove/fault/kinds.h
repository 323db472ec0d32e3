// SPDX-License-Identifier: Apache-2.0
//
// Which calls can be made to fail, and how.
//
//   K1  A failing call answers an error that the manual of the call names for a regular file or its
//       folder; a short write is one that really happens: fewer bytes are written and that many are
//       reported.
//   K2  A fault comes once, or it stays: from then on every call that can give the same answer
//       gives it. A full disk stays full for all writers, a read-only one read-only. EINTR and
//       short writes of one byte or of 4096 come only once.
//
// Threads: pure functions.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace untorn::prove {

struct PendingCall;

// What a call does, as far as its failures are concerned.
enum class FaultCall : std::uint8_t {
  open,      // an existing file, for writing
  create,    // open with O_CREAT or O_TMPFILE, creat, mknod
  write,     // write, pwrite64, writev, pwritev, pwritev2
  transfer,  // copy_file_range, sendfile, splice
  sync,      // fsync, fdatasync
  range,     // sync_file_range
  close,     // of a file that was open for writing
  rename,
  link,  // link, symlink
  unlink,
  directory,  // mkdir
  truncate,
  allocate,  // fallocate
};
[[nodiscard]] std::string_view to_string(FaultCall) noexcept;

enum class Shortening : std::uint8_t { none, half, one_byte, page };

// One way to fail.
struct FaultKind {
  int error = 0;  // errno; 0: a short write
  Shortening shortening = Shortening::none;
  bool stays = false;

  friend auto operator<=>(const FaultKind&, const FaultKind&) = default;
};

// "ENOSPC", "ENOSPC from then on", "short write of 1 byte". `bytes` is what a short write was
// allowed to write.
[[nodiscard]] std::string name_of(const FaultKind& kind, std::uint64_t bytes);

// Nothing for calls that are never made to fail: attributes, links that are only read.
[[nodiscard]] std::optional<FaultCall> fault_call_of(const PendingCall& call) noexcept;

// All ways in which a call may fail, the most likely ones first.
[[nodiscard]] const std::vector<FaultKind>& kinds_of(FaultCall call);

// A fault of this kind stays: does it meet this call too?
[[nodiscard]] bool meets(const FaultKind& kind, FaultCall call);

// What a short write of `bytes` bytes is lowered to; nothing if it cannot be made shorter.
[[nodiscard]] std::optional<std::uint64_t> shortened(Shortening shortening,
                                                     std::uint64_t bytes) noexcept;

}  // namespace untorn::prove
