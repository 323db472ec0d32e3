// SPDX-License-Identifier: Apache-2.0
#include "registry/change.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/try.h"
#include "registry/names.h"
#include "transaction/kept.h"

namespace untorn::registry {
namespace {

constexpr std::uint32_t private_file_mode = 0600;

const FoundFile* file_in(const FoundEntry& entry, std::string_view attachment) {
  const auto found = std::ranges::find_if(entry.files, [attachment](const FoundFile& file) {
    return file.about.attachment == attachment;
  });
  return found == entry.files.end() ? nullptr : &*found;
}

bool is_there(const FoundFile* file) {
  return file != nullptr && file->about.state != FileState::missing;
}

bool is_damaged(const FoundFile& file) {
  return file.about.state == FileState::damaged;
}

// What can be kept of an entry as it stands.
std::vector<FileContent> found_contents(const FoundEntry& entry) {
  std::vector<FileContent> files;
  for (const FoundFile& file : entry.files) {
    if (file.found && !is_damaged(file)) files.push_back(*file.found);
  }
  return files;
}

// Exactly this stands there already, and is kept.
bool is_the_same(const FoundEntry& before, const std::vector<FileContent>& files) {
  const StoredVersion* const present = before.history.present();
  if (present == nullptr || present->files.size() != files.size()) return false;
  return std::ranges::all_of(files, [&before](const FileContent& file) {
    const FoundFile* const old = file_in(before, file.attachment);
    return old != nullptr && old->about.state == FileState::intact && old->found &&
           old->found->content == file.content && (!file.mode || old->found->mode == file.mode);
  });
}

}  // namespace

Result<Change> Change::begin(const Place& place, const RegistryOptions& options) {
  if (options.read_only) {
    return std::unexpected(place.error(Code::permission_denied, Step::check, {},
                                       "the registry was opened for looking only"));
  }
  if (options.create && place.relative().empty()) UNTORN_CHECK(place.make_tree());
  UNTORN_TRY(Transaction transaction,
             Transaction::begin(place.fs(), place.tree(),
                                {.lock_wait = options.lock_wait, .counters = options.counters}));
  transaction::may_change_kept(transaction, store_name);
  UNTORN_TRY(Look look, Look::at(place));
  return Change(place, options, std::move(transaction), std::make_unique<Look>(std::move(look)));
}

Result<void> Change::check_format(const FoundEntry& before) const {
  if (before.history.has_newer_format) {
    return std::unexpected(place_->error(Code::unsupported, Step::inspect, before.name,
                                         "a newer version of Untorn keeps this entry"));
  }
  for (const FoundFile& file : before.files) {
    if (file.error && !file.found) return std::unexpected(*file.error);
  }
  return {};
}

// R3, and names that some file systems take for the same. A file that holds just this content
// already is no obstacle: so what was there before there was a registry can be taken over.
Result<bool> Change::is_way_free(const std::string& file, std::string_view content) const {
  for (const std::string& name : look_->names()) {
    if (folded(name) != folded(file)) continue;
    if (name == file) {
      UNTORN_TRY(const std::optional<std::string> there, look_->content_of(file));
      if (there == content) return false;
    }
    const std::string why = name == file ? "a file that does not belong to the entry is in the way"
                                         : "\"" + name + "\" is there, only in other case";
    return std::unexpected(place_->error(Code::already_exists, Step::check, file, why));
  }
  return true;
}

// What belongs to another entry is not ours, whatever it is called.
Result<void> Change::check_owner(const std::string& entry, const std::string& file) const {
  UNTORN_TRY(const std::optional<std::string> owner, look_->owner_of(file));
  if (!owner || *owner == entry) return {};
  return std::unexpected(place_->error(Code::already_exists, Step::check, file,
                                       "it belongs to the entry \"" + *owner + "\""));
}

Result<void> Change::check_unchanged(const FoundEntry& before) const {
  for (const FoundFile& file : before.files) {
    if (look_->is_unchanged(file)) continue;
    return std::unexpected(place_->error(Code::conflict, Step::check, file.about.file,
                                         "another program is changing it"));
  }
  return {};
}

Result<void> Change::set_aside(const FoundFile& file) {
  std::vector<std::string> taken = look_->names();
  taken.insert(taken.end(), aside_.begin(), aside_.end());
  aside_.push_back(damaged_name(file.about.file, taken));
  return transaction_.rename(place_->path_of(file.about.file), place_->path_of(aside_.back()));
}

Result<void> Change::take_away(const FoundFile& file) {
  if (!is_there(&file)) return {};
  if (is_damaged(file)) return set_aside(file);
  return transaction_.remove(place_->path_of(file.about.file));
}

Result<void> Change::put_files(const FoundEntry& before, const std::vector<FileContent>& files) {
  if (!place_->relative().empty() && options_->create) {
    UNTORN_CHECK(transaction_.make_directory(place_->relative()));
  }
  for (const FileContent& file : files) {
    const std::string name = file_of(before.name, file.attachment);
    UNTORN_CHECK(check_owner(before.name, name));
    const FoundFile* const old = file_in(before, file.attachment);
    if (!is_there(old)) {
      UNTORN_TRY(const bool is_free, is_way_free(name, file.content));
      if (!is_free) continue;
    } else if (is_damaged(*old)) {
      UNTORN_CHECK(set_aside(*old));
    } else if (old->found && old->found->content == file.content &&
               (!file.mode || old->found->mode == file.mode)) {
      continue;
    }
    const Existence existence = is_there(old) ? Existence::either : Existence::must_not_exist;
    UNTORN_CHECK(transaction_.put(place_->path_of(name), file.content,
                                  {.mode = file.mode, .existence = existence}));
  }
  return {};
}

Result<void> Change::keep(const FoundEntry& before, const std::vector<FileContent>& files,
                          VersionOrigin origin) {
  StoredVersion version;
  version.entry = before.name;
  version.number = before.history.next_number() + kept_;
  version.stored_ns = now_ns();
  version.origin = origin;
  ++kept_;
  return transaction_.put(place_->store_of(before.name, version_name(version.number)),
                          version_text(version, files),
                          {.mode = private_file_mode, .existence = Existence::must_not_exist});
}

Result<void> Change::prune(const FoundEntry& before) {
  const std::vector<std::uint64_t>& numbers = before.history.numbers;
  const std::uint64_t wanted = std::max<std::uint64_t>(options_->keep_versions, kept_);
  const std::uint64_t old_wanted = wanted - kept_;
  if (numbers.size() <= old_wanted) return {};
  for (std::size_t i = 0; i < numbers.size() - old_wanted; ++i) {
    UNTORN_CHECK(transaction_.remove(place_->store_of(before.name, version_name(numbers[i]))));
  }
  return {};
}

Result<RegistryChange> Change::commit(const FoundEntry& before) {
  UNTORN_CHECK(check_unchanged(before));
  RegistryChange change;
  change.version = before.history.next_number() + kept_ - 1;
  change.kept_edit = kept_edit_;
  change.recovery = transaction_.recovery();
  UNTORN_TRY(change.receipt, std::move(transaction_).commit());
  if (options_->counters && !aside_.empty()) options_->counters->count_set_aside(aside_.size());
  return change;
}

Result<RegistryChange> Change::store(const FoundEntry& before,
                                     const std::vector<FileContent>& files,
                                     VersionOrigin origin) && {
  UNTORN_CHECK(check_format(before));
  if (is_the_same(before, files)) {
    RegistryChange change;
    change.version = before.history.present()->number;
    change.unchanged = true;
    change.recovery = transaction_.recovery();
    return change;
  }
  UNTORN_CHECK(put_files(before, files));
  for (const FoundFile& old : before.files) {
    const bool stays = std::ranges::any_of(
        files, [&old](const FileContent& file) { return file.attachment == old.about.attachment; });
    if (!stays) UNTORN_CHECK(take_away(old));
  }
  UNTORN_CHECK(transaction_.make_directory(place_->store_of(before.name)));
  kept_edit_ = before.has_edits();
  if (kept_edit_) UNTORN_CHECK(keep(before, found_contents(before), VersionOrigin::edited));
  UNTORN_CHECK(keep(before, files, origin));
  UNTORN_CHECK(prune(before));
  return commit(before);
}

Result<RegistryChange> Change::remove(const FoundEntry& before) && {
  UNTORN_CHECK(check_format(before));
  for (const FoundFile& old : before.files) UNTORN_CHECK(take_away(old));
  kept_edit_ = before.has_edits();
  const std::vector<FileContent> files = found_contents(before);
  // A person took the files away: the last version is what stood there.
  std::vector<FileContent> last;
  if (files.empty() && before.history.newest) {
    UNTORN_TRY(const auto text, look_->version(before.name, before.history.newest->number));
    if (text) last = contents_in(parse_line(*text), *text).value_or(std::vector<FileContent>());
  }
  UNTORN_CHECK(transaction_.make_directory(place_->store_of(before.name)));
  UNTORN_CHECK(keep(before, files.empty() ? last : files, VersionOrigin::removed));
  UNTORN_CHECK(prune(before));
  return commit(before);
}

Result<void> Change::repair(const FoundEntry& before, EntryCheck& check) && {
  UNTORN_CHECK(check_format(before));
  std::optional<std::vector<FileContent>> good;
  if (const StoredVersion* const present = before.history.present()) {
    UNTORN_TRY(const auto text, look_->version(before.name, present->number));
    if (text) good = contents_in(parse_line(*text), *text);
    if (!good) {
      check.detail = "what is kept of version " + std::to_string(present->number) +
                     " is damaged, too: restore() an earlier one";
    }
  } else {
    check.detail = "nothing is kept of it";
  }
  std::vector<std::string> brought_back;
  for (const FoundFile& file : before.files) {
    if (file.about.state != FileState::missing && !is_damaged(file)) continue;
    if (is_damaged(file)) UNTORN_CHECK(set_aside(file));
    if (!good) continue;
    const auto content = std::ranges::find(*good, file.about.attachment, &FileContent::attachment);
    if (content == good->end()) continue;
    UNTORN_CHECK(transaction_.put(place_->path_of(file.about.file), content->content,
                                  {.mode = content->mode}));
    brought_back.push_back(file.about.file);
  }
  UNTORN_CHECK(commit(before));
  check.brought_back = std::move(brought_back);
  check.set_aside = aside_;
  return {};
}

}  // namespace untorn::registry
