// SPDX-License-Identifier: Apache-2.0
#include "health/acknowledged.h"

#include <cerrno>
#include <optional>
#include <utility>

#include "base/numbered_name.h"
#include "base/try.h"
#include "document/format.h"
#include "filesystem/kept_folder.h"
#include "filesystem/read_whole.h"
#include "untorn/json.h"
#include "untorn/replace.h"

namespace untorn::health {
namespace {

constexpr document::Format format = {.name = "acknowledged"};
constexpr std::string_view list_name = "acknowledged";
constexpr std::string_view lock_name = "acknowledged.lock";
constexpr std::string_view damaged_infix = ".damaged-";
constexpr std::uint64_t damaged_max = 1000;

std::string path_of_list(const std::string& tree) {
  return tree + "/" + std::string(kept_folder_name) + "/" + std::string(list_name);
}

Error corrupt(const std::string& path, std::string detail) {
  return {Code::corrupt, Step::inspect, Outcome::not_applied, 0, path, std::move(detail)};
}

std::optional<std::int64_t> integer_of(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  return value == nullptr ? std::nullopt : value->as_integer();
}

// Nothing if there is no list.
Result<std::optional<std::string>> read_text(FileSystem& fs, const std::string& path) {
  const auto failed = [&path](Errno os_errno) {
    return Error::from_errno(number(os_errno), Step::inspect, Outcome::not_applied, path);
  };
  const auto opened =
      fs.open(Handle::working_directory, path, {.follow = false, .nonblocking = true});
  if (!opened) {
    if (number(opened.error()) == ENOENT) return std::nullopt;
    return std::unexpected(failed(opened.error()));
  }
  const OwnedHandle file(fs, *opened);
  auto text = read_whole(fs, file.get());
  if (!text) return std::unexpected(failed(text.error()));
  return *std::move(text);
}

// The first of its numbered names that is free.
Result<void> set_list_aside(FileSystem& fs, Handle kept, const std::string& path) {
  Errno os_errno{EEXIST};
  for (std::uint64_t count = 1; count <= damaged_max && number(os_errno) == EEXIST; ++count) {
    const auto renamed =
        fs.rename(kept, list_name, kept, numbered_name(list_name, damaged_infix, count),
                  RenameMode::no_replace);
    if (renamed) return {};
    os_errno = renamed.error();
  }
  return std::unexpected(
      Error::from_errno(number(os_errno), Step::rename, Outcome::not_applied, path));
}

}  // namespace

Result<Acknowledged> Acknowledged::read(FileSystem& fs, const std::string& tree) {
  const std::string path = path_of_list(tree);
  Acknowledged list;
  UNTORN_TRY(const std::optional<std::string> text, read_text(fs, path));
  if (!text) return list;
  const auto parsed = JsonDocument::parse(*text, path);
  if (!parsed) return std::unexpected(corrupt(path, parsed.error().detail()));
  const auto known = document::check_format(parsed->root, format, path);
  if (!known && known.error().code() == Code::unsupported) return std::unexpected(known.error());
  const JsonValue* files = known ? parsed->root.find("files") : nullptr;
  if (files == nullptr || files->kind() != JsonKind::array) {
    return std::unexpected(corrupt(path, "it is no list of acknowledged files"));
  }
  for (const JsonValue& file : files->items()) {
    const JsonValue* name = file.find("path");
    const auto named = name == nullptr ? std::nullopt : name->as_string();
    const auto bytes = integer_of(file, "bytes");
    const auto modified_ns = integer_of(file, "modified_ns");
    if (!named || !bytes || *bytes < 0 || !modified_ns) {
      return std::unexpected(corrupt(path, "an entry lacks path, bytes or modified_ns"));
    }
    list.files_[*named] = {.bytes = static_cast<std::uint64_t>(*bytes),
                           .modified_ns = *modified_ns};
  }
  return list;
}

bool Acknowledged::contains(const std::string& path, const Status& status) const {
  const auto found = files_.find(path);
  return found != files_.end() &&
         found->second == Seen{.bytes = status.size, .modified_ns = status.modified_ns};
}

void Acknowledged::add(const std::string& path, const Status& status) {
  files_[path] = {.bytes = status.size, .modified_ns = status.modified_ns};
}

Result<void> Acknowledged::add_to(FileSystem& fs, const std::string& tree) const {
  const std::string path = path_of_list(tree);
  const auto opened = fs.open(Handle::working_directory, tree, {.access = Access::directory});
  if (!opened) {
    return std::unexpected(Error::from_errno(number(opened.error()), Step::open_directory,
                                             Outcome::not_applied, tree));
  }
  const OwnedHandle root(fs, *opened);
  UNTORN_TRY(KeptFolder kept, KeptFolder::find(fs, root.get(), tree));
  UNTORN_CHECK(kept.make());
  UNTORN_TRY(const OwnedHandle lock, take_lock(fs, kept.handle(), lock_name, path));
  auto list = read(fs, tree);
  if (!list && list.error().code() != Code::corrupt) return std::unexpected(list.error());
  if (!list) UNTORN_CHECK(set_list_aside(fs, kept.handle(), path));
  Acknowledged merged = list ? *std::move(list) : Acknowledged();
  for (const auto& [name, file] : files_) merged.files_[name] = file;
  JsonValue files = JsonValue::array();
  for (const auto& [name, file] : merged.files_) {
    const auto status = fs.status_at(Handle::working_directory, tree + "/" + name);
    if (!status && number(status.error()) == ENOENT) continue;
    JsonValue entry = JsonValue::object();
    entry.set("path", JsonValue::string(name));
    entry.set("bytes", JsonValue::integer(static_cast<std::int64_t>(file.bytes)));
    entry.set("modified_ns", JsonValue::integer(file.modified_ns));
    files.edit_items().push_back(std::move(entry));
  }
  JsonValue whole = JsonValue::object();
  whole.set(document::format_member_name, document::format_value(format));
  whole.set("files", std::move(files));
  const std::string text = JsonDocument(std::move(whole), JsonStyle::indented(1)).text() + "\n";
  UNTORN_CHECK(replace_file(fs, path, std::as_bytes(std::span(text)), {.mode = kept_file_mode}));
  return {};
}

}  // namespace untorn::health
