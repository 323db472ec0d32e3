// SPDX-License-Identifier: Apache-2.0
#include "prove/formats/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>
#include <vector>

namespace untorn::prove {

namespace {

constexpr std::size_t window_bytes = 65'536;

int window_bits(Inflater::Wrapping wrapping) {
  switch (wrapping) {
    case Inflater::Wrapping::none:
      return -MAX_WBITS;
    case Inflater::Wrapping::zlib:
      return MAX_WBITS;
    case Inflater::Wrapping::gzip:
      return MAX_WBITS + 16;
  }
  return MAX_WBITS;
}

std::uint32_t extend_crc32(std::uint32_t so_far, std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(so_far, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace

struct Inflater::Impl {
  z_stream stream = {};
  std::vector<char> window = std::vector<char>(window_bytes);
  std::uint64_t bytes_left = 0;
  std::uint64_t size = 0;
  std::uint32_t checksum = 0;
  std::size_t consumed = 0;
  bool ended = false;
};

Inflater::Inflater(Wrapping wrapping, std::uint64_t bytes_max) : impl_(std::make_unique<Impl>()) {
  impl_->bytes_left = bytes_max;
  // zlib fails here for want of memory alone.
  if (::inflateInit2(&impl_->stream, window_bits(wrapping)) != Z_OK) throw std::bad_alloc();
}

Inflater::~Inflater() {
  (void)::inflateEnd(&impl_->stream);
}

Inflater::Result Inflater::feed(std::string_view packed) {
  z_stream& stream = impl_->stream;
  impl_->consumed = 0;
  while (!impl_->ended) {
    const std::string_view rest = packed.substr(impl_->consumed);
    constexpr std::size_t piece_max = std::numeric_limits<uInt>::max();
    const auto given = static_cast<uInt>(std::min(rest.size(), piece_max));
    stream.next_in = reinterpret_cast<z_const Bytef*>(rest.data());
    stream.avail_in = given;
    stream.next_out = reinterpret_cast<Bytef*>(impl_->window.data());
    stream.avail_out = static_cast<uInt>(impl_->window.size());
    const int code = ::inflate(&stream, Z_NO_FLUSH);
    impl_->consumed += given - stream.avail_in;
    const std::size_t made = impl_->window.size() - stream.avail_out;
    impl_->size += made;
    impl_->checksum = extend_crc32(impl_->checksum, {impl_->window.data(), made});
    if (made > impl_->bytes_left) return Result::too_large;
    impl_->bytes_left -= made;
    if (code == Z_STREAM_END) {
      impl_->ended = true;
    } else if (code == Z_BUF_ERROR || (code == Z_OK && made == 0 && stream.avail_in == 0)) {
      return Result::wants_more;
    } else if (code != Z_OK) {
      return Result::damaged;
    }
  }
  return Result::ended;
}

std::size_t Inflater::consumed() const noexcept {
  return impl_->consumed;
}

void Inflater::next() {
  (void)::inflateReset(&impl_->stream);
  impl_->size = 0;
  impl_->checksum = 0;
  impl_->ended = false;
}

std::uint64_t Inflater::size() const noexcept {
  return impl_->size;
}

std::uint32_t Inflater::checksum() const noexcept {
  return impl_->checksum;
}

std::string Inflater::problem() const {
  return impl_->stream.msg == nullptr ? "it is damaged" : impl_->stream.msg;
}

std::uint32_t crc32_of(std::string_view bytes) noexcept {
  return extend_crc32(0, bytes);
}

}  // namespace untorn::prove
