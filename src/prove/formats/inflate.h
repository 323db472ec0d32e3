// SPDX-License-Identifier: Apache-2.0
//
// Unpacks deflate streams to see whether they are whole: the bytes that come out are counted and
// summed up, never kept.
//
//   Inflater inflater(Inflater::Wrapping::none, inflated_bytes_max);
//   if (inflater.feed(packed) == Inflater::Result::ended) … inflater.checksum() …
//
// Memory: one window of 64 KiB, and zlib's 40 KiB.
// Threads: an object belongs to one thread. Errors: a stream that is damaged or unpacks to more
// than it may; Result says which.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace untorn::prove {

// What one file may unpack to: more would let a state of a few bytes take seconds.
inline constexpr std::uint64_t inflated_bytes_max = 256ULL << 20U;
// Of a stream that unpacks to more.
inline constexpr std::string_view too_large_words =
    "it unpacks to more than 256 MiB and is not judged";

class Inflater {
 public:
  enum class Wrapping : std::uint8_t {
    none,  // raw deflate, as in zip
    zlib,  // as in PNG: an Adler checksum follows
    gzip,  // a gzip member: header, CRC-32 and length are looked at
  };
  enum class Result : std::uint8_t { wants_more, ended, damaged, too_large };

  Inflater(Wrapping wrapping, std::uint64_t bytes_max);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Unpacks `packed`, or as much of it as belongs to the stream: see consumed(). A stream that has
  // ended takes nothing more until next().
  [[nodiscard]] Result feed(std::string_view packed);
  // Of what was last fed, how many bytes belong to the stream.
  [[nodiscard]] std::size_t consumed() const noexcept;
  // Makes ready for another stream of the same wrapping. What came out of the others still counts
  // against the limit.
  void next();

  [[nodiscard]] std::uint64_t size() const noexcept;      // of what came out of this stream
  [[nodiscard]] std::uint32_t checksum() const noexcept;  // CRC-32 of the same
  // What zlib says about a damaged stream.
  [[nodiscard]] std::string problem() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// CRC-32 as zip, gzip and PNG have it.
[[nodiscard]] std::uint32_t crc32_of(std::string_view bytes) noexcept;

}  // namespace untorn::prove
