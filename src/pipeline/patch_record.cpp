// SPDX-License-Identifier: Apache-2.0
#include "pipeline/patch_record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "base/hash.h"
#include "base/try.h"
#include "document/format.h"
#include "patch/parse.h"
#include "pipeline/patch_plan.h"

namespace untorn::pipeline {
namespace {

constexpr document::Format record_format = {.name = "patch-record"};
constexpr document::Format counter_format = {.name = "patch-counter"};
constexpr std::string_view hash_member = "murmur3_128";
constexpr std::uint64_t number_max = 1'000'000'000'000;

std::string in_folder(std::string_view name, std::string_view extension) {
  return std::string(patches_folder) + "/" + std::string(name) + std::string(extension);
}

std::string hash_text(std::string_view content) {
  constexpr std::string_view digits = "0123456789abcdef";
  const Hash128 hash = hash128(content);
  std::string text;
  for (const std::uint64_t half : {hash.first, hash.second}) {
    for (unsigned shift = 64; shift > 0; shift -= 4) text += digits[(half >> (shift - 4)) & 0xFU];
  }
  return text;
}

// "0012_slug": the number; nothing for names of others.
std::optional<std::uint64_t> number_of(std::string_view name) {
  constexpr std::size_t digits_min = 4;
  const std::size_t mark = name.find('_');
  if (mark == std::string_view::npos || mark < digits_min) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + mark, number);
  if (error != std::errc() || end != name.data() + mark) return std::nullopt;
  if (number == 0 || number > number_max) return std::nullopt;
  return number;
}

std::optional<PatchStatus> status_of(std::string_view text) {
  for (const PatchStatus status :
       {PatchStatus::created, PatchStatus::applied, PatchStatus::reverted}) {
    if (to_string(status) == text) return status;
  }
  return std::nullopt;
}

// The members of a record, one after the other; the first that is wrong is the problem.
class RecordReader {
 public:
  explicit RecordReader(const JsonValue& root) : root_(root) {}

  std::string text(std::string_view name, const JsonValue* in = nullptr) {
    const JsonValue* const value = (in == nullptr ? root_ : *in).find(name);
    auto found = value == nullptr ? std::nullopt : value->as_string();
    if (found) return *std::move(found);
    note(name);
    return {};
  }
  std::uint64_t number(std::string_view name, const JsonValue* in = nullptr) {
    const JsonValue* const value = (in == nullptr ? root_ : *in).find(name);
    const auto found = value == nullptr ? std::nullopt : value->as_integer();
    if (found && *found >= 0) return static_cast<std::uint64_t>(*found);
    note(name);
    return 0;
  }
  void note(std::string_view name) {
    if (problem_.empty()) problem_ = "its member \"" + std::string(name) + "\" is missing or wrong";
  }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  const JsonValue& root_;
  std::string problem_;
};

StoredPatch damaged(StoredPatch stored, std::string why) {
  stored.info.status = PatchStatus::damaged;
  stored.info.damage = std::move(why);
  stored.json = JsonDocument();
  return stored;
}

// What the record says, into `info`. The problem, or "".
std::string read_members(StoredPatch& stored, std::uint64_t& bytes, std::string& hash) {
  const JsonValue& root = stored.json.root;
  RecordReader reader(root);
  PatchInfo& info = stored.info;
  const std::uint64_t number = reader.number("number");
  if (number != info.number) reader.note("number");
  info.description = reader.text("description");
  info.created = reader.text("created");
  info.changed = reader.text("changed");
  const auto status = status_of(reader.text("status"));
  if (!status) reader.note("status");
  const JsonValue* const patch = root.find("patch");
  const JsonValue none;
  bytes = reader.number("bytes", patch == nullptr ? &none : patch);
  hash = reader.text(hash_member, patch == nullptr ? &none : patch);
  info.status = status.value_or(PatchStatus::damaged);
  return reader.problem();
}

}  // namespace

std::string patch_path(std::string_view name) {
  return in_folder(name, ".patch");
}

std::string record_path(std::string_view name) {
  return in_folder(name, ".json");
}

std::string patch_name(std::uint64_t number, std::string_view description) {
  constexpr std::size_t digits_min = 4;
  constexpr std::size_t slug_bytes_max = 40;
  std::string digits = std::to_string(number);
  if (digits.size() < digits_min) digits.insert(0, digits_min - digits.size(), '0');
  std::string slug;
  for (const char each : description) {
    const bool is_capital = each >= 'A' && each <= 'Z';
    const bool is_plain = (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9');
    if (is_capital || is_plain) {
      slug += is_capital ? static_cast<char>(each - 'A' + 'a') : each;
    } else if (!slug.empty() && !slug.ends_with('_')) {
      slug += '_';
    }
    if (slug.size() == slug_bytes_max) break;
  }
  while (slug.ends_with('_')) slug.pop_back();
  return digits + "_" + (slug.empty() ? "patch" : slug);
}

Result<std::vector<PatchName>> patch_names(const PatchSource& source) {
  UNTORN_TRY(const bool there, source.has_folder(patches_folder));
  if (!there) return std::vector<PatchName>();
  UNTORN_TRY(const std::vector<Entry> entries, source.list(patches_folder));
  std::map<std::pair<std::uint64_t, std::string>, bool> names;
  for (const Entry& entry : entries) {
    const bool is_record = entry.name.ends_with(".json");
    if (!is_record && !entry.name.ends_with(".patch")) continue;
    const std::string name = entry.name.substr(0, entry.name.rfind('.'));
    const auto number = number_of(name);
    if (number) names[{*number, name}] |= is_record;
  }
  std::vector<PatchName> result;
  result.reserve(names.size());
  for (const auto& [key, has_record] : names) {
    result.push_back({.number = key.first, .name = key.second, .has_record = has_record});
  }
  return result;
}

Result<StoredPatch> read_patch(const PatchSource& source, const PatchName& name) {
  const std::string path = record_path(name.name);
  StoredPatch stored;
  stored.info.number = name.number;
  stored.info.name = name.name;
  const std::string patch_file = patch_path(name.name);
  stored.info.patch_file = patch_file;
  UNTORN_TRY(const SourceFile record, source.look(path));
  if (record.kind != SourceFile::Kind::regular) {
    return damaged(std::move(stored), "its record " + path + " is no file");
  }
  auto json = JsonDocument::parse(record.content, path);
  if (!json) return damaged(std::move(stored), path + ": " + json.error().detail());
  stored.json = *std::move(json);
  if (auto known = document::check_format(stored.json.root, record_format, path); !known) {
    if (known.error().code() == Code::unsupported) return std::unexpected(known.error());
    return damaged(std::move(stored), path + ": " + known.error().detail());
  }
  std::uint64_t bytes = 0;
  std::string hash;
  const std::string problem = read_members(stored, bytes, hash);
  if (!problem.empty()) return damaged(std::move(stored), path + ": " + problem);
  UNTORN_TRY(SourceFile file, source.look(patch_file));
  if (file.kind != SourceFile::Kind::regular) {
    return damaged(std::move(stored), patch_file + " is not there");
  }
  if (file.content.size() != bytes || hash_text(file.content) != hash) {
    return damaged(std::move(stored), patch_file + " is not the patch that was created");
  }
  stored.text = std::move(file.content);
  const auto patch = patch::parse(stored.text);
  if (!patch) {
    return damaged(std::move(stored), patch_file + ", line " +
                                          std::to_string(patch.error().patch_line) + ": " +
                                          patch.error().message);
  }
  for (const patch::FilePatch& each : patch->files) stored.info.files.push_back(describe(each));
  return stored;
}

std::string new_record(const PatchInfo& info, std::string_view patch) {
  JsonValue file = JsonValue::object();
  file.set("bytes", JsonValue::integer(static_cast<std::int64_t>(patch.size())));
  file.set(hash_member, JsonValue::string(hash_text(patch)));
  JsonValue root = JsonValue::object();
  root.set(document::format_member_name, document::format_value(record_format));
  root.set("number", JsonValue::integer(static_cast<std::int64_t>(info.number)));
  root.set("description", JsonValue::string(info.description));
  root.set("status", JsonValue::string(to_string(info.status)));
  root.set("created", JsonValue::string(info.created));
  root.set("changed", JsonValue::string(info.changed));
  root.set("patch", std::move(file));
  return JsonDocument(std::move(root), JsonStyle::indented(2)).text();
}

std::string changed_record(JsonDocument record, const PatchInfo& info) {
  record.root.set("status", JsonValue::string(to_string(info.status)));
  record.root.set("changed", JsonValue::string(info.changed));
  return record.text();
}

Result<std::optional<std::uint64_t>> read_counter(const PatchSource& source) {
  const std::string path(patch_counter_file);
  UNTORN_TRY(const SourceFile file, source.look(path));
  if (file.kind == SourceFile::Kind::absent) return std::optional<std::uint64_t>(0);
  if (file.kind != SourceFile::Kind::regular) return std::nullopt;
  const auto json = JsonDocument::parse(file.content, path);
  if (!json) return std::nullopt;
  if (auto known = document::check_format(json->root, counter_format, path); !known) {
    if (known.error().code() == Code::unsupported) return std::unexpected(known.error());
    return std::nullopt;
  }
  const JsonValue* const last = json->root.find("last");
  const auto number = last == nullptr ? std::nullopt : last->as_integer();
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) > number_max) {
    return std::nullopt;
  }
  return std::optional(static_cast<std::uint64_t>(*number));
}

std::string counter_text(std::uint64_t last) {
  JsonValue root = JsonValue::object();
  root.set(document::format_member_name, document::format_value(counter_format));
  root.set("last", JsonValue::integer(static_cast<std::int64_t>(last)));
  return JsonDocument(std::move(root), JsonStyle::indented(2)).text();
}

}  // namespace untorn::pipeline
