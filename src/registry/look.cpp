// SPDX-License-Identifier: Apache-2.0
#include "registry/look.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <set>
#include <span>
#include <utility>

#include "base/try.h"
#include "filesystem/read_whole.h"
#include "filesystem/same_file.h"
#include "registry/names.h"

namespace untorn::registry {
namespace {

// The first bytes of a file.
SystemResult<std::string> read_beginning(FileSystem& fs, Handle file, std::size_t bytes_max) {
  std::string text;
  while (text.size() < bytes_max) {
    const std::size_t have = text.size();
    text.resize(bytes_max);
    auto count = fs.read_at(file, have, std::as_writable_bytes(std::span(text)).subspan(have));
    if (!count) return std::unexpected(count.error());
    text.resize(have + *count);
    if (*count == 0) break;
  }
  return text;
}

bool is_file_there(const FoundFile& file) {
  return file.about.state != FileState::missing;
}

}  // namespace

bool FoundEntry::exists() const noexcept {
  return history.present() != nullptr || is_file_there(spec());
}

bool FoundEntry::is_gone() const noexcept {
  return history.present() != nullptr && std::ranges::none_of(files, is_file_there);
}

bool FoundEntry::has_edits() const noexcept {
  return std::ranges::any_of(files, [](const FoundFile& file) {
    const FileState state = file.about.state;
    return file.found && state != FileState::intact && state != FileState::damaged;
  });
}

Result<Look> Look::at(const Place& place) {
  Look look(place);
  FileSystem& fs = place.fs();
  UNTORN_TRY(look.folder_, open_folder(fs, place.folder()));
  if (look.folder_.get() != Handle::none) {
    auto listed = fs.list(look.folder_.get());
    if (!listed) return std::unexpected(place.error(listed.error(), Step::inspect, {}));
    for (const Entry& entry : *listed) {
      look.names_.push_back(entry.name);
      if (entry.type != FileType::directory) look.files_.push_back(entry.name);
    }
  }
  UNTORN_TRY(look.tree_, open_folder(fs, place.tree()));
  if (look.tree_.get() == Handle::none) return look;
  UNTORN_TRY(look.kept_, KeptFolder::find(fs, look.tree_.get(), place.tree()));
  if (look.kept_.handle() == Handle::none) return look;
  UNTORN_TRY(const OwnedHandle registries, look.kept_.find_folder(look.kept_.handle(), store_name));
  if (registries.get() == Handle::none) return look;
  UNTORN_TRY(look.store_, look.kept_.find_folder(registries.get(), key_of(place.relative())));
  return look;
}

Result<OwnedHandle> Look::store_of(const std::string& entry) const {
  if (store_.get() == Handle::none) return OwnedHandle();
  return kept_.find_folder(store_.get(), entry);
}

Result<History> Look::history(const std::string& name) const {
  History history;
  UNTORN_TRY(const OwnedHandle folder, store_of(name));
  if (folder.get() == Handle::none) return history;
  auto listed = place_->fs().list(folder.get());
  if (!listed) return std::unexpected(place_->error(listed.error(), Step::inspect, name));
  for (const Entry& entry : *listed) {
    if (const auto number = number_of_version(entry.name)) history.numbers.push_back(*number);
  }
  std::ranges::sort(history.numbers);
  for (auto number = history.numbers.rbegin(); number != history.numbers.rend(); ++number) {
    auto opened = place_->fs().open(folder.get(), version_name(*number), {.follow = false});
    if (!opened) return std::unexpected(place_->error(opened.error(), Step::inspect, name));
    const OwnedHandle file(place_->fs(), *opened);
    auto text = read_beginning(place_->fs(), file.get(), line_bytes_max);
    if (!text) return std::unexpected(place_->error(text.error(), Step::inspect, name));
    ParsedLine line = parse_line(*text);
    if (line.state == LineState::newer) history.has_newer_format = true;
    const bool is_right = line.state == LineState::right && line.version.entry == name &&
                          line.version.number == *number;
    if (is_right) {
      history.newest = std::move(line.version);
      break;
    }
    ++history.damaged_above;
  }
  return history;
}

Result<std::optional<std::string>> Look::version(const std::string& name,
                                                 std::uint64_t number) const {
  UNTORN_TRY(const OwnedHandle folder, store_of(name));
  if (folder.get() == Handle::none) return std::optional<std::string>();
  auto opened = place_->fs().open(folder.get(), version_name(number), {.follow = false});
  if (!opened && is_missing(opened.error())) return std::optional<std::string>();
  if (!opened) return std::unexpected(place_->error(opened.error(), Step::inspect, name));
  const OwnedHandle file(place_->fs(), *opened);
  auto text = read_whole(place_->fs(), file.get());
  if (!text) return std::unexpected(place_->error(text.error(), Step::inspect, name));
  return std::optional(std::move(*text));
}

Result<std::optional<std::string>> Look::owner_of(const std::string& file) const {
  for (const std::string& entry : entries_of_attachment(file)) {
    if (file == file_of(entry, {})) continue;
    UNTORN_TRY(const History known, history(entry));
    const StoredVersion* const present = known.present();
    if (present != nullptr && present->file(file.substr(entry.size() + 1)) != nullptr) {
      return std::optional(entry);
    }
  }
  return std::optional<std::string>();
}

Result<std::vector<std::string>> Look::entries() const {
  std::set<std::string> found;
  for (const std::string& file : files_) {
    const std::optional<std::string> entry = entry_of_spec(file);
    if (!entry) continue;
    UNTORN_TRY(const std::optional<std::string> owner, owner_of(file));
    if (!owner) found.insert(*entry);
  }
  if (store_.get() != Handle::none) {
    auto listed = place_->fs().list(store_.get());
    if (!listed) return std::unexpected(place_->error(listed.error(), Step::inspect, {}));
    for (const Entry& kept : *listed) {
      if (kept.type != FileType::directory || name_problem(kept.name)) continue;
      UNTORN_TRY(const History known, history(kept.name));
      const bool is_known = known.present() != nullptr || known.has_newer_format;
      if (is_known) found.insert(kept.name);
    }
  }
  return std::vector<std::string>(found.begin(), found.end());
}

// Leaves `found` empty, and says why in `error`, for what is there and cannot be read.
Result<void> Look::read(FoundFile& file) const {
  FileSystem& fs = place_->fs();
  const auto refuse = [&file](Error error) {
    file.about.state = FileState::unreadable;
    file.about.detail = error.detail().empty() ? error.message() : error.detail();
    file.error = std::move(error);
  };
  auto opened = folder_.get() == Handle::none
                    ? SystemResult<Handle>(std::unexpected(Errno{ENOENT}))
                    : fs.open(folder_.get(), file.about.file, {.nonblocking = true});
  if (!opened) {
    if (is_missing(opened.error())) {
      file.about.state = FileState::missing;
    } else {
      refuse(place_->error(opened.error(), Step::inspect, file.about.file));
    }
    return {};
  }
  const OwnedHandle handle(fs, *opened);
  auto status = fs.status(handle.get());
  if (!status)
    return std::unexpected(place_->error(status.error(), Step::inspect, file.about.file));
  if (status->type != FileType::regular) {
    refuse(place_->error(Code::not_regular_file, Step::inspect, file.about.file, "it is no file"));
    return {};
  }
  file.status = *status;
  file.about.bytes = status->size;
  auto content = read_whole(fs, handle.get());
  if (!content) {
    refuse(place_->error(content.error(), Step::inspect, file.about.file));
    return {};
  }
  file.about.bytes = content->size();
  file.found = FileContent{file.about.attachment, std::move(*content), status->mode};
  return {};
}

Result<std::optional<std::string>> Look::content_of(const std::string& file) const {
  FoundFile found;
  found.about.file = file;
  UNTORN_CHECK(read(found));
  if (!found.found) return std::optional<std::string>();
  return std::optional(std::move(found.found->content));
}

bool Look::is_unchanged(const FoundFile& file) const {
  const Handle folder = folder_.get();
  if (folder == Handle::none) return !file.status;
  FileSystem& fs = place_->fs();
  auto opened = fs.open(folder, file.about.file, {.nonblocking = true});
  if (!opened) return !file.status && is_missing(opened.error());
  const OwnedHandle handle(fs, *opened);
  const auto now = fs.status(handle.get());
  return now && file.status && now->inode == file.status->inode && now->size == file.status->size &&
         now->modified_ns == file.status->modified_ns && now->changed_ns == file.status->changed_ns;
}

Result<FoundFile> Look::file(const std::string& entry, const std::string& attachment,
                             const History& history, Depth depth) const {
  FoundFile file;
  file.about.attachment = attachment;
  file.about.file = file_of(entry, attachment);
  const StoredVersion* const present = history.present();
  const StoredFile* const stored = present == nullptr ? nullptr : present->file(attachment);
  if (depth == Depth::presence && stored != nullptr && !attachment.empty()) {
    auto status = place_->fs().status_at(folder_.get(), file.about.file);
    if (status && status->type == FileType::regular && status->size == stored->bytes) {
      file.about.bytes = status->size;
      return file;
    }
  }
  UNTORN_CHECK(read(file));
  if (file.about.state == FileState::missing) file.about.detail = "it is not there";
  if (!file.found) return file;
  if (stored == nullptr) {
    file.about.state = FileState::unrecorded;
    file.about.detail = "the registry did not write it";
  } else if (!stored->holds(file.found->content)) {
    file.about.state = FileState::edited;
    file.about.detail = "it was changed by hand";
    if (!attachment.empty()) UNTORN_CHECK(judge_attachment(entry, file, *present));
  }
  return file;
}

// R4. What an attachment means is not known, but how files are torn is.
Result<void> Look::judge_attachment(const std::string& entry, FoundFile& file,
                                    const StoredVersion& stored) const {
  UNTORN_TRY(const std::optional<std::string> text, version(entry, stored.number));
  if (!text) return {};
  const auto contents = contents_in(parse_line(*text), *text);
  if (!contents) return {};
  const auto good = std::ranges::find(*contents, file.about.attachment, &FileContent::attachment);
  if (good == contents->end()) return {};
  const std::string& now = file.found->content;
  std::string reason;
  if (now.empty() && !good->content.empty()) {
    reason = "it is empty";
  } else if (now.size() < good->content.size() && good->content.starts_with(now)) {
    reason = "it is cut short";
  } else if (now.contains('\0') && !good->content.contains('\0')) {
    reason = "it holds NUL bytes";
  }
  if (reason.empty()) return {};
  file.about.state = FileState::damaged;
  file.about.detail = std::move(reason);
  return {};
}

// R7.
Result<void> Look::adopt_attachments(FoundEntry& entry, Depth depth) const {
  for (const std::string& file_name : files_) {
    if (!file_name.starts_with(entry.name + ".") || entry_of_spec(file_name) ||
        is_damaged_name(file_name)) {
      continue;
    }
    const std::string attachment = file_name.substr(entry.name.size() + 1);
    // Editors keep "x.json.bak"; that is no file of an entry.
    if (attachment.starts_with("json.") || attachment_name_problem(attachment)) continue;
    // "a.b.py" belongs to "a.b", if that is an entry.
    const std::vector<std::string> entries = entries_of_attachment(file_name);
    const bool is_of_longer = std::ranges::any_of(entries, [&](const std::string& other) {
      return other.size() > entry.name.size() &&
             std::ranges::find(files_, file_of(other, {})) != files_.end();
    });
    UNTORN_TRY(const std::optional<std::string> owner, owner_of(file_name));
    if (is_of_longer || owner) continue;
    UNTORN_TRY(FoundFile found, file(entry.name, attachment, entry.history, depth));
    entry.files.push_back(std::move(found));
  }
  return {};
}

void Look::judge_spec(FoundEntry& entry) const {
  FoundFile& spec = entry.files.front();
  if (!spec.found) return;
  auto document = JsonDocument::parse(spec.found->content, place_->shown(spec.about.file));
  if (!document) {
    const bool is_damaged = document.error().code() == Code::corrupt;
    spec.about.state = is_damaged ? FileState::damaged : FileState::unreadable;
    spec.about.detail = document.error().detail();
    if (!is_damaged) spec.error = document.error();
    return;
  }
  if (document->root.kind() != JsonKind::object) {
    spec.about.state = FileState::invalid;
    spec.about.detail = "it is no JSON object";
    entry.spec_problems.push_back({"", spec.about.detail});
    return;
  }
  entry.document = std::move(*document);
}

Result<FoundEntry> Look::entry(const std::string& name, Depth depth) const {
  FoundEntry entry;
  entry.name = name;
  UNTORN_TRY(entry.history, history(name));
  UNTORN_TRY(FoundFile spec, file(name, {}, entry.history, depth));
  entry.files.push_back(std::move(spec));
  if (const StoredVersion* const present = entry.history.present()) {
    for (const StoredFile& stored : present->files) {
      if (stored.attachment.empty()) continue;
      UNTORN_TRY(FoundFile attachment, file(name, stored.attachment, entry.history, depth));
      entry.files.push_back(std::move(attachment));
    }
  }
  if (entry.history.numbers.empty() && entry.files.front().found) {
    UNTORN_CHECK(adopt_attachments(entry, depth));
  }
  judge_spec(entry);
  if (entry.history.has_newer_format) {
    EntryFile& about = entry.files.front().about;
    about.state = FileState::unreadable;
    about.detail = "a newer version of Untorn keeps this entry";
  }
  return entry;
}

}  // namespace untorn::registry
