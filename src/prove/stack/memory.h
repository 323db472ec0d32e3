// SPDX-License-Identifier: Apache-2.0
//
// Reading the memory of a stopped process. A call costs more than its bytes, so pages are fetched
// whole, and those that the last stop of the same process needed are fetched again by one call:
// programs write in loops.
//
// Invariant 1: nothing read in one stop is used in another: attach() reads all pages anew.
// Invariant 2: every address is foreign and may be garbage; a read either fills the whole range or
// answers false.
#pragma once
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace untorn::prove {

using Address = std::uint64_t;  // in the traced process

// Addresses of the pages that were needed in the last stop of a process.
using NeededPages = std::vector<Address>;

class RemoteMemory {
 public:
  RemoteMemory();

  // The process is stopped now. `needed` stays in use until the next call.
  void attach(pid_t process, NeededPages& needed) { attach(process, needed, 0, {}); }
  // The same, and `out` is filled from `address` on in the same call: read_some() for this range
  // answers how much of it there was.
  void attach(pid_t process, NeededPages& needed, Address address, std::span<std::byte> out);

  [[nodiscard]] bool read(Address address, std::span<std::byte> out);

  // As many bytes as there are from `address` on, up to the size of `out`. Not kept.
  [[nodiscard]] std::size_t read_some(Address address, std::span<std::byte> out) const;

  template <class T>
  [[nodiscard]] std::optional<T> value(Address address) {
    std::array<std::byte, sizeof(T)> bytes;
    if (!read(address, bytes)) return std::nullopt;
    T result;
    std::memcpy(&result, bytes.data(), sizeof(T));
    return result;
  }

 private:
  // Smaller than the kernel's: most of what is copied is not looked at.
  static constexpr std::size_t page_size_bytes = 1024;
  static constexpr std::size_t pages_max = 256;
  using Page = std::array<std::byte, page_size_bytes>;

  // nullptr when it cannot be read, or when there are too many.
  [[nodiscard]] const Page* page(Address start);
  void fetch(const NeededPages& starts, Address address, std::span<std::byte> out);

  pid_t process_ = -1;
  NeededPages* needed_ = nullptr;
  std::size_t count_ = 0;  // of pages read in this stop
  std::array<Address, pages_max> starts_{};
  std::array<bool, pages_max> is_needed_{};
  std::vector<Page> pages_;
  // What attach() has read beside the pages.
  Address beside_ = 0;
  std::span<std::byte> beside_out_;
  std::size_t beside_size_ = 0;
};

// A field of a structure that was read as bytes; 0 when it lies outside of them.
template <class T>
[[nodiscard]] T field(std::span<const std::byte> bytes, std::size_t offset) {
  T result{};
  if (offset <= bytes.size() && bytes.size() - offset >= sizeof(T)) {
    std::memcpy(&result, bytes.data() + offset, sizeof(T));
  }
  return result;
}

}  // namespace untorn::prove
