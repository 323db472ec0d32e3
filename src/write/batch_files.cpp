// SPDX-License-Identifier: Apache-2.0
#include "write/batch_files.h"

#include <algorithm>

#include "base/try.h"
#include "filesystem/fork_guard.h"

namespace untorn::write {
namespace {

constexpr std::size_t directories_part = 4;  // of the descriptors that a batch may have open

// In a batch a file is opened by its name alone; its errors are about its path.
Error with_path(const Error& error, const std::string& path) {
  return {error.code(), error.step(), error.outcome(), error.os_errno(), path, error.detail()};
}

// The directory and the single name at the end, if the path has such an end.
std::optional<std::pair<std::string, std::string>> split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") return std::nullopt;
  if (name.find('\0') != std::string::npos) return std::nullopt;
  if (slash == std::string::npos) return std::pair(std::string("."), name);
  return std::pair(slash == 0 ? std::string("/") : path.substr(0, slash), name);
}

}  // namespace

BatchFiles::BatchFiles(FileSystem& fs, const ReplaceOptions& options)
    : fs_(fs),
      options_(options),
      owner_(process_token()),
      handles_max_(open_files_max() - open_files_max() / directories_part),
      directories_(fs, open_files_max() / directories_part) {}

// Temporaries are removed through the directories in which they lie.
BatchFiles::~BatchFiles() {
  for (File& file : files_) {
    if (file.replacement != nullptr) (void)seat(file);
    file.replacement.reset();
  }
}

bool BatchFiles::is_ours() const noexcept {
  return owner_ == process_token();
}

// ------------------------------------------------------------------ joining

// B5. What cannot be opened here is left to the replacement, which knows what to say of it.
Result<BatchFiles::File> BatchFiles::begin(const std::string& path, const ReplaceOptions& options) {
  File file;
  file.path = path;
  Origin origin{.directory = Handle::none, .path = path};
  const auto parts = split(path);
  const auto directory =
      parts ? directories_.find(parts->first) : SystemResult<std::size_t>(std::unexpected(Errno{}));
  const auto handle =
      directory ? directories_.handle(*directory) : SystemResult<Handle>(Handle::none);
  if (directory && handle) {
    file.directory = *directory;
    origin = {.directory = *handle, .path = parts->second};
  }
  auto begun = Replacement::begin(fs_, origin, options);
  if (!begun) return std::unexpected(with_path(begun.error(), path));
  file.replacement = std::move(*begun);
  if (file.replacement->target().place.directory.get() != Handle::none) file.directory.reset();
  return file;
}

// B5. One that create_parents made, or that a stream has opened, is shared from now on.
void BatchFiles::share_directory(File& file) {
  const auto parts = split(file.path);
  if (!parts) return;
  const auto directory = directories_.find(parts->first);
  if (!directory || directories_.identity(*directory) != file.folder) return;
  const auto handle = directories_.handle(*directory);
  if (!handle) return;
  file.directory = *directory;
  file.replacement->use_directory(*handle);
}

// B7.
Result<BatchFiles::Name> BatchFiles::claim_name(File& file) {
  const Place& place = file.replacement->target().place;
  if (file.directory) {
    file.folder = directories_.identity(*file.directory);
  } else {
    const auto status = fs_.status(place.folder());
    if (!status) {
      return std::unexpected(Error::from_errno(number(status.error()), Step::inspect,
                                               Outcome::not_applied, file.path));
    }
    file.folder = {status->device, status->inode};
    share_directory(file);
  }
  Name name(file.folder.first, file.folder.second, place.name);
  if (names_.insert(name).second) return name;
  return std::unexpected(Error(Code::already_exists, Step::inspect, Outcome::not_applied, 0,
                               file.path, "the batch has this file already"));
}

BatchFiles::Group& BatchFiles::group_of(const File& file) {
  const Replacement& replacement = *file.replacement;
  const ProtocolChoice choice = replacement.options().protocol;
  const GroupKey key(replacement.temporary().created().device, choice);
  const auto known = groups_.find(key);
  if (known != groups_.end()) return known->second;
  const Target& target = replacement.target();
  Group group{
      .sync = GroupSync(fs_, target.kind, options_.durability, choice, options_.counters.get()),
      .anchor = target.place.folder(),
      .own_anchor = {},
      .files = {}};
  if (file.directory) {
    directories_.pin(*file.directory);  // opened before the temporary was made
  } else if (group_plan_for(target.kind, options_.durability, choice).before == ContentSync::all) {
    auto opened = fs_.open(target.place.folder(), ".", {.access = Access::directory});
    if (opened) group.own_anchor = OwnedHandle(fs_, *opened);
    group.anchor = group.own_anchor.get();
  }
  return groups_.emplace(key, std::move(group)).first->second;
}

void BatchFiles::keep(File file, bool shares_syncs) {
  const std::size_t index = files_.size();
  if (shares_syncs) {
    Group& group = group_of(file);
    group.files.push_back(index);
    group.sync.written(file.replacement->temporary().handle());
    open_.push_back(index);
  }
  handles_ += file.handles;
  files_.push_back(std::move(file));
}

// A complete content.
Result<void> BatchFiles::join(File& file) {
  Replacement& replacement = *file.replacement;
  const bool alone = replacement.stands_alone();
  if (!alone) UNTORN_CHECK(replacement.prepare());
  const Target& target = replacement.target();
  file.handles = alone ? 2 : 1;
  if (target.old_file.get() != Handle::none) ++file.handles;
  if (target.place.directory.get() != Handle::none) ++file.handles;
  keep(std::move(file), !alone);
  return {};
}

Result<void> BatchFiles::put(const std::string& path, std::span<const std::byte> content,
                             ReplaceOptions options) {
  options.durability = options_.durability;
  options.strict = options_.strict;
  options.counters = options_.counters;
  make_room();
  UNTORN_TRY(File file, begin(path, options));
  UNTORN_TRY(const Name name, claim_name(file));
  const auto joined = [&]() -> Result<void> {
    UNTORN_TRY(auto kept, file.replacement->keep_if_same(content));
    if (kept) {
      finish(file, std::move(*kept));
      keep(std::move(file), false);
      return {};
    }
    UNTORN_CHECK(file.replacement->fill(content));
    return join(file);
  }();
  if (joined) return {};
  names_.erase(name);
  return std::unexpected(with_path(joined.error(), path));
}

Result<void> BatchFiles::add(std::unique_ptr<Replacement> replacement) {
  make_room();
  File file;
  file.path = replacement->path();
  file.replacement = std::move(replacement);
  if (file.replacement->failure()) return std::unexpected(*file.replacement->failure());
  file.replacement->set_durability(options_.durability);
  UNTORN_TRY(const Name name, claim_name(file));
  const auto joined = [&]() -> Result<void> {
    UNTORN_TRY(auto kept, file.replacement->keep_if_same());
    if (!kept) return join(file);
    finish(file, std::move(*kept));
    keep(std::move(file), false);
    return {};
  }();
  if (!joined) names_.erase(name);
  return joined;
}

// ------------------------------------------------------------------ handles

SystemResult<void> BatchFiles::seat(File& file) {
  if (!file.directory) return {};
  const auto handle = directories_.handle(*file.directory);
  file.replacement->use_directory(handle ? *handle : Handle::none);
  if (handle) return {};
  return std::unexpected(handle.error());
}

// B6.
void BatchFiles::make_room() {
  while (handles_ >= handles_max_ && !open_.empty()) park_oldest();
}

void BatchFiles::park_oldest() {
  File& file = files_[open_.front()];
  open_.pop_front();
  const auto safe = group_of(file).sync.wait_for(file.replacement->temporary().handle());
  if (!safe) {
    finish(file, std::unexpected(Error::from_errno(number(safe.error()), Step::sync_file,
                                                   Outcome::not_applied, file.path)));
    return;
  }
  file.replacement->park();
  const bool own_directory = file.replacement->target().place.directory.get() != Handle::none;
  const std::size_t kept = own_directory ? 1 : 0;
  handles_ -= file.handles - kept;
  file.handles = kept;
}

// The replacement goes, and with it a temporary that was not renamed.
void BatchFiles::finish(File& file, Result<Receipt> result) {
  (void)seat(file);
  if (result) {
    const Receipt& receipt = *result;
    syncs_ += receipt.syncs;
    commits_ += receipt.commits;
    result->syncs = 0;
    result->commits = 0;
    file.result = std::move(result);
  } else {
    file.result = std::unexpected(with_path(result.error(), file.path));
  }
  file.replacement.reset();
  handles_ -= file.handles;
  file.handles = 0;
}

}  // namespace untorn::write
