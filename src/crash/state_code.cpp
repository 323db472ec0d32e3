// SPDX-License-Identifier: Apache-2.0
#include "crash/state_code.h"

#include <utility>

namespace untorn::crash {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint64_t payload_bits = 5;
constexpr std::uint64_t more_bit = 1U << payload_bits;
constexpr std::size_t check_characters = 5;

std::string check_of(char kind, Hash128 sum, Hash128 seal) {
  std::uint64_t bits =
      combine(combine(sum, seal), static_cast<std::uint64_t>(static_cast<unsigned char>(kind)))
          .first;
  std::string check;
  for (std::size_t i = 0; i < check_characters; ++i, bits >>= 6U) check += alphabet[bits & 63U];
  return check;
}

}  // namespace

void CodeWriter::number(std::uint64_t value) {
  sum_ = combine(sum_, value);
  while (value >= more_bit) {
    text_ += alphabet[(value & (more_bit - 1)) | more_bit];
    value >>= payload_bits;
  }
  text_ += alphabet[value];
}

std::string CodeWriter::finish(char kind, Hash128 seal) && {
  return std::string(1, kind) + text_ + check_of(kind, sum_, seal);
}

CodeReader::CodeReader(std::string_view code, char kind) : kind_(kind) {
  ok_ = code.size() > check_characters && code.front() == kind;
  if (!ok_) return;
  rest_ = code.substr(1, code.size() - 1 - check_characters);
  check_ = code.substr(code.size() - check_characters);
}

std::uint64_t CodeReader::number(std::uint64_t most) {
  std::uint64_t value = 0;
  bool more = ok_;
  for (std::uint64_t shift = 0; more; shift += payload_bits) {
    const std::size_t digit = rest_.empty() ? std::string_view::npos : alphabet.find(rest_.front());
    more = digit != std::string_view::npos && (digit & more_bit) != 0;
    const std::uint64_t payload = digit & (more_bit - 1);
    // Nothing above 2^64, and no zeros in front, so that a number has one text.
    const bool fits = shift < 60 || (shift == 60 && payload < 16);
    ok_ = digit != std::string_view::npos && fits && (more || payload != 0 || shift == 0);
    if (!ok_) break;
    value |= payload << shift;
    rest_.remove_prefix(1);
  }
  ok_ = ok_ && value <= most;
  if (!ok_) return 0;
  sum_ = combine(sum_, value);
  return value;
}

bool CodeReader::matches(Hash128 seal) const {
  return ok_ && rest_.empty() && !check_.empty() && check_ == check_of(kind_, sum_, seal);
}

}  // namespace untorn::crash
