// SPDX-License-Identifier: Apache-2.0
#include "untorn/registry.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <utility>

#include "base/try.h"
#include "registry/change.h"
#include "registry/look.h"
#include "registry/names.h"
#include "registry/place.h"
#include "registry/registry_state.h"
#include "registry/schema.h"
#include "registry/schema_form.h"
#include "registry/search.h"
#include "registry/stored.h"

namespace untorn {
namespace {

using registry::Change;
using registry::Depth;
using registry::FileContent;
using registry::FoundEntry;
using registry::FoundFile;
using registry::Look;
using registry::Place;
using registry::Schema;
using registry::StoredVersion;

constexpr std::size_t spec_bytes_max = registry::schema_bytes_max;

RegistryEntry entry_of(const FoundEntry& found) {
  RegistryEntry entry;
  entry.name = found.name;
  if (found.document) entry.spec = *found.document;
  if (const StoredVersion* const present = found.history.present()) {
    entry.version = present->number;
    entry.updated_ns = present->stored_ns;
  }
  for (const FoundFile& file : found.files) {
    entry.files.push_back(file.about);
    if (file.about.attachment.empty() || !file.found) continue;
    entry.attachments.push_back({file.about.attachment, file.found->content, file.found->mode});
  }
  return entry;
}

std::vector<FileContent> contents_of(std::string_view spec,
                                     const std::vector<Attachment>& attachments) {
  std::vector<FileContent> files = {{.attachment = {}, .content = std::string(spec)}};
  for (const Attachment& each : attachments) {
    files.push_back({each.name, each.content, each.mode});
  }
  return files;
}

}  // namespace

Registry::Registry(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Registry::Registry(Registry&&) noexcept = default;
Registry& Registry::operator=(Registry&&) noexcept = default;
Registry::~Registry() = default;

const std::string& Registry::folder() const noexcept {
  return state_->place.folder();
}

const std::string& Registry::tree() const noexcept {
  return state_->place.tree();
}

Result<Registry> Registry::open(FileSystem& fs, const std::filesystem::path& folder,
                                const RegistryOptions& options) {
  if (options.keep_versions == 0) {
    return std::unexpected(Error(Code::invalid_argument, Step::resolve, Outcome::not_applied, 0,
                                 folder.native(), "at least one version must be kept"));
  }
  UNTORN_TRY(Place place, Place::find(fs, folder, options));
  auto state = std::make_unique<State>(std::move(place), options);
  if (options.schema) {
    UNTORN_TRY(Schema schema, Schema::parse(*options.schema, folder.native()));
    state->schema = std::move(schema);
  }
  return Registry(std::move(state));
}

Result<Registry> Registry::open(const std::filesystem::path& folder,
                                const RegistryOptions& options) {
  return open(posix_file_system(), folder, options);
}

Result<std::vector<SpecProblem>> Registry::State::problems_in(const JsonValue& spec) const {
  if (spec.kind() != JsonKind::object) {
    return std::vector<SpecProblem>{
        {"", "a specification is a JSON object; found " + registry::described(spec)}};
  }
  if (!schema) return std::vector<SpecProblem>();
  return schema->check(spec);
}

namespace {

// Numbers that only Python writes, or that no reader can hold: other readers would refuse the file.
void find_odd_numbers(const JsonValue& value, const std::string& pointer,
                      std::vector<SpecProblem>& problems) {
  if (value.kind() == JsonKind::number) {
    const std::optional<double> number = value.as_real();
    if (number && !std::isfinite(*number)) {
      problems.push_back({pointer, "it is no number of JSON, or too large for one"});
    }
  }
  for (const JsonMember& member : value.members()) {
    find_odd_numbers(member.value, registry::pointer_below(pointer, member.name()), problems);
  }
  std::size_t index = 0;
  for (const JsonValue& item : value.items()) {
    find_odd_numbers(item, pointer + "/" + std::to_string(index++), problems);
  }
}

}  // namespace

Result<std::vector<SpecProblem>> Registry::State::problems_in(std::string_view spec) const {
  if (spec.size() > spec_bytes_max) {
    return std::unexpected(
        place.error(Code::unsupported, Step::check, {}, "a specification has 1 MiB at most"));
  }
  const auto document = JsonDocument::parse(std::string(spec));
  if (!document) {
    return std::vector<SpecProblem>{{"", "it is no JSON: " + document.error().detail()}};
  }
  if (registry::depth_of(document->root, registry::schema_depth_max) > registry::schema_depth_max) {
    return std::unexpected(
        place.error(Code::unsupported, Step::check, {}, "a specification has 64 levels at most"));
  }
  std::vector<SpecProblem> odd;
  find_odd_numbers(document->root, {}, odd);
  if (!odd.empty()) return odd;
  return problems_in(document->root);
}

Result<void> Registry::State::check_spec(std::string_view name, std::string_view spec) const {
  UNTORN_TRY(const std::vector<SpecProblem> problems, problems_in(spec));
  if (problems.empty()) return {};
  return std::unexpected(
      place.error(Code::conflict, Step::check, registry::file_of(name, {}),
                  "the specification is refused: " + registry::joined(problems)));
}

Result<void> Registry::State::check_names(std::string_view name,
                                          const std::vector<Attachment>& attachments) const {
  const auto refused = [this](std::string_view what, std::string why) {
    return std::unexpected(place.error(Code::invalid_argument, Step::check, {},
                                       "\"" + std::string(what) + "\": " + std::move(why)));
  };
  if (auto problem = registry::name_problem(name)) return refused(name, std::move(*problem));
  std::set<std::string> seen;
  for (const Attachment& attachment : attachments) {
    if (auto problem = registry::attachment_name_problem(attachment.name)) {
      return refused(attachment.name, std::move(*problem));
    }
    if (!seen.insert(registry::folded(attachment.name)).second) {
      return refused(attachment.name, "two attachments have this name");
    }
  }
  return {};
}

Error Registry::State::not_there(std::string_view name, std::string detail) const {
  return place.error(Code::not_found, Step::inspect, registry::file_of(name, {}),
                     std::move(detail));
}

Result<FoundEntry> Registry::State::find(const Look& look, std::string_view name,
                                         Depth depth) const {
  UNTORN_CHECK(check_names(name, {}));
  UNTORN_TRY(FoundEntry entry, look.entry(std::string(name), depth));
  UNTORN_TRY(const auto owner, look.owner_of(registry::file_of(name, {})));
  const bool is_known = entry.history.present() != nullptr;
  if (!entry.exists() || entry.is_gone() || (owner && !is_known)) {
    return std::unexpected(not_there(name, "there is no such entry"));
  }
  return entry;
}

Result<void> Registry::State::check_readable(const FoundEntry& entry) const {
  if (entry.history.has_newer_format) {
    return std::unexpected(place.error(Code::unsupported, Step::inspect, entry.spec().about.file,
                                       "a newer version of Untorn keeps this entry"));
  }
  for (const FoundFile& file : entry.files) {
    const FileState state = file.about.state;
    if (file.error) return std::unexpected(*file.error);
    const bool is_damaged = state == FileState::damaged || state == FileState::missing;
    if (is_damaged) {
      return std::unexpected(place.error(Code::corrupt, Step::inspect, file.about.file,
                                         file.about.detail + "; verify sets it aside"));
    }
    if (state == FileState::invalid) {
      return std::unexpected(
          place.error(Code::conflict, Step::inspect, file.about.file, file.about.detail));
    }
  }
  return {};
}

Result<RegistryChange> Registry::add(std::string_view name, std::string_view spec,
                                     const std::vector<Attachment>& attachments) {
  UNTORN_CHECK(state_->check_names(name, attachments));
  UNTORN_CHECK(state_->check_spec(name, spec));
  UNTORN_TRY(Change change, Change::begin(state_->place, state_->options));
  UNTORN_TRY(const FoundEntry before, change.look().entry(std::string(name), Depth::contents));
  if (before.exists() && !before.is_gone()) {
    return std::unexpected(state_->place.error(Code::already_exists, Step::check,
                                               registry::file_of(name, {}),
                                               "there is an entry of this name"));
  }
  return std::move(change).store(before, contents_of(spec, attachments), VersionOrigin::added);
}

Result<RegistryChange> Registry::replace(
    std::string_view name, std::string_view spec,
    const std::optional<std::vector<Attachment>>& attachments) {
  UNTORN_CHECK(state_->check_names(name, attachments.value_or(std::vector<Attachment>())));
  UNTORN_CHECK(state_->check_spec(name, spec));
  UNTORN_TRY(Change change, Change::begin(state_->place, state_->options));
  UNTORN_TRY(const FoundEntry before, state_->find(change.look(), name, Depth::contents));
  if (attachments) {
    return std::move(change).store(before, contents_of(spec, *attachments),
                                   VersionOrigin::replaced);
  }
  std::vector<FileContent> files = contents_of(spec, {});
  for (const FoundFile& file : before.files) {
    if (file.about.attachment.empty()) continue;
    const bool is_whole = file.found && file.about.state != FileState::damaged;
    if (!is_whole) {
      return std::unexpected(state_->place.error(
          Code::corrupt, Step::check, file.about.file,
          file.about.detail + "; verify brings it back, or replace it as well"));
    }
    files.push_back(*file.found);
  }
  return std::move(change).store(before, files, VersionOrigin::replaced);
}

Result<RegistryChange> Registry::put(std::string_view name, std::string_view spec,
                                     const std::optional<std::vector<Attachment>>& attachments) {
  for (bool is_last = false;; is_last = true) {
    auto replaced = replace(name, spec, attachments);
    if (replaced || replaced.error().code() != Code::not_found) return replaced;
    auto added = add(name, spec, attachments.value_or(std::vector<Attachment>()));
    // Another process may have added it in between.
    if (added || is_last || added.error().code() != Code::already_exists) return added;
  }
}

Result<RegistryChange> Registry::remove(std::string_view name) {
  UNTORN_CHECK(state_->check_names(name, {}));
  UNTORN_TRY(Change change, Change::begin(state_->place, state_->options));
  UNTORN_TRY(const FoundEntry before, change.look().entry(std::string(name), Depth::contents));
  // One whose files a person took away can still be removed: then it is known no more.
  if (!before.is_gone()) {
    UNTORN_TRY(const FoundEntry found, state_->find(change.look(), name, Depth::presence));
  }
  return std::move(change).remove(before);
}

Result<RegistryEntry> Registry::get(std::string_view name) const {
  UNTORN_CHECK(state_->check_names(name, {}));
  UNTORN_TRY(const std::optional<TreeLock> lock,
             registry::lock_for_reading(state_->place, state_->options));
  UNTORN_TRY(const Look look, Look::at(state_->place));
  UNTORN_TRY(const FoundEntry found, state_->find(look, name, Depth::contents));
  UNTORN_CHECK(state_->check_readable(found));
  return entry_of(found);
}

Result<RegistryListing> Registry::State::list(const RegistryQuery* query) const {
  UNTORN_TRY(const std::optional<TreeLock> lock, registry::lock_for_reading(place, options));
  UNTORN_TRY(const Look look, Look::at(place));
  UNTORN_TRY(const std::vector<std::string> names, look.entries());
  RegistryListing listing;
  for (const std::string& name : names) {
    UNTORN_TRY(const FoundEntry found, look.entry(name, Depth::presence));
    for (const FoundFile& file : found.files) {
      const FileState state = file.about.state;
      const bool is_good = state == FileState::intact || state == FileState::edited ||
                           state == FileState::unrecorded;
      if (!is_good) listing.problems.push_back({name, file.about});
    }
    if (!found.document) continue;
    if (query != nullptr && !registry::answers(*query, name, found.document->root)) continue;
    listing.entries.push_back(entry_of(found));
  }
  return listing;
}

Result<RegistryListing> Registry::list() const {
  return state_->list(nullptr);
}

Result<RegistryListing> Registry::search(const RegistryQuery& query) const {
  return state_->list(&query);
}

Result<std::vector<SpecProblem>> Registry::validate(std::string_view spec) const {
  return state_->problems_in(spec);
}

}  // namespace untorn
