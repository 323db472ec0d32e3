// SPDX-License-Identifier: Apache-2.0
//
// Numbers and texts as bytes, for trace files: numbers in base 128, lowest digits first, with the
// top bit on all bytes but the last; texts with their length before them.
//
//   Packer packer;                        Unpacker unpacker(bytes);
//   packer.number(300);                   auto number = unpacker.number();
//   packer.text("state.json");            auto text = unpacker.text();
//                                         if (!unpacker.complete()) …  // damaged
//
// An Unpacker that met something wrong answers 0 and "" from then on; ask good() or complete()
// before using what it said.
//
// Threads: one thread each.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace untorn::prove {

class Packer {
 public:
  void number(std::uint64_t value) {
    constexpr std::uint64_t digit = 128;
    for (; value >= digit; value /= digit) byte(value % digit + digit);
    byte(value);
  }
  // A number that may be absent (the largest value of 32 bits).
  void optional_number(std::uint32_t value) {
    number(value == std::numeric_limits<std::uint32_t>::max() ? 0 : std::uint64_t{value} + 1);
  }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  [[nodiscard]] std::string take() && { return std::move(bytes_); }

 private:
  void byte(std::uint64_t value) { bytes_ += static_cast<char>(static_cast<unsigned char>(value)); }

  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t number() {
    constexpr unsigned digit_bits = 7;
    constexpr unsigned bits_max = 63;
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift <= bits_max; shift += digit_bits) {
      if (bytes_.empty()) return fail();
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      const std::uint64_t digit = byte & 127U;
      if (shift == bits_max && digit > 1) return fail();
      value |= digit << shift;
      if (byte < 128U) return value;
    }
    return fail();
  }
  // A number of at most `most`.
  std::uint64_t number(std::uint64_t most) {
    const std::uint64_t value = number();
    return value <= most ? value : fail();
  }
  std::uint32_t optional_number() {
    const std::uint64_t value = number(std::numeric_limits<std::uint32_t>::max());
    return value == 0 ? std::numeric_limits<std::uint32_t>::max()
                      : static_cast<std::uint32_t>(value - 1);
  }
  // How many things follow; each takes at least one byte, so that damage cannot ask for much.
  std::uint64_t count() { return number(bytes_.size()); }
  // Exactly `size` bytes.
  std::string_view raw(std::size_t size) {
    if (size > bytes_.size()) {
      fail();
      return {};
    }
    const std::string_view value = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return value;
  }
  std::string_view text() { return raw(number(bytes_.size())); }
  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] bool complete() const noexcept { return good_ && bytes_.empty(); }

 private:
  std::uint64_t fail() {
    good_ = false;
    bytes_ = {};
    return 0;
  }

  std::string_view bytes_;
  bool good_ = true;
};

}  // namespace untorn::prove
