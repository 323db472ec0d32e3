// SPDX-License-Identifier: Apache-2.0
#include "counters/layout.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/hash.h"

namespace untorn::counters {
namespace {

constexpr std::uint32_t version = 1;
constexpr std::uint32_t oldest_reader = 1;
constexpr std::uint64_t byte_order_word = 0x0102030405060708U;

constexpr std::size_t magic_bytes = 16;
using Magic = std::array<char, magic_bytes>;
constexpr Magic process_magic = {'u', 'n', 't', 'o', 'r', 'n', ' ', 'c',
                                 'o', 'u', 'n', 't', 'e', 'r', 's', '\0'};
constexpr Magic total_magic = {'u', 'n', 't', 'o', 'r',  'n',  ' ',  't',
                               'o', 't', 'a', 'l', '\0', '\0', '\0', '\0'};

// Where the fields begin. Up to `size_at` both forms are the same.
namespace at {
constexpr std::size_t version = 16;
constexpr std::size_t oldest_reader = 20;
constexpr std::size_t byte_order = 24;
constexpr std::size_t size = 32;
constexpr std::size_t process = 40;
constexpr std::size_t started_ticks = 48;
constexpr std::size_t opened_ns = 56;
constexpr std::size_t boot = 64;
constexpr std::size_t process_checksum = 104;
constexpr std::size_t folds = 40;
constexpr std::size_t processes = 48;
constexpr std::size_t names_bytes = 56;
constexpr std::size_t total_checksum = 64;
constexpr std::size_t total_rest = 80;
}  // namespace at
constexpr std::size_t boot_bytes_max = at::process_checksum - at::boot;

template <class T>
void put(std::span<std::byte> file, std::size_t offset, const T& value) {
  std::memcpy(file.subspan(offset, sizeof(T)).data(), &value, sizeof(T));
}

template <class T>
T get(std::span<const std::byte> file, std::size_t offset) {
  T value{};
  std::memcpy(&value, file.subspan(offset, sizeof(T)).data(), sizeof(T));
  return value;
}

void put_text(std::span<std::byte> file, std::size_t offset, std::string_view text) {
  if (!text.empty())
    std::memcpy(file.subspan(offset, text.size()).data(), text.data(), text.size());
}

std::string get_text(std::span<const std::byte> file, std::size_t offset, std::size_t size) {
  const std::span<const std::byte> part = file.subspan(offset, size);
  return {reinterpret_cast<const char*>(part.data()), part.size()};
}

void put_head(std::span<std::byte> file, const Magic& magic) {
  put(file, 0, magic);
  put(file, at::version, version);
  put(file, at::oldest_reader, oldest_reader);
  put(file, at::byte_order, byte_order_word);
  put(file, at::size, std::uint64_t{file.size()});
}

// What the first fields say. `readable` is only that the rest may be looked at.
Form form_of(std::span<const std::byte> file, const Magic& magic) {
  const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
  if (std::ranges::all_of(file, is_zero)) return Form::empty;
  if (file.size() < header_bytes || get<Magic>(file, 0) != magic) return Form::damaged;
  if (get<std::uint64_t>(file, at::byte_order) != byte_order_word) return Form::newer;
  if (get<std::uint32_t>(file, at::oldest_reader) > version) return Form::newer;
  if (get<std::uint32_t>(file, at::version) > version) return Form::newer_but_readable;
  return Form::readable;
}

Slots get_slots(std::span<const std::byte> file) {
  return get<Slots>(file, header_bytes);
}

Hash128 process_checksum(std::span<const std::byte> file) {
  return hash128(file.first(at::process_checksum));
}

Hash128 total_checksum(std::span<const std::byte> file) {
  return hash128(file.subspan(at::total_rest), hash128(file.first(at::total_checksum)));
}

// Names, each with a line end. Nothing if it is not that.
std::optional<std::vector<std::string>> parse_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    names.emplace_back(text.substr(0, end));
    if (!is_process_file_name(names.back())) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  return names;
}

bool take_digits(std::string_view& rest, std::size_t digits_max) {
  std::size_t count = 0;
  while (count < rest.size() && rest[count] >= '0' && rest[count] <= '9') ++count;
  if (count == 0 || count > digits_max) return false;
  rest.remove_prefix(count);
  return true;
}

bool take_dash(std::string_view& rest) {
  if (!rest.starts_with('-')) return false;
  rest.remove_prefix(1);
  return true;
}

}  // namespace

std::array<std::byte, file_bytes> make_process_file(const ProcessIdentity& identity) {
  std::array<std::byte, file_bytes> file{};
  put_head(file, process_magic);
  put(file, at::process, identity.process);
  put(file, at::started_ticks, identity.started_ticks);
  put(file, at::opened_ns, identity.opened_ns);
  put_text(file, at::boot, std::string_view(identity.boot).substr(0, boot_bytes_max));
  put(file, at::process_checksum, process_checksum(file));
  return file;
}

ProcessFile parse_process_file(std::span<const std::byte> bytes) {
  ProcessFile parsed;
  parsed.form = form_of(bytes, process_magic);
  const bool known = parsed.form == Form::readable || parsed.form == Form::newer_but_readable;
  if (!known) return parsed;
  const bool whole = bytes.size() >= file_bytes &&
                     bytes.size() == get<std::uint64_t>(bytes, at::size) &&
                     get<Hash128>(bytes, at::process_checksum) == process_checksum(bytes);
  if (!whole) {
    parsed.form = Form::damaged;
    return parsed;
  }
  parsed.identity.process = get<std::uint64_t>(bytes, at::process);
  parsed.identity.started_ticks = get<std::uint64_t>(bytes, at::started_ticks);
  parsed.identity.opened_ns = get<std::uint64_t>(bytes, at::opened_ns);
  parsed.identity.boot = get_text(bytes, at::boot, boot_bytes_max);
  parsed.identity.boot.resize(std::min(parsed.identity.boot.find('\0'), boot_bytes_max));
  parsed.slots = get_slots(bytes);
  return parsed;
}

std::vector<std::byte> make_total_file(const Total& total) {
  std::string names;
  for (const std::string& name : total.names) names += name + '\n';
  std::vector<std::byte> file(file_bytes + names.size());
  put_head(file, total_magic);
  put(file, at::folds, total.folds);
  put(file, at::processes, total.processes);
  put(file, at::names_bytes, std::uint64_t{names.size()});
  put(file, header_bytes, total.slots);
  put_text(file, file_bytes, names);
  put(file, at::total_checksum, total_checksum(file));
  return file;
}

TotalFile parse_total_file(std::span<const std::byte> bytes) {
  TotalFile parsed;
  parsed.form = form_of(bytes, total_magic);
  const bool known = parsed.form == Form::readable || parsed.form == Form::newer_but_readable;
  if (!known) return parsed;
  const bool whole = bytes.size() >= file_bytes &&
                     bytes.size() == get<std::uint64_t>(bytes, at::size) &&
                     get<Hash128>(bytes, at::total_checksum) == total_checksum(bytes);
  // What a newer version puts between the table and the names this one does not know.
  const std::uint64_t names_bytes = whole ? get<std::uint64_t>(bytes, at::names_bytes) : 0;
  if (!whole || names_bytes > bytes.size() - file_bytes) {
    parsed.form = Form::damaged;
    return parsed;
  }
  const auto names_size = static_cast<std::size_t>(names_bytes);
  auto names = parse_names(get_text(bytes, bytes.size() - names_size, names_size));
  if (!names) {
    parsed.form = Form::damaged;
    return parsed;
  }
  parsed.total.folds = get<std::uint64_t>(bytes, at::folds);
  parsed.total.processes = get<std::uint64_t>(bytes, at::processes);
  parsed.total.slots = get_slots(bytes);
  parsed.total.names = std::move(*names);
  return parsed;
}

std::string process_file_name(const ProcessIdentity& identity, std::uint64_t random) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name = std::to_string(identity.opened_ns) + '-' + std::to_string(identity.process);
  name += '-';
  for (int shift = 12; shift >= 0; shift -= 4) name += digits[(random >> shift) & 0xFU];
  return name;
}

bool is_process_file_name(std::string_view name) noexcept {
  constexpr std::size_t number_digits_max = 20;
  constexpr std::size_t random_digits = 4;
  if (!take_digits(name, number_digits_max) || !take_dash(name)) return false;
  if (!take_digits(name, number_digits_max) || !take_dash(name)) return false;
  return name.size() == random_digits &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace untorn::counters
