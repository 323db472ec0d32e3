// SPDX-License-Identifier: Apache-2.0
#include "write/sidecar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <span>
#include <vector>

#include "write/temporary_name.h"

namespace untorn::write {
namespace {

constexpr std::string_view magic = "untorn-sidecar ";
constexpr unsigned format_version = 1;
constexpr unsigned format_oldest_reader = 1;
constexpr std::size_t line_bytes_max = 16'384;  // a path of 4096 bytes, each of them written out
constexpr std::size_t piece_bytes = std::size_t{1} << 20U;
constexpr std::string_view end_magic = "\nuntorn-sidecar-end bytes=";
constexpr std::string_view hash_word = " murmur3-128-mib=";
constexpr std::size_t length_digits = 20;
constexpr std::size_t hash_digits = 32;
static_assert(end_magic.size() + length_digits + hash_word.size() + hash_digits + 1 ==
              sidecar_end_bytes);

std::string hex16(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[(value >> shift) & 0xFU];
  return text;
}

template <class Number>
std::optional<Number> parse(std::string_view text, int base = 10) {
  Number value = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, base);
  if (text.empty() || result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

std::string_view next_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

// "inode=12" → 12.
template <class Number>
std::optional<Number> next_field(std::string_view& line, std::string_view name, int base = 10) {
  std::string_view word = next_word(line);
  if (!word.starts_with(name)) return std::nullopt;
  word.remove_prefix(name.size());
  return parse<Number>(word, base);
}

std::string encoded(std::string_view path) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char each : path) {
    if (each > ' ' && each <= '~' && each != '%') {
      text += each;
      continue;
    }
    const auto byte = static_cast<unsigned char>(each);
    text += '%';
    text += digits[byte >> 4U];
    text += digits[byte & 0xFU];
  }
  return text;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string path;
  while (!text.empty()) {
    if (text.front() != '%') {
      path += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto byte = parse<unsigned char>(text.substr(1, 2), 16);
    if (text.size() < 3 || !byte) return std::nullopt;
    path += static_cast<char>(*byte);
    text.remove_prefix(3);
  }
  return path;
}

// `line` without its line feed. Nothing: no first line of this format.
std::optional<SidecarTarget> parse_target(std::string_view rest) {
  SidecarTarget target;
  const auto device = next_field<std::uint64_t>(rest, "device=");
  const auto inode = next_field<std::uint64_t>(rest, "inode=");
  const auto born = next_field<std::int64_t>(rest, "born=");
  const auto mode = next_field<std::uint32_t>(rest, "mode=", 8);
  constexpr std::uint32_t mode_bits = 07777;
  if (!device || !inode || !born || !mode || *mode > mode_bits) return std::nullopt;
  if (!rest.starts_with("path=")) return std::nullopt;
  auto path = decoded(rest.substr(5));
  if (!path || path->empty() || path->find('\0') != std::string::npos) return std::nullopt;
  return SidecarTarget{.path = *std::move(path),
                       .device = *device,
                       .inode = *inode,
                       .born_ns = *born,
                       .mode = *mode};
}

// As many of the bytes from `offset` on as there are.
SystemResult<std::string> read_part(FileSystem& fs, Handle file, std::uint64_t offset,
                                    std::size_t bytes) {
  std::string text(bytes, '\0');
  std::size_t have = 0;
  while (have < bytes) {
    const auto count =
        fs.read_at(file, offset + have, std::as_writable_bytes(std::span(text)).subspan(have));
    if (!count) return std::unexpected(count.error());
    if (*count == 0) break;
    have += *count;
  }
  text.resize(have);
  return text;
}

// What the last line must be for this content, compared with what it is.
SystemResult<bool> is_whole(FileSystem& fs, Handle file, std::string_view line,
                            const SidecarLook& look) {
  const auto end = read_part(fs, file, look.content_from + look.content_bytes, sidecar_end_bytes);
  if (!end) return std::unexpected(end.error());
  if (!end->starts_with(end_magic)) return false;
  const auto hash = hash_content(fs, file, line, look.content_from, look.content_bytes);
  if (!hash) return std::unexpected(hash.error());
  return hash->complete && *end == sidecar_end(look.content_bytes, hash->hash);
}

}  // namespace

bool is_sidecar_name(std::string_view name) noexcept {
  return is_random_name(name, sidecar_prefix);
}

std::string sidecar_line(const SidecarTarget& target) {
  std::array<char, 16> octal{};
  const auto octal_end =
      std::to_chars(octal.data(), octal.data() + octal.size(), target.mode, 8).ptr;
  std::string line(magic);
  line += std::to_string(format_version) + " " + std::to_string(format_oldest_reader);
  line += " device=" + std::to_string(target.device);
  line += " inode=" + std::to_string(target.inode);
  line += " born=" + std::to_string(target.born_ns);
  line += " mode=" + std::string(octal.data(), octal_end);
  return line + " path=" + encoded(target.path) + "\n";
}

std::string sidecar_end(std::uint64_t bytes, const Hash128& hash) {
  const std::string digits = std::to_string(bytes);
  std::string text(end_magic);
  text.append(length_digits - digits.size(), '0');
  text += digits;
  text += hash_word;
  return text + hex16(hash.first) + hex16(hash.second) + "\n";
}

SystemResult<SidecarHash> hash_content(FileSystem& fs, Handle file, std::string_view first_line,
                                       std::uint64_t from, std::uint64_t bytes) {
  SidecarHash result{.hash = hash128(first_line)};
  for (std::uint64_t done = 0; done < bytes;) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, bytes - done));
    const auto piece = read_part(fs, file, from + done, wanted);
    if (!piece) return std::unexpected(piece.error());
    if (piece->size() != wanted) return result;
    result.hash = hash128(*piece, result.hash);
    done += wanted;
  }
  result.complete = true;
  return result;
}

SystemResult<SidecarLook> look_at_sidecar(FileSystem& fs, Handle file) {
  const auto status = fs.status(file);
  if (!status) return std::unexpected(status.error());
  const auto beginning = read_part(fs, file, 0, line_bytes_max);
  if (!beginning) return std::unexpected(beginning.error());
  SidecarLook look;
  if (!beginning->starts_with(magic)) return look;
  look.state = SidecarState::cut;
  const std::size_t line_end = beginning->find('\n');
  if (line_end == std::string::npos) return look;
  const std::string_view line = std::string_view(*beginning).substr(0, line_end + 1);
  std::string_view rest = line.substr(magic.size(), line_end - magic.size());
  const auto version = parse<unsigned>(next_word(rest));
  const auto oldest_reader = parse<unsigned>(next_word(rest));
  if (!version || !oldest_reader) return look;
  if (*oldest_reader > format_version) {
    look.state = SidecarState::newer;
    return look;
  }
  auto target = parse_target(rest);
  if (!target) return look;
  look.target = *std::move(target);
  look.content_from = line.size();
  if (status->size < line.size() + sidecar_end_bytes) return look;
  look.content_bytes = status->size - line.size() - sidecar_end_bytes;
  const auto whole = is_whole(fs, file, line, look);
  if (!whole) return std::unexpected(whole.error());
  if (*whole) look.state = SidecarState::whole;
  return look;
}

}  // namespace untorn::write
