// SPDX-License-Identifier: Apache-2.0
//
// PNG: a signature, then chunks of length, type, content and checksum; IHDR first, IEND last, and
// the IDAT chunks in a row are one zlib stream of the rows that IHDR announces.
#include <array>
#include <cstdint>

#include "prove/formats/inflate.h"
#include "prove/formats/parsers.h"

namespace untorn::prove {

namespace {

constexpr std::string_view signature = "\x89PNG\r\n\x1A\n";
constexpr std::size_t chunk_frame_bytes = 12;  // length, type, checksum
constexpr std::size_t header_bytes = 13;
constexpr std::uint32_t length_max = 0x7FFF'FFFF;

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(0, 4)) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

struct Header {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  unsigned depth = 0;
  unsigned colour = 0;
  unsigned interlace = 0;

  // How many samples a pixel has; 0 for a colour type that does not exist.
  [[nodiscard]] unsigned samples() const {
    switch (colour) {
      case 0:  // grey
      case 3:  // palette
        return 1;
      case 2:  // red, green, blue
        return 3;
      case 4:  // grey, alpha
        return 2;
      case 6:  // red, green, blue, alpha
        return 4;
      default:
        return 0;
    }
  }
  [[nodiscard]] bool exists() const {
    const bool depth_exists = depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    return width > 0 && height > 0 && width <= length_max && height <= length_max && depth_exists &&
           samples() > 0 && interlace <= 1;
  }
  // Bytes of a picture of this size before packing: each row has a byte that names its filter.
  // May exceed what fits for sizes that nobody has; such a picture unpacks to too much anyway.
  [[nodiscard]] std::uint64_t unpacked(std::uint64_t columns, std::uint64_t rows) const {
    if (columns == 0 || rows == 0) return 0;
    constexpr std::uint64_t bits_in_byte = 8;
    const std::uint64_t bits = columns * samples() * depth;
    const std::uint64_t row = (bits + bits_in_byte - 1) / bits_in_byte + 1;
    return row > inflated_bytes_max ? inflated_bytes_max + 1 : row * rows;
  }
  [[nodiscard]] std::uint64_t unpacked() const;
};

// Of one of the seven passes of an interlaced picture.
struct Pass {
  std::uint32_t first_column;
  std::uint32_t first_row;
  std::uint32_t column_step;
  std::uint32_t row_step;
};
constexpr std::array<Pass, 7> passes = {{{0, 0, 8, 8},
                                         {4, 0, 8, 8},
                                         {0, 4, 4, 8},
                                         {2, 0, 4, 4},
                                         {0, 2, 2, 4},
                                         {1, 0, 2, 2},
                                         {0, 1, 1, 2}}};

std::uint64_t Header::unpacked() const {
  if (interlace == 0) return unpacked(width, height);
  const auto count = [](std::uint64_t size, std::uint64_t first, std::uint64_t step) {
    return size <= first ? 0 : (size - first + step - 1) / step;
  };
  std::uint64_t total = 0;
  for (const Pass& pass : passes) {
    total += unpacked(count(width, pass.first_column, pass.column_step),
                      count(height, pass.first_row, pass.row_step));
  }
  return total;
}

class Picture {
 public:
  explicit Picture(std::string_view content) : content_(content) {}

  std::string problem() {
    if (!content_.starts_with(signature)) return "the signature is missing";
    at_ = signature.size();
    while (!ended_) {
      if (std::string found = chunk(); !found.empty()) return found;
    }
    if (at_ != content_.size()) return "bytes follow the IEND chunk";
    if (unpacked_.size() != header_.unpacked() || pixels_ != Pixels::ended)
      return "the IDAT chunks hold fewer rows than the picture has";
    return {};
  }

 private:
  enum class Pixels : std::uint8_t { none, running, ended };

  std::string chunk() {
    const std::string_view rest = content_.substr(at_);
    if (rest.size() < chunk_frame_bytes) return "it ends before the IEND chunk";
    const std::uint32_t length = big_endian(rest);
    if (length > length_max || rest.size() - chunk_frame_bytes < length)
      return "the chunk at byte " + std::to_string(at_) + " is cut off";
    const std::string_view type = rest.substr(4, 4);
    const std::string_view body = rest.substr(8, length);
    if (crc32_of(rest.substr(4, 4 + std::size_t{length})) != big_endian(rest.substr(8 + length)))
      return "the checksum of the chunk at byte " + std::to_string(at_) + " is wrong";
    const bool first = at_ == signature.size();
    at_ += chunk_frame_bytes + length;
    if (first != (type == "IHDR")) return "the IHDR chunk is not the first";
    if (first) return header(body);
    if (type == "IDAT") return pixels(body);
    data_ended_ = pixels_ != Pixels::none;
    ended_ = type == "IEND";
    return {};
  }

  std::string header(std::string_view body) {
    if (body.size() != header_bytes) return "the IHDR chunk has not 13 bytes";
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(body[at]); };
    header_ = {big_endian(body), big_endian(body.substr(4)), byte(8), byte(9), byte(12)};
    if (!header_.exists()) return "the IHDR chunk describes no picture";
    if (header_.unpacked() > inflated_bytes_max) return std::string(too_large_words);
    return {};
  }

  std::string pixels(std::string_view body) {
    if (data_ended_) return "the IDAT chunks are not in a row";
    if (pixels_ == Pixels::ended) return body.empty() ? "" : "bytes follow the packed rows";
    pixels_ = Pixels::running;
    switch (unpacked_.feed(body)) {
      case Inflater::Result::ended:
        pixels_ = Pixels::ended;
        return unpacked_.consumed() == body.size() ? "" : "bytes follow the packed rows";
      case Inflater::Result::damaged:
        return "the packed rows are damaged: " + unpacked_.problem();
      case Inflater::Result::too_large:
        return std::string(too_large_words);
      case Inflater::Result::wants_more:
        break;
    }
    return {};
  }

  std::string_view content_;
  std::size_t at_ = 0;
  Header header_;
  Inflater unpacked_{Inflater::Wrapping::zlib, inflated_bytes_max};
  Pixels pixels_ = Pixels::none;
  bool data_ended_ = false;
  bool ended_ = false;
};

}  // namespace

std::string problem_with_png(std::string_view content) {
  return Picture(content).problem();
}

}  // namespace untorn::prove
