// SPDX-License-Identifier: Apache-2.0
//
// Makes files of the formats, whole or wrong in one chosen way.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace untorn::prove {

// One gzip member.
[[nodiscard]] std::string gzip_file(std::string_view content);
// What the members of a gzip file hold, as far as they can be unpacked.
[[nodiscard]] std::string gunzip(std::string_view file);

// A picture of eight bits of red, green and blue.
[[nodiscard]] std::string png_file(std::uint32_t width, std::uint32_t height, bool interlaced);
// The signature and the IHDR chunk of one.
[[nodiscard]] std::string png_header_only(std::uint32_t width, std::uint32_t height);

struct ZipShape {
  std::string comment = {};
  bool store = false;            // else deflate
  bool wide = false;             // 64-bit records
  bool damage_checksum = false;  // of every member
  unsigned method = 0;           // says so instead of the true one
  unsigned flags = 0;
};
[[nodiscard]] std::string zip_file(const std::vector<std::pair<std::string, std::string>>& members,
                                   const ZipShape& shape = {});

// `text` with bit number `bit` turned around.
[[nodiscard]] std::string with_flipped_bit(std::string text, std::size_t bit);

}  // namespace untorn::prove
