// SPDX-License-Identifier: Apache-2.0
#include "registry/stored.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <utility>

namespace untorn::registry {
namespace {

constexpr std::string_view format_name = "registry-version";
constexpr std::int64_t format_version = 1;
constexpr std::int64_t format_oldest_reader = 1;
constexpr std::string_view name_prefix = "version-";
constexpr std::size_t number_digits_min = 12;
constexpr std::uint64_t number_max = 1'000'000'000'000'000'000;
constexpr std::string_view check_begin = R"(, "check": ")";

constexpr std::array origins = {VersionOrigin::added, VersionOrigin::replaced,
                                VersionOrigin::edited, VersionOrigin::restored,
                                VersionOrigin::removed};

std::string hex(const Hash128& hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint64_t half : {hash.first, hash.second}) {
    for (int shift = 60; shift >= 0; shift -= 4) text += digits[(half >> shift) & 0xFU];
  }
  return text;
}

std::optional<Hash128> parse_hex(std::string_view text) {
  constexpr std::size_t half_digits = 16;
  if (text.size() != 2 * half_digits) return std::nullopt;
  Hash128 hash;
  const char* const middle = text.data() + half_digits;
  const char* const end = middle + half_digits;
  const bool is_right = std::from_chars(text.data(), middle, hash.first, 16).ptr == middle &&
                        std::from_chars(middle, end, hash.second, 16).ptr == end;
  return is_right ? std::optional(hash) : std::nullopt;
}

JsonValue number(std::uint64_t value) {
  return JsonValue::integer(static_cast<std::int64_t>(value));
}

JsonValue file_json(const StoredFile& file) {
  JsonValue json = JsonValue::object();
  json.set("attachment", JsonValue::string(file.attachment));
  json.set("bytes", number(file.bytes));
  json.set("mode", file.mode ? number(*file.mode) : JsonValue());
  json.set("hash", JsonValue::string(hex(file.hash)));
  return json;
}

std::string line_of(const StoredVersion& version) {
  JsonValue format = JsonValue::object();
  format.set("format", JsonValue::string(format_name));
  format.set("version", JsonValue::integer(format_version));
  format.set("oldest_reader", JsonValue::integer(format_oldest_reader));
  JsonValue json = JsonValue::object();
  json.set("untorn", std::move(format));
  json.set("entry", JsonValue::string(version.entry));
  json.set("number", number(version.number));
  json.set("stored_ns", JsonValue::integer(version.stored_ns));
  json.set("origin", JsonValue::string(to_string(version.origin)));
  JsonValue files = JsonValue::array();
  for (const StoredFile& file : version.files) files.edit_items().push_back(file_json(file));
  json.set("files", std::move(files));
  std::string text = JsonDocument(std::move(json)).text();
  text.pop_back();  // the brace, which comes back below
  const std::string check = hex(hash128(text));
  return text + std::string(check_begin) + check + "\"}\n";
}

std::optional<std::int64_t> integer_in(const JsonValue& json, std::string_view name) {
  const JsonValue* const value = json.find(name);
  return value == nullptr ? std::nullopt : value->as_integer();
}

std::string text_in(const JsonValue& json, std::string_view name) {
  const JsonValue* const value = json.find(name);
  return value == nullptr ? std::string() : value->as_string().value_or("");
}

std::optional<StoredFile> parse_file(const JsonValue& json) {
  const auto bytes = integer_in(json, "bytes");
  const auto mode = integer_in(json, "mode");
  const auto hash = parse_hex(text_in(json, "hash"));
  constexpr std::int64_t mode_max = 07777;
  if (!bytes || *bytes < 0 || !hash || (mode && (*mode < 0 || *mode > mode_max))) {
    return std::nullopt;
  }
  StoredFile file{.attachment = text_in(json, "attachment"),
                  .bytes = static_cast<std::uint64_t>(*bytes),
                  .mode = std::nullopt,
                  .hash = *hash};
  if (mode) file.mode = static_cast<std::uint32_t>(*mode);
  return file;
}

std::optional<StoredVersion> parse_version(const JsonValue& json) {
  StoredVersion version;
  version.entry = text_in(json, "entry");
  const auto stored_number = integer_in(json, "number");
  const auto stored_ns = integer_in(json, "stored_ns");
  const std::string origin = text_in(json, "origin");
  const auto known = std::ranges::find_if(
      origins, [&origin](VersionOrigin each) { return to_string(each) == origin; });
  const JsonValue* const files = json.find("files");
  if (!stored_number || *stored_number < 1 || !stored_ns || known == origins.end() ||
      files == nullptr) {
    return std::nullopt;
  }
  version.number = static_cast<std::uint64_t>(*stored_number);
  version.stored_ns = *stored_ns;
  version.origin = *known;
  for (const JsonValue& item : files->items()) {
    const auto file = parse_file(item);
    if (!file) return std::nullopt;
    version.files.push_back(*file);
  }
  return version;
}

}  // namespace

const StoredFile* StoredVersion::file(std::string_view attachment) const noexcept {
  const auto found = std::ranges::find(files, attachment, &StoredFile::attachment);
  return found == files.end() ? nullptr : &*found;
}

std::uint64_t StoredVersion::bytes() const noexcept {
  return std::accumulate(
      files.begin(), files.end(), std::uint64_t{0},
      [](std::uint64_t sum, const StoredFile& file) { return sum + file.bytes; });
}

std::string version_text(StoredVersion about, const std::vector<FileContent>& files) {
  about.files.clear();
  for (const FileContent& file : files) {
    about.files.push_back({.attachment = file.attachment,
                           .bytes = file.content.size(),
                           .mode = file.mode,
                           .hash = hash128(file.content)});
  }
  std::string text = line_of(about);
  for (const FileContent& file : files) text += file.content;
  return text;
}

ParsedLine parse_line(std::string_view text) {
  ParsedLine parsed;
  const std::size_t end = text.substr(0, line_bytes_max).find('\n');
  if (end == std::string_view::npos) return parsed;
  parsed.line_bytes = end + 1;
  const std::string_view line = text.substr(0, end);
  const auto document = JsonDocument::parse(std::string(line));
  if (!document) return parsed;
  const JsonValue* const format = document->root.find("untorn");
  if (format == nullptr || text_in(*format, "format") != format_name) return parsed;
  const auto oldest_reader = integer_in(*format, "oldest_reader");
  if (!oldest_reader) return parsed;
  if (*oldest_reader > format_version) {
    parsed.state = LineState::newer;
    return parsed;
  }
  const std::size_t check = line.rfind(check_begin);
  if (check == std::string_view::npos) return parsed;
  const std::string expected = hex(hash128(line.substr(0, check)));
  if (text_in(document->root, "check") != expected) return parsed;
  auto version = parse_version(document->root);
  if (!version) return parsed;
  parsed.version = std::move(*version);
  parsed.state = LineState::right;
  return parsed;
}

std::optional<std::vector<FileContent>> contents_in(const ParsedLine& line, std::string_view text) {
  if (line.state != LineState::right || text.size() < line.line_bytes) return std::nullopt;
  std::string_view rest = text.substr(line.line_bytes);
  std::vector<FileContent> files;
  for (const StoredFile& stored : line.version.files) {
    if (stored.bytes > rest.size()) return std::nullopt;
    const std::string_view content = rest.substr(0, static_cast<std::size_t>(stored.bytes));
    if (!stored.holds(content)) return std::nullopt;
    files.push_back({stored.attachment, std::string(content), stored.mode});
    rest.remove_prefix(content.size());
  }
  return rest.empty() ? std::optional(std::move(files)) : std::nullopt;
}

std::string version_name(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  const std::size_t zeros = number_digits_min - std::min(number_digits_min, digits.size());
  return std::string(name_prefix) + std::string(zeros, '0') + digits;
}

std::optional<std::uint64_t> number_of_version(std::string_view name) {
  if (!name.starts_with(name_prefix)) return std::nullopt;
  const std::string_view digits = name.substr(name_prefix.size());
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, number);
  const bool is_number = !digits.empty() && result.ec == std::errc() && result.ptr == end;
  if (!is_number || number == 0 || number >= number_max || version_name(number) != name) {
    return std::nullopt;
  }
  return number;
}

}  // namespace untorn::registry
