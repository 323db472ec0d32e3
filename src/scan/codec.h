// SPDX-License-Identifier: Apache-2.0
//
// Values as bytes, for the cache: numbers in seven-bit groups, texts and lists with their length.
//
//   Encoder encoder;
//   encoder.put(facts);
//   Decoder decoder(std::move(encoder).take());
//   FileFacts again;
//   if (!decoder.get(again)) …  // damaged
//
// A structure is written field by field through a structured binding (see facts_codec.h), so that a
// field which is added to it does not compile until it is written too.
//
// Decoding any bytes whatever is safe: it ends with false, without reading past them and without
// taking more memory than a small multiple of their number.
//
// Threads: one object belongs to one thread.
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace untorn::scan {

template <class T, class Plain>
concept MaybeConst = std::same_as<std::remove_const_t<T>, Plain>;

}  // namespace untorn::scan

namespace untorn {

[[nodiscard]] auto codec_fields(scan::MaybeConst<Hash128> auto& value) {
  auto& [first, second] = value;
  return std::tie(first, second);
}

}  // namespace untorn

namespace untorn::scan {

// For each structure its namespace has a `codec_fields(value)`, a std::tie of all its members, and
// for each enumeration a `codec_last(E)`, its last enumerator.
class Encoder {
 public:
  template <class T>
  void put(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      bytes_ += value ? '\1' : '\0';
    } else if constexpr (std::is_enum_v<T>) {
      put_number(static_cast<std::uint64_t>(value));
    } else if constexpr (std::is_signed_v<T>) {
      // Numbers near zero stay short, whatever their sign.
      const auto bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
      put_number(bits << 1U ^ (value < 0 ? ~std::uint64_t{0} : 0));
    } else if constexpr (std::is_unsigned_v<T>) {
      put_number(value);
    } else {
      std::apply([this](const auto&... member) { (this->put(member), ...); }, codec_fields(value));
    }
  }
  void put(const std::string& text) { put(std::string_view(text)); }
  void put(std::string_view text) {
    put_number(text.size());
    bytes_ += text;
  }
  template <class T>
  void put(const std::vector<T>& list) {
    put_number(list.size());
    for (const T& each : list) put(each);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }

  [[nodiscard]] std::string take() && { return std::move(bytes_); }

 private:
  void put_number(std::uint64_t number) {
    constexpr std::uint64_t more = 0x80;
    for (; number >= more; number >>= 7U) bytes_ += static_cast<char>(number | more);
    bytes_ += static_cast<char>(number);
  }

  std::string bytes_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  // False once anything did not fit; `value` then holds something or other.
  template <class T>
  [[nodiscard]] bool get(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      value = get_number(1) != 0;
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(get_number(static_cast<std::uint64_t>(codec_last(T{}))));
    } else if constexpr (std::is_signed_v<T>) {
      const std::uint64_t bits = get_number(std::numeric_limits<std::uint64_t>::max());
      const auto number = static_cast<std::int64_t>(bits >> 1U ^ (~(bits & 1U) + 1));
      if (!std::in_range<T>(number)) good_ = false;
      value = static_cast<T>(number);
    } else if constexpr (std::is_unsigned_v<T>) {
      value = static_cast<T>(get_number(std::numeric_limits<T>::max()));
    } else {
      std::apply([this](auto&... member) { (void)(this->get(member) && ...); },
                 codec_fields(value));
    }
    return good_;
  }
  [[nodiscard]] bool get(std::string& text) {
    text = get_text();
    return good_;
  }
  template <class T>
  [[nodiscard]] bool get(std::vector<T>& list) {
    // Each element takes a byte at least, and a length may lie: memory follows what is there.
    constexpr std::uint64_t reserved_max = 64;
    const std::uint64_t size = get_number(rest_.size());
    list.clear();
    list.reserve(static_cast<std::size_t>(std::min(size, reserved_max)));
    for (std::uint64_t each = 0; good_ && each < size; ++each) (void)get(list.emplace_back());
    return good_;
  }
  template <class T>
  [[nodiscard]] bool get(std::optional<T>& value) {
    bool present = false;
    if (!get(present) || !present) return good_;
    return get(value.emplace());
  }

  // A text that borrows from the bytes.
  [[nodiscard]] std::string_view get_text() {
    const auto size = static_cast<std::size_t>(get_number(rest_.size()));
    if (size > rest_.size()) good_ = false;
    if (!good_) return {};
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }

  [[nodiscard]] bool good() const noexcept { return good_; }
  // All was read, and nothing is left over.
  [[nodiscard]] bool finished() const noexcept { return good_ && rest_.empty(); }

 private:
  // At most `number_max`, or it does not fit.
  std::uint64_t get_number(std::uint64_t number_max) {
    std::uint64_t number = 0;
    for (unsigned shift = 0; good_ && !rest_.empty() && shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      number |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) {
        if (number <= number_max) return number;
        break;
      }
    }
    good_ = false;
    return 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace untorn::scan
