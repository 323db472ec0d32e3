// SPDX-License-Identifier: Apache-2.0
#include "prove/formats/format_test_files.h"

#include <zlib.h>

#include <array>

namespace untorn::prove {

namespace {

std::uint32_t checksum_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string deflated(std::string_view content, int window_bits) {
  z_stream stream = {};
  constexpr int memory_level = 8;
  (void)::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, memory_level,
                       Z_DEFAULT_STRATEGY);
  std::string packed(::deflateBound(&stream, content.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<z_const Bytef*>(content.data());
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  (void)::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  (void)::deflateEnd(&stream);
  return packed;
}

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string little_endian(std::uint64_t value, unsigned width) {
  std::string bytes;
  for (unsigned i = 0; i < width; ++i) bytes += static_cast<char>(value >> 8U * i);
  return bytes;
}

std::string chunk(const std::string& type, std::string_view body) {
  const std::string named = type + std::string(body);
  return big_endian(static_cast<std::uint32_t>(body.size())) + named +
         big_endian(checksum_of(named));
}

// Rows of a picture, each behind the byte that names its filter.
std::string rows(std::uint32_t width, std::uint32_t height) {
  std::string text;
  if (width == 0) return text;
  for (std::uint32_t row = 0; row < height; ++row) {
    text += '\0';
    for (std::uint32_t sample = 0; sample < 3 * width; ++sample)
      text += static_cast<char>(row * 7 + sample * 13);
  }
  return text;
}

std::string interlaced_rows(std::uint32_t width, std::uint32_t height) {
  // First column, first row, column step, row step: Adam7.
  constexpr std::array<std::array<std::uint32_t, 4>, 7> passes = {{{0, 0, 8, 8},
                                                                   {4, 0, 8, 8},
                                                                   {0, 4, 4, 8},
                                                                   {2, 0, 4, 4},
                                                                   {0, 2, 2, 4},
                                                                   {1, 0, 2, 2},
                                                                   {0, 1, 1, 2}}};
  std::string text;
  for (const auto& pass : passes) {
    std::uint32_t columns = 0;
    std::uint32_t lines = 0;
    for (std::uint32_t x = pass[0]; x < width; x += pass[2]) ++columns;
    for (std::uint32_t y = pass[1]; y < height; y += pass[3]) ++lines;
    text += rows(columns, lines);
  }
  return text;
}

std::string header_chunk(std::uint32_t width, std::uint32_t height, bool interlaced) {
  std::string body = big_endian(width) + big_endian(height);
  body += {8, 2, 0, 0, static_cast<char>(interlaced ? 1 : 0)};
  return chunk("IHDR", body);
}

// The field that holds sizes and place where 32 bits do not.
std::string wide_field(const std::vector<std::uint64_t>& values) {
  std::string field = little_endian(1, 2) + little_endian(8 * values.size(), 2);
  for (const std::uint64_t value : values) field += little_endian(value, 8);
  return field;
}

struct Member {
  std::string name;
  std::string packed;
  std::uint64_t size = 0;
  std::uint32_t checksum = 0;
  std::uint64_t offset = 0;
};

std::string common_part(const Member& member, const ZipShape& shape) {
  const unsigned method = shape.method != 0 ? shape.method : shape.store ? 0U : 8U;
  const auto narrow = [&](std::uint64_t value) {
    return little_endian(shape.wide ? 0xFFFF'FFFFU : value, 4);
  };
  return little_endian(20, 2) + little_endian(shape.flags, 2) + little_endian(method, 2) +
         little_endian(0, 4) + little_endian(member.checksum, 4) + narrow(member.packed.size()) +
         narrow(member.size) + little_endian(member.name.size(), 2);
}

std::string end_records(const ZipShape& shape, std::uint64_t count, std::uint64_t size,
                        std::uint64_t offset) {
  std::string text;
  if (shape.wide) {
    text += "PK\x06\x06" + little_endian(44, 8) + little_endian(45, 2) + little_endian(45, 2) +
            little_endian(0, 8) + little_endian(count, 8) + little_endian(count, 8) +
            little_endian(size, 8) + little_endian(offset, 8);
    text +=
        "PK\x06\x07" + little_endian(0, 4) + little_endian(offset + size, 8) + little_endian(1, 4);
  }
  const std::uint64_t entries = shape.wide ? 0xFFFFU : count;
  return text + "PK\x05\x06" + little_endian(0, 4) + little_endian(entries, 2) +
         little_endian(entries, 2) + little_endian(shape.wide ? 0xFFFF'FFFFU : size, 4) +
         little_endian(shape.wide ? 0xFFFF'FFFFU : offset, 4) +
         little_endian(shape.comment.size(), 2) + shape.comment;
}

}  // namespace

std::string gzip_file(std::string_view content) {
  return deflated(content, MAX_WBITS + 16);
}

std::string gunzip(std::string_view file) {
  z_stream stream = {};
  (void)::inflateInit2(&stream, MAX_WBITS + 16);
  std::string content(1U << 20U, '\0');
  stream.next_in = reinterpret_cast<z_const Bytef*>(file.data());
  stream.avail_in = static_cast<uInt>(file.size());
  stream.next_out = reinterpret_cast<Bytef*>(content.data());
  stream.avail_out = static_cast<uInt>(content.size());
  (void)::inflate(&stream, Z_FINISH);
  content.resize(stream.total_out);
  (void)::inflateEnd(&stream);
  return content;
}

std::string png_header_only(std::uint32_t width, std::uint32_t height) {
  return "\x89PNG\r\n\x1A\n" + header_chunk(width, height, false);
}

std::string png_file(std::uint32_t width, std::uint32_t height, bool interlaced) {
  const std::string packed =
      deflated(interlaced ? interlaced_rows(width, height) : rows(width, height), MAX_WBITS);
  const std::size_t half = packed.size() / 2;
  return "\x89PNG\r\n\x1A\n" + header_chunk(width, height, interlaced) + chunk("tEXt", "Title\0x") +
         chunk("IDAT", std::string_view(packed).substr(0, half)) +
         chunk("IDAT", std::string_view(packed).substr(half)) + chunk("IEND", "");
}

std::string zip_file(const std::vector<std::pair<std::string, std::string>>& members,
                     const ZipShape& shape) {
  std::string text;
  std::string directory;
  for (const auto& [name, content] : members) {
    Member member{name, shape.store ? content : deflated(content, -MAX_WBITS), content.size(),
                  checksum_of(content) ^ (shape.damage_checksum ? 1U : 0U), text.size()};
    const std::string common = common_part(member, shape);
    const std::string extra =
        shape.wide ? wide_field({member.size, member.packed.size()}) : std::string();
    const std::string entry_extra =
        shape.wide ? wide_field({member.size, member.packed.size(), member.offset}) : extra;
    text += "PK\x03\x04" + common + little_endian(extra.size(), 2) + name + extra + member.packed;
    directory += "PK\x01\x02" + little_endian(20, 2) + common +
                 little_endian(entry_extra.size(), 2) + little_endian(0, 2) + little_endian(0, 8) +
                 little_endian(shape.wide ? 0xFFFF'FFFFU : member.offset, 4) + name + entry_extra;
  }
  return text + directory + end_records(shape, members.size(), directory.size(), text.size());
}

std::string with_flipped_bit(std::string text, std::size_t bit) {
  text[bit / 8] = static_cast<char>(static_cast<unsigned char>(text[bit / 8]) ^ (1U << bit % 8));
  return text;
}

}  // namespace untorn::prove
