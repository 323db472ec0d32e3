// SPDX-License-Identifier: Apache-2.0
#include "prove/trace/payload.h"

#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>

namespace untorn::prove {
namespace {

constexpr std::size_t vectors_max = 1024;  // UIO_MAXIOV

bool has_one_part(const PendingCall& call) {
  return call.number == SYS_write || call.number == SYS_pwrite64;
}

std::optional<std::vector<iovec>> read_vectors(const PendingCall& call) {
  const std::uint64_t count = call.arguments[2];
  if (count > vectors_max) return {};
  std::vector<iovec> vectors(count);
  if (!read_memory(call.thread.id, call.arguments[1], std::as_writable_bytes(std::span(vectors)))) {
    return {};
  }
  return vectors;
}

std::optional<std::vector<std::byte>> read_parts(const PendingCall& call,
                                                 const std::vector<iovec>& vectors,
                                                 std::uint64_t size) {
  std::vector<std::byte> payload(size);
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

std::optional<std::vector<std::byte>> read_one_part(const PendingCall& call, std::uint64_t size) {
  std::vector<std::byte> payload(size);
  if (!read_memory(call.thread.id, call.arguments[1], payload)) return {};
  return payload;
}

}  // namespace

std::optional<std::vector<std::byte>> read_payload(const PendingCall& call, std::uint64_t size) {
  if (has_one_part(call)) return read_one_part(call, size);
  const auto vectors = read_vectors(call);
  if (!vectors) return {};
  return read_parts(call, *vectors, size);
}

std::optional<std::vector<std::byte>> read_whole_payload(const PendingCall& call,
                                                         std::uint64_t size_max) {
  if (has_one_part(call)) {
    const std::uint64_t size = call.arguments[2];
    if (size == 0 || size > size_max) return {};
    return read_one_part(call, size);
  }
  const auto vectors = read_vectors(call);
  if (!vectors) return {};
  std::uint64_t size = 0;
  for (const iovec& vector : *vectors) {
    if (vector.iov_len > size_max) return {};
    size += vector.iov_len;
  }
  if (size == 0 || size > size_max) return {};
  return read_parts(call, *vectors, size);
}

}  // namespace untorn::prove
