// SPDX-License-Identifier: Apache-2.0
#include "line_log/mark.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

#include "base/try.h"
#include "filesystem/kept_folder.h"
#include "filesystem/read_whole.h"

namespace untorn::line_log {
namespace {

constexpr std::string_view magic = "untorn-log-mark ";
constexpr std::uint64_t format_version = 1;
constexpr std::string_view long_name = "%long-";
constexpr std::string_view hash_field = " hash=";
constexpr std::size_t number_digits = 20;
constexpr std::size_t hash_digits = 16;

std::string padded(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(number_digits - digits.size(), '0') + digits;
}

std::string hex(std::uint64_t number) {
  std::array<char, hash_digits> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  const std::string written(digits.data(), end);
  return std::string(hash_digits - written.size(), '0') + written;
}

std::string hex(const Hash128& hash) {
  return hex(hash.first) + hex(hash.second);
}

std::string percent_encoded(std::string_view path, std::string_view also) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char byte : path) {
    const auto code = static_cast<unsigned char>(byte);
    if (code > ' ' && code != 0x7F && byte != '%' && also.find(byte) == std::string_view::npos) {
      text += byte;
    } else {
      text += '%';
      text += digits[code >> 4U];
      text += digits[code & 15U];
    }
  }
  return text;
}

template <class Number>
bool parse(std::string_view text, Number& number, int base = 10) {
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number, base);
  return read.ec == std::errc() && read.ptr == end && !text.empty();
}

bool parse(std::string_view text, Hash128& hash) {
  return text.size() == 2 * hash_digits && parse(text.substr(0, hash_digits), hash.first, 16) &&
         parse(text.substr(hash_digits), hash.second, 16);
}

std::string percent_decoded(std::string_view text) {
  std::string path;
  while (!text.empty()) {
    unsigned code = 0;
    const bool encoded = text.front() == '%' && parse(text.substr(1, 2), code, 16);
    path += encoded ? static_cast<char>(code) : text.front();
    text.remove_prefix(std::min<std::size_t>(encoded ? 3 : 1, text.size()));
  }
  return path;
}

// Takes the next word off the front of `rest`.
std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

// Takes " NAME=VALUE" off the front of `rest`; what else stands before it, a later version wrote.
std::string_view take_field(std::string_view& rest, std::string_view name) {
  while (!rest.empty()) {
    const std::string_view word = take_word(rest);
    if (word.starts_with(name) && word.substr(name.size()).starts_with('=')) {
      return word.substr(name.size() + 1);
    }
  }
  return {};
}

bool parse_fields(std::string_view rest, Mark& mark, std::string& path) {
  unsigned named = 0;
  unsigned failed = 0;
  const bool read =
      parse(take_field(rest, "device"), mark.device) &&
      parse(take_field(rest, "inode"), mark.inode) &&
      parse(take_field(rest, "begun"), mark.begun_ns) && parse(take_field(rest, "named"), named) &&
      parse(take_field(rest, "failed"), failed) && parse(take_field(rest, "synced"), mark.synced) &&
      parse(take_field(rest, "tail"), mark.tail);
  mark.named = named == 1;
  mark.failed = failed != 0;
  path = percent_decoded(take_field(rest, "path"));
  return read && !path.empty();
}

}  // namespace

std::string mark_name(std::string_view path) {
  constexpr std::size_t name_bytes_max = 200;
  std::string name = percent_encoded(path, "/");
  if (name.size() <= name_bytes_max) return name;
  return std::string(long_name) + hex(hash128(path));
}

std::string log_path(std::string_view name) {
  return name.starts_with(long_name) ? std::string() : percent_decoded(name);
}

std::string mark_line(const Mark& mark, std::string_view path) {
  const std::string version = std::to_string(format_version);
  std::string line = std::string(magic) + version + " " + version;
  line += " device=" + padded(mark.device) + " inode=" + padded(mark.inode);
  line += " begun=" + padded(static_cast<std::uint64_t>(std::max<std::int64_t>(mark.begun_ns, 0)));
  line += std::string(" named=") + (mark.named ? '1' : '0');
  line += std::string(" failed=") + (mark.failed ? '1' : '0');
  line += " synced=" + padded(mark.synced) + " tail=" + hex(mark.tail);
  line += " path=" + percent_encoded(path, "");
  const std::string hash = hex(hash128(line));
  return line + std::string(hash_field) + hash + "\n";
}

ReadMark read_mark(std::string_view text) {
  ReadMark result;
  const std::string_view line = text.substr(0, text.find('\n'));
  if (line.size() == text.size() || !line.starts_with(magic)) return result;
  std::string_view rest = line.substr(magic.size());
  std::uint64_t version = 0;
  std::uint64_t oldest_reader = 0;
  if (!parse(take_word(rest), version) || !parse(take_word(rest), oldest_reader)) return result;
  result.newer_format = oldest_reader > format_version;
  if (result.newer_format) return result;
  const std::size_t hash_at = line.rfind(hash_field);
  Hash128 hash;
  if (hash_at == std::string_view::npos || !parse(line.substr(hash_at + hash_field.size()), hash) ||
      hash != hash128(line.substr(0, hash_at))) {
    return result;
  }
  rest = rest.substr(0, rest.rfind(hash_field));
  Mark mark;
  std::string path;
  if (!parse_fields(rest, mark, path)) return result;
  result.mark = mark;
  result.path = std::move(path);
  return result;
}

SystemResult<Hash128> tail_hash(FileSystem& fs, Handle log, std::uint64_t end) {
  std::array<std::byte, tail_bytes_max> tail{};
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(end, tail.size()));
  std::size_t have = 0;
  while (have < wanted) {
    auto count = fs.read_at(log, end - wanted + have, std::span(tail).subspan(have, wanted - have));
    if (!count) return std::unexpected(count.error());
    if (*count == 0) break;
    have += *count;
  }
  return hash128(std::span<const std::byte>(tail).first(have));
}

Result<MarkFile> MarkFile::open(FileSystem& fs, Handle tree, std::string path,
                                const std::string& message_path) {
  MarkFile result;
  auto kept = KeptFolder::find(fs, tree, message_path);
  if (!kept || !kept->make()) return result;
  const auto logs = kept->make_folder(kept->handle(), logs_folder_name);
  if (!logs) return result;
  auto file = fs.open(logs->get(), mark_name(path),
                      {.access = Access::read_write,
                       .create = true,
                       .follow = false,
                       .nonblocking = true,
                       .mode = kept_file_mode});
  if (!file) return result;
  result.file_ = OwnedHandle(fs, *file);
  result.fs_ = &fs;
  result.path_ = std::move(path);
  const auto text = read_whole(fs, result.file_.get());
  if (text && read_mark(*text).newer_format) {
    return std::unexpected(
        Error(Code::unsupported, Step::inspect, Outcome::not_applied, 0, message_path,
              "what .untorn/logs holds of it was written by a newer version of Untorn"));
  }
  return result;
}

std::optional<Mark> MarkFile::read() const {
  if (fs_ == nullptr) return std::nullopt;
  const auto text = read_whole(*fs_, file_.get());
  if (!text) return std::nullopt;
  ReadMark read = read_mark(*text);
  return read.path == path_ ? read.mark : std::nullopt;
}

void MarkFile::write(const Mark& mark) const {
  if (fs_ == nullptr) return;
  const std::string line = mark_line(mark, path_);
  // One that fails, or is cut, is no mark (M2), and the log is looked at as a whole.
  (void)fs_->write_at(file_.get(), 0, std::as_bytes(std::span(line)));
}

}  // namespace untorn::line_log
