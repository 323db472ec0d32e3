// SPDX-License-Identifier: Apache-2.0
#include "write/version.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <span>
#include <system_error>
#include <vector>

namespace untorn::write {
namespace {

constexpr std::string_view form = "u2";
constexpr int radix = 16;
constexpr std::size_t digits_max = 16;  // of 64 bits

void append_hex(std::string& out, std::uint64_t number) {
  std::array<char, digits_max> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), number, radix);
  out.append(digits.data(), result.ptr);
}

// Takes "-<hexadecimal>" off the front.
bool take_number(std::string_view& rest, std::uint64_t& number) {
  if (!rest.starts_with('-')) return false;
  rest.remove_prefix(1);
  const char* const end = rest.data() + rest.size();
  const auto result = std::from_chars(rest.data(), end, number, radix);
  if (result.ec != std::errc()) return false;
  rest.remove_prefix(static_cast<std::size_t>(result.ptr - rest.data()));
  return true;
}

}  // namespace

bool Version::could_be(const Status& status) const noexcept {
  return *this == version_of(status, content);
}

Version version_of(const Status& status, const Hash128& content) noexcept {
  return {.device = status.device,
          .inode = status.inode,
          .size = status.size,
          .changed_ns = static_cast<std::uint64_t>(status.changed_ns),
          .content = content};
}

std::string to_etag(const Version& version) {
  std::string etag(form);
  for (const std::uint64_t part : {version.device, version.inode, version.size, version.changed_ns,
                                   version.content.first, version.content.second}) {
    etag += '-';
    append_hex(etag, part);
  }
  return etag;
}

std::optional<Version> parse_etag(std::string_view etag) {
  if (!etag.starts_with(form)) return std::nullopt;
  std::string_view rest = etag.substr(form.size());
  Version version;
  for (std::uint64_t* part : {&version.device, &version.inode, &version.size, &version.changed_ns,
                              &version.content.first, &version.content.second}) {
    if (!take_number(rest, *part)) return std::nullopt;
  }
  if (!rest.empty() || to_etag(version) != etag) return std::nullopt;
  return version;
}

SystemResult<Hash128> hash_content(FileSystem& fs, Handle file) {
  constexpr std::size_t piece_bytes = 65536;
  std::vector<std::byte> piece(piece_bytes);
  Hash128Stream hash;
  for (std::uint64_t offset = 0;;) {
    auto count = fs.read_at(file, offset, piece);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return hash.result();
    hash.add(std::span(piece).first(*count));
    offset += *count;
  }
}

}  // namespace untorn::write
