// SPDX-License-Identifier: Apache-2.0
#include "document/generations.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <ranges>
#include <span>
#include <utility>

#include "base/try.h"
#include "counters/timing.h"
#include "filesystem/read_whole.h"
#include "write/target.h"

namespace untorn::document {
namespace {

constexpr std::string_view magic = "untorn-generation ";
constexpr std::string_view name_prefix = "generation-";
constexpr unsigned format_version = 1;
constexpr unsigned format_oldest_reader = 1;
constexpr std::size_t line_bytes_max = 512;
constexpr std::size_t number_digits_min = 12;
constexpr std::uint64_t number_max =
    1'000'000'000'000'000'000;  // no file of ours; nothing would fit above it
constexpr std::uint32_t private_file_mode = 0600;

std::string hex16(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[(value >> shift) & 0xFU];
  return text;
}

std::string name_of(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  const std::size_t zeros = number_digits_min - std::min(number_digits_min, digits.size());
  return std::string(name_prefix) + std::string(zeros, '0') + digits;
}

template <class Number>
std::optional<Number> parse(std::string_view text, int base = 10) {
  Number value = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, base);
  if (text.empty() || result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

// The word up to the next blank.
std::string_view next_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

// "number=12" → 12.
template <class Number>
std::optional<Number> next_field(std::string_view& line, std::string_view name, int base = 10) {
  std::string_view word = next_word(line);
  if (!word.starts_with(name) || !word.substr(name.size()).starts_with('=')) return std::nullopt;
  word.remove_prefix(name.size() + 1);
  return parse<Number>(word, base);
}

std::optional<Origin> next_origin(std::string_view& line) {
  const std::string_view word = next_word(line);
  for (const Origin origin : {Origin::replaced, Origin::edited, Origin::recovered}) {
    if (word == "origin=" + std::string(to_string(origin))) return origin;
  }
  return std::nullopt;
}

std::string first_line(const Home& home, std::string_view content, const KeepRequest& request) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  std::array<char, 16> octal{};
  const auto octal_end =
      std::to_chars(octal.data(), octal.data() + octal.size(), request.mode, 8).ptr;
  std::string line(magic);
  line += std::to_string(format_version) + " " + std::to_string(format_oldest_reader);
  line += " number=" + std::to_string(request.number);
  line += " device=" + std::to_string(home.directory_status().device);
  line += " inode=" + std::to_string(home.directory_status().inode);
  line += " mode=" + std::string(octal.data(), octal_end);
  line += " kept=" + std::to_string(request.kept_ns.value_or(now_ns));
  line += " origin=" + std::string(to_string(request.origin));
  line += " bytes=" + std::to_string(content.size());
  const Hash128 hash = hash128(content, hash128(line));
  return line + " hash=" + hex16(hash.first) + hex16(hash.second) + "\n";
}

// `line` without its line feed. False: not a first line of ours.
bool parse_line(const Home& home, std::string_view line, StoredGeneration& stored) {
  if (!line.starts_with(magic)) return false;
  std::string_view rest = line.substr(magic.size());
  const auto version = parse<unsigned>(next_word(rest));
  const auto oldest_reader = parse<unsigned>(next_word(rest));
  if (!version || !oldest_reader) return false;
  stored.newer_format = *oldest_reader > format_version;
  if (stored.newer_format) return false;
  const auto number = next_field<std::uint64_t>(rest, "number");
  const auto device = next_field<std::uint64_t>(rest, "device");
  const auto inode = next_field<std::uint64_t>(rest, "inode");
  const auto mode = next_field<std::uint32_t>(rest, "mode", 8);
  const auto kept = next_field<std::int64_t>(rest, "kept");
  const auto origin = next_origin(rest);
  const auto bytes = next_field<std::uint64_t>(rest, "bytes");
  constexpr std::size_t hash_word_bytes = 37;  // "hash=" and 32 digits
  const std::string_view hash = rest;
  if (!number || *number != stored.about.number || !device || !inode || !mode || !kept || !origin ||
      !bytes || hash.size() != hash_word_bytes || !hash.starts_with("hash=")) {
    return false;
  }
  const auto first = parse<std::uint64_t>(hash.substr(5, 16), 16);
  const auto second = parse<std::uint64_t>(hash.substr(21, 16), 16);
  if (!first || !second) return false;
  const Status& directory = home.directory_status();
  stored.about.bytes = *bytes;
  stored.about.kept_ns = *kept;
  stored.about.origin = *origin;
  stored.about.mode = *mode;
  stored.about.from_copy = *device != directory.device || *inode != directory.inode;
  stored.hash = {.first = *first, .second = *second};
  stored.seed = hash128(line.substr(0, line.size() - hash_word_bytes - 1));
  return true;
}

Result<OwnedHandle> open_stored(const Home& home, Handle folder, const std::string& name) {
  auto opened = home.fs().open(folder, name, {.follow = false, .nonblocking = true});
  if (!opened) return std::unexpected(home.error(opened.error(), Step::inspect, name));
  return OwnedHandle(home.fs(), *opened);
}

// The first bytes of a file that may be a generation, and its length.
struct Beginning {
  std::string bytes;
  std::uint64_t size = 0;
};
Result<Beginning> read_beginning(const Home& home, Handle folder, const std::string& name) {
  UNTORN_TRY(const OwnedHandle file, open_stored(home, folder, name));
  Beginning beginning;
  auto status = home.fs().status(file.get());
  if (!status) return std::unexpected(home.error(status.error(), Step::inspect, name));
  if (status->type != FileType::regular) return beginning;
  beginning.size = status->size;
  beginning.bytes.resize(line_bytes_max);
  auto count = home.fs().read_at(file.get(), 0, std::as_writable_bytes(std::span(beginning.bytes)));
  if (!count) return std::unexpected(home.error(count.error(), Step::inspect, name));
  beginning.bytes.resize(*count);
  return beginning;
}

// What the first line and the length tell.
StoredGeneration inspect_stored(const Home& home, Handle folder, std::string name,
                                std::uint64_t number) {
  StoredGeneration stored;
  stored.folder = folder;
  stored.name = std::move(name);
  stored.about.number = number;
  auto beginning = read_beginning(home, folder, stored.name);
  if (!beginning) {
    stored.unreadable = beginning.error();
    return stored;
  }
  const std::size_t end = beginning->bytes.find('\n');
  if (end == std::string::npos) return stored;
  stored.line_bytes = end + 1;
  const std::string_view line = std::string_view(beginning->bytes).substr(0, end);
  stored.about.intact =
      parse_line(home, line, stored) && beginning->size == stored.line_bytes + stored.about.bytes;
  return stored;
}

bool goes_before(const StoredGeneration& a, const StoredGeneration& b) {
  if (a.about.from_copy != b.about.from_copy) return b.about.from_copy;
  return a.about.number > b.about.number;
}

SystemResult<void> write_whole(FileSystem& fs, Handle file, std::string_view text) {
  std::span<const std::byte> rest = std::as_bytes(std::span(text));
  while (!rest.empty()) {
    auto count = fs.write(file, rest);
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return std::unexpected(Errno{EIO});
    rest = rest.subspan(*count);
  }
  return {};
}

// The steps on the open file, in their order.
Result<void> fill(const Home& home, Handle file, std::string_view content,
                  const KeepRequest& request, const std::string& name) {
  FileSystem& fs = home.fs();
  auto written = write_whole(fs, file, first_line(home, content, request));
  if (written) written = write_whole(fs, file, content);
  if (!written) return std::unexpected(home.error(written.error(), Step::write, name));
  if (request.durability >= Durability::ordered) {
    auto synced = counters::timed_sync(request.counters, [&] { return fs.sync(file); });
    if (!synced) return std::unexpected(home.error(synced.error(), Step::sync_file, name));
  }
  if (request.durability == Durability::durable) {
    auto synced = counters::timed_sync(request.counters, [&] { return fs.sync(home.folder()); });
    if (!synced && !write::means_unsupported(synced.error())) {
      return std::unexpected(home.error(synced.error(), Step::sync_directory, name));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<StoredGeneration>> list_generations(const Home& home) {
  std::vector<StoredGeneration> result;
  for (const Handle folder : {home.folder(), home.older()}) {
    if (folder == Handle::none) continue;
    auto entries = home.fs().list(folder);
    if (!entries) return std::unexpected(home.error(entries.error(), Step::inspect));
    for (Entry& entry : *entries) {
      if (!is_generation_name(entry.name)) continue;
      const auto number =
          parse<std::uint64_t>(std::string_view(entry.name).substr(name_prefix.size()));
      result.push_back(inspect_stored(home, folder, std::move(entry.name), *number));
    }
  }
  std::ranges::stable_sort(result, goes_before);
  return result;
}

bool is_generation_name(std::string_view name) noexcept {
  if (!name.starts_with(name_prefix)) return false;
  const auto number = parse<std::uint64_t>(name.substr(name_prefix.size()));
  return number && *number <= number_max;
}

Result<std::optional<std::string>> read_generation(const Home& home,
                                                   const StoredGeneration& stored) {
  if (stored.unreadable) return std::unexpected(*stored.unreadable);
  if (!stored.about.intact) return std::optional<std::string>();
  UNTORN_TRY(const OwnedHandle file, open_stored(home, stored.folder, stored.name));
  auto bytes = read_whole(home.fs(), file.get());
  if (!bytes) return std::unexpected(home.error(bytes.error(), Step::inspect, stored.name));
  bytes->erase(0, stored.line_bytes);
  if (!stored.holds(*bytes)) return std::optional<std::string>();
  return std::optional<std::string>(std::move(*bytes));
}

std::uint64_t next_number(const std::vector<StoredGeneration>& stored) {
  std::uint64_t highest = 0;
  for (const StoredGeneration& one : stored) highest = std::max(highest, one.about.number);
  return highest + 1;
}

Result<void> keep_generation(const Home& home, std::string_view content,
                             const KeepRequest& request) {
  const std::string name = name_of(request.number);
  auto opened = home.fs().open(
      home.folder(), name,
      {.access = Access::write, .create = true, .exclusive = true, .mode = private_file_mode});
  if (!opened) {
    return std::unexpected(home.error(opened.error(), Step::create_temporary, name));
  }
  const OwnedHandle file(home.fs(), *opened);
  auto filled = fill(home, file.get(), content, request, name);
  if (!filled) drop_generation(home, request.number);
  return filled;
}

void drop_generation(const Home& home, std::uint64_t number) {
  // One that stays is an unused version more; prune_generations meets it again.
  (void)home.fs().unlink(home.folder(), name_of(number));
}

namespace {

// A crash may have come between keeping and removing, and may have torn what was kept: only one
// whose content is right makes the other one needless.
bool is_taken_over(const Home& home, const std::vector<StoredGeneration>& listed,
                   const StoredGeneration& older, const std::string& text) {
  return std::ranges::any_of(listed, [&](const StoredGeneration& other) {
    if (other.folder != home.folder() || other.about.kept_ns != older.about.kept_ns) return false;
    const auto content = read_generation(home, other);
    return content && *content && **content == text;
  });
}

}  // namespace

void take_over_older(Home& home, const DocumentOptions& options) {
  if (home.older() == Handle::none) return;
  auto listed = list_generations(home);
  if (!listed) return;
  std::uint64_t highest = 0;
  for (const StoredGeneration& one : *listed) {
    if (one.folder == home.folder()) highest = std::max(highest, one.about.number);
  }
  // Oldest first, so that their order stays; and durably, whatever is asked for the document now,
  // since the ones that go may have been durable.
  for (const StoredGeneration& one : std::views::reverse(*listed)) {
    if (one.folder != home.older() || one.about.from_copy) continue;
    const auto text = read_generation(home, one);
    if (!text || !*text) continue;
    if (!is_taken_over(home, *listed, one, **text)) {
      highest = std::max(highest + 1, one.about.number);
      const auto kept = keep_generation(home, **text,
                                        {.number = highest,
                                         .origin = one.about.origin,
                                         .mode = one.about.mode,
                                         .durability = Durability::durable,
                                         .kept_ns = one.about.kept_ns,
                                         .counters = options.counters.get()});
      if (!kept) return;
    }
    (void)home.fs().unlink(one.folder, one.name);
  }
  const auto left = home.fs().list(home.older());
  if (left && left->size() == 1 && left->front().name == lock_file_name) home.remove_older();
}

void prune_generations(const Home& home, const std::vector<StoredGeneration>& listed,
                       unsigned kept_since, unsigned count) {
  unsigned intact = kept_since;
  for (const StoredGeneration& one : listed) {
    const bool is_kept = intact < count || one.newer_format;
    if (one.about.intact && !one.about.from_copy) ++intact;
    if (!is_kept) (void)home.fs().unlink(one.folder, one.name);
  }
}

}  // namespace untorn::document
