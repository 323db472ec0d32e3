// SPDX-License-Identifier: Apache-2.0
//
// verify(), versions() and restore().
#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "base/try.h"
#include "registry/change.h"
#include "registry/names.h"
#include "registry/registry_state.h"
#include "registry/stored.h"

namespace untorn {
namespace registry {

Result<std::optional<TreeLock>> lock_for_reading(const Place& place,
                                                 const RegistryOptions& options) {
  if (options.read_only) return std::optional<TreeLock>();
  UNTORN_TRY(const OwnedHandle tree, open_folder(place.fs(), place.tree()));
  if (tree.get() == Handle::none) return std::optional<TreeLock>();
  UNTORN_TRY(const KeptFolder kept, KeptFolder::find(place.fs(), tree.get(), place.tree()));
  if (kept.handle() == Handle::none) return std::optional<TreeLock>();
  auto lock = TreeLock::shared(place.fs(), place.tree(),
                               {.lock_wait = options.lock_wait, .counters = options.counters});
  if (lock) return std::optional<TreeLock>(std::move(*lock));
  const Error& error = lock.error();
  const bool may_only_read = error.code() == Code::permission_denied ||
                             error.code() == Code::unsupported || error.os_errno() == EROFS;
  if (may_only_read) return std::optional<TreeLock>();
  return std::unexpected(error);
}

}  // namespace registry

using registry::Change;
using registry::Depth;
using registry::FileContent;
using registry::FoundEntry;
using registry::FoundFile;
using registry::History;
using registry::LineState;
using registry::Look;
using registry::ParsedLine;
using registry::StoredVersion;

Result<std::vector<FileContent>> Registry::State::stored_contents(const Look& look,
                                                                  std::string_view name,
                                                                  std::uint64_t number) const {
  UNTORN_TRY(const auto text, look.version(std::string(name), number));
  if (!text) {
    return std::unexpected(
        not_there(name, "version " + std::to_string(number) + " of it is not kept"));
  }
  const ParsedLine line = registry::parse_line(*text);
  if (line.state == LineState::newer) {
    return std::unexpected(place.error(Code::unsupported, Step::inspect,
                                       registry::file_of(name, {}),
                                       "a newer version of Untorn stored this version"));
  }
  auto contents = registry::contents_in(line, *text);
  if (!contents || line.version.entry != name) {
    return std::unexpected(place.error(
        Code::corrupt, Step::inspect, registry::file_of(name, {}),
        "what is kept of version " + std::to_string(number) + " is damaged; it is left alone"));
  }
  const bool has_spec = !contents->empty() && contents->front().attachment.empty();
  if (!has_spec) {
    return std::unexpected(not_there(
        name, "version " + std::to_string(number) + " has no specification, it was damaged"));
  }
  return std::move(*contents);
}

Result<std::vector<RegistryVersion>> Registry::versions(std::string_view name) const {
  const State& state = *state_;
  UNTORN_CHECK(state.check_names(name, {}));
  UNTORN_TRY(const std::optional<TreeLock> lock,
             registry::lock_for_reading(state.place, state.options));
  UNTORN_TRY(const Look look, Look::at(state.place));
  UNTORN_TRY(const History history, look.history(std::string(name)));
  std::vector<RegistryVersion> versions;
  for (auto number = history.numbers.rbegin(); number != history.numbers.rend(); ++number) {
    UNTORN_TRY(const auto text, look.version(std::string(name), *number));
    RegistryVersion version;
    version.number = *number;
    if (text) {
      const ParsedLine line = registry::parse_line(*text);
      version.intact = registry::contents_in(line, *text).has_value() &&
                       line.version.entry == name && line.version.number == *number;
      version.stored_ns = line.version.stored_ns;
      version.origin = line.version.origin;
      version.bytes = line.version.bytes();
    }
    const StoredVersion* const present = history.present();
    version.present = present != nullptr && present->number == *number;
    versions.push_back(version);
  }
  if (!versions.empty()) return versions;
  UNTORN_TRY(const FoundEntry entry, look.entry(std::string(name), Depth::presence));
  if (entry.exists()) return versions;  // made by hand: nothing is kept yet
  return std::unexpected(
      state.not_there(name, "there is no such entry, and nothing is kept of one"));
}

Result<RegistryEntry> Registry::read_version(std::string_view name, std::uint64_t number) const {
  const State& state = *state_;
  UNTORN_CHECK(state.check_names(name, {}));
  UNTORN_TRY(const std::optional<TreeLock> lock,
             registry::lock_for_reading(state.place, state.options));
  UNTORN_TRY(const Look look, Look::at(state.place));
  UNTORN_TRY(const std::vector<FileContent> files, state.stored_contents(look, name, number));
  RegistryEntry entry;
  entry.name = name;
  entry.version = number;
  UNTORN_TRY(entry.spec, JsonDocument::parse(files.front().content,
                                             state.place.shown(registry::file_of(name, {}))));
  for (const FileContent& file : files) {
    EntryFile about;
    about.attachment = file.attachment;
    about.file = registry::file_of(name, file.attachment);
    about.bytes = file.content.size();
    entry.files.push_back(std::move(about));
    if (file.attachment.empty()) continue;
    entry.attachments.push_back({file.attachment, file.content, file.mode});
  }
  return entry;
}

Result<RegistryChange> Registry::restore(std::string_view name, std::uint64_t number) {
  const State& state = *state_;
  UNTORN_CHECK(state.check_names(name, {}));
  UNTORN_TRY(Change change, Change::begin(state.place, state.options));
  UNTORN_TRY(const std::vector<FileContent> files,
             state.stored_contents(change.look(), name, number));
  UNTORN_CHECK(state.check_spec(name, files.front().content));
  UNTORN_TRY(const FoundEntry before, change.look().entry(std::string(name), Depth::contents));
  return std::move(change).store(before, files, VersionOrigin::restored);
}

Result<EntryCheck> Registry::State::check_entry(const FoundEntry& entry) const {
  EntryCheck check;
  check.name = entry.name;
  check.spec_problems = entry.spec_problems;
  if (entry.document && schema) {
    auto problems = schema->check(entry.document->root);
    if (problems) {
      check.spec_problems = std::move(*problems);
    } else {
      check.spec_problems.push_back({"", problems.error().detail()});
    }
  }
  for (const FoundFile& file : entry.files) {
    check.files.push_back(file.about);
    const bool is_invalid_spec = file.about.attachment.empty() && !check.spec_problems.empty();
    if (!is_invalid_spec) continue;
    check.files.back().state = FileState::invalid;
    check.files.back().detail = registry::joined(check.spec_problems);
  }
  if (entry.is_gone()) {
    check.detail = "someone took all its files away: restore brings it back, remove forgets it";
  } else if (entry.history.damaged_above > 0) {
    check.detail = "what is kept of the last " + std::to_string(entry.history.damaged_above) +
                   " versions cannot be read";
  }
  return check;
}

// Looks again under the lock: what was damaged may be right by now.
Result<void> Registry::State::repair(EntryCheck& check) const {
  UNTORN_TRY(Change change, Change::begin(place, options));
  UNTORN_TRY(const FoundEntry entry, change.look().entry(check.name, Depth::contents));
  UNTORN_TRY(EntryCheck now, check_entry(entry));
  const bool is_torn = std::ranges::any_of(now.files, [](const EntryFile& file) {
    return file.state == FileState::damaged || file.state == FileState::missing;
  });
  check = std::move(now);
  if (!is_torn || entry.is_gone()) return {};
  auto repaired = std::move(change).repair(entry, check);
  if (!repaired) return repaired;
  if (options.counters) {
    options.counters->count_recovery(check.brought_back.empty() ? RecoveryResult::failed
                                                                : RecoveryResult::recovered);
  }
  return {};
}

Result<std::vector<std::string>> Registry::State::strays(
    const Look& look, const std::vector<EntryCheck>& entries) const {
  std::set<std::string> owned;
  for (const EntryCheck& entry : entries) {
    for (const EntryFile& file : entry.files) owned.insert(file.file);
  }
  std::vector<std::string> result;
  for (const std::string& file : look.files()) {
    const bool is_hidden = file.starts_with('.');
    if (!is_hidden && !registry::is_damaged_name(file) && !owned.contains(file)) {
      result.push_back(file);
    }
  }
  return result;
}

Result<RegistryCheck> Registry::verify(bool repair) {
  const State& state = *state_;
  RegistryCheck check;
  {
    UNTORN_TRY(const std::optional<TreeLock> lock,
               registry::lock_for_reading(state.place, state.options));
    if (lock) check.recovery = lock->recovery();
    UNTORN_TRY(const Look look, Look::at(state.place));
    UNTORN_TRY(const std::vector<std::string> names, look.entries());
    for (const std::string& name : names) {
      UNTORN_TRY(const FoundEntry entry, look.entry(name, Depth::contents));
      UNTORN_TRY(EntryCheck entry_check, state.check_entry(entry));
      check.entries.push_back(std::move(entry_check));
    }
    UNTORN_TRY(check.strays, state.strays(look, check.entries));
  }
  if (!repair) return check;
  for (EntryCheck& entry : check.entries) {
    const bool is_torn = std::ranges::any_of(entry.files, [](const EntryFile& file) {
      return file.state == FileState::damaged || file.state == FileState::missing;
    });
    if (!is_torn) continue;
    auto repaired = state.repair(entry);
    if (repaired) continue;
    // Nothing of it was changed; one that cannot be repaired hides no other.
    if (repaired.error().outcome() != Outcome::not_applied) {
      return std::unexpected(repaired.error());
    }
    entry.detail = repaired.error().message();
  }
  return check;
}

}  // namespace untorn
