// SPDX-License-Identifier: Apache-2.0
#include "prove/stack/memory.h"

#include <sys/uio.h>

#include <algorithm>
#include <limits>

namespace untorn::prove {
namespace {

// A remote address is a number to us; iovec wants it as a pointer that is never followed here.
void* as_pointer(Address address) {
  void* result = nullptr;
  std::memcpy(&result, &address, sizeof result);
  return result;
}

}  // namespace

RemoteMemory::RemoteMemory() : pages_(pages_max) {}

void RemoteMemory::attach(pid_t process, NeededPages& needed, Address address,
                          std::span<std::byte> out) {
  process_ = process;
  needed_ = &needed;
  count_ = 0;
  beside_ = address;
  beside_out_ = out;
  beside_size_ = 0;
  if (!needed.empty() || !out.empty()) fetch(needed, address, out);
  needed.clear();
}

// The kernel stops at the first page that is not there any more; the rest is read when needed.
void RemoteMemory::fetch(const NeededPages& starts, Address address, std::span<std::byte> out) {
  std::array<iovec, pages_max + 1> remote;
  const std::size_t count = std::min(starts.size(), pages_max);
  for (std::size_t i = 0; i < count; ++i) {
    remote[i] = {.iov_base = as_pointer(starts[i]), .iov_len = page_size_bytes};
  }
  remote[count] = {.iov_base = as_pointer(address), .iov_len = out.size()};
  const std::size_t pages_bytes = count * page_size_bytes;
  const std::array local{iovec{.iov_base = pages_.data(), .iov_len = pages_bytes},
                         iovec{.iov_base = out.data(), .iov_len = out.size()}};
  const ssize_t got =
      process_vm_readv(process_, local.data(), local.size(), remote.data(), count + 1, 0);
  if (got <= 0) return;
  const auto size = static_cast<std::size_t>(got);
  count_ = std::min(size, pages_bytes) / page_size_bytes;
  if (size > pages_bytes) beside_size_ = size - pages_bytes;
  std::copy_n(starts.begin(), count_, starts_.begin());
  std::fill_n(is_needed_.begin(), count_, false);
}

const RemoteMemory::Page* RemoteMemory::page(Address start) {
  const auto known = std::find(starts_.begin(), starts_.begin() + count_, start);
  const auto index = static_cast<std::size_t>(known - starts_.begin());
  if (index == count_) {
    if (start == 0 || count_ == pages_max) return nullptr;
    if (read_some(start, pages_[index]) != page_size_bytes) return nullptr;
    starts_[index] = start;
    is_needed_[index] = false;
    ++count_;
  }
  if (!is_needed_[index]) {
    is_needed_[index] = true;
    needed_->push_back(start);
  }
  return &pages_[index];
}

bool RemoteMemory::read(Address address, std::span<std::byte> out) {
  if (out.size() > std::numeric_limits<Address>::max() - address) return false;
  if (out.size() > page_size_bytes) return read_some(address, out) == out.size();
  while (!out.empty()) {
    const std::size_t offset = address % page_size_bytes;
    const Page* found = page(address - offset);
    if (found == nullptr) return read_some(address, out) == out.size();
    const std::size_t count = std::min(out.size(), page_size_bytes - offset);
    std::memcpy(out.data(), found->data() + offset, count);
    out = out.subspan(count);
    address += count;
  }
  return true;
}

std::size_t RemoteMemory::read_some(Address address, std::span<std::byte> out) const {
  if (beside_size_ > 0 && address == beside_ && out.data() == beside_out_.data() &&
      out.size() == beside_out_.size()) {
    return beside_size_;
  }
  const iovec local{.iov_base = out.data(), .iov_len = out.size()};
  const iovec remote{.iov_base = as_pointer(address), .iov_len = out.size()};
  const ssize_t count = process_vm_readv(process_, &local, 1, &remote, 1, 0);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

}  // namespace untorn::prove
