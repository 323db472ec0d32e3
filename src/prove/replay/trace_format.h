// SPDX-License-Identifier: Apache-2.0
//
// What writer and reader of trace files agree on. docs/internals/trace-format.md describes it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace untorn::prove::trace_format {

inline constexpr std::string_view magic = "\x89UNTRACE";
inline constexpr std::uint64_t version = 1;
inline constexpr std::uint64_t oldest_reader = 1;  // that understands what this writer writes
inline constexpr std::size_t checksum_bytes = 16;

// Sections, in the order in which they are written; each refers only to those before it.
inline constexpr std::string_view texts = "TEXT";
inline constexpr std::string_view contents = "BLOB";
inline constexpr std::string_view inodes = "INOD";
inline constexpr std::string_view names = "NAME";
inline constexpr std::string_view stacks = "STAC";
inline constexpr std::string_view operations = "OPER";
inline constexpr std::string_view facts = "FACT";

// The checksum of all bytes before it, as it stands in the file.
[[nodiscard]] inline std::string checksum(std::string_view bytes) {
  const Hash128 hash = hash128(bytes);
  std::string text;
  for (const std::uint64_t half : {hash.first, hash.second}) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      text += static_cast<char>(static_cast<unsigned char>(half >> shift));
    }
  }
  return text;
}

}  // namespace untorn::prove::trace_format
