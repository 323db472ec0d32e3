// SPDX-License-Identifier: Apache-2.0
#include "prove/judge/database_contents.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "prove/judge/state_file.h"

namespace untorn::prove {

namespace {

constexpr std::array<std::string_view, 2> companion_suffixes = {"-journal", "-wal"};

// What stands for "there is no database" among the contents.
constexpr Hash128 absent = {0, 1};

// What SQLite finds in its folder: the database, its journal and its log.
using Trio = std::array<StateFile, 3>;

template <class FileAt>
Trio files_of(const crash::Path& path, const FileAt& file_at) {
  return {file_at(path), file_at(path + std::string(companion_suffixes[0])),
          file_at(path + std::string(companion_suffixes[1]))};
}

DatabaseFiles to_check(const Trio& files) {
  DatabaseFiles bytes;
  if (files[0]) bytes.database = files[0]->content;
  if (files[1]) bytes.journal = files[1]->content;
  if (files[2]) bytes.log = files[2]->content;
  return bytes;
}

bool changes_files(OperationKind kind) {
  switch (kind) {
    case OperationKind::begin_writing:
    case OperationKind::end_writing:
    case OperationKind::acknowledge:
    case OperationKind::sync_file:
    case OperationKind::sync_data:
    case OperationKind::sync_directory:
      return false;
    default:
      return true;
  }
}

Hash128 hash_of(const Trio& files) {
  Hash128 hash = {};
  for (const StateFile& file : files) {
    hash = combine(hash, file ? 1U : 0U);
    if (!file) continue;
    const Hash128 bytes = hash128(file->content.text());
    hash = combine(combine(hash, bytes.first), bytes.second);
  }
  return hash;
}

}  // namespace

DatabaseContents::DatabaseContents(const crash::History& history, crash::Path path,
                                   DatabaseCheck& check)
    : path_(std::move(path)), check_(check) {
  const auto& operations = history.log().operations;
  std::optional<Hash128> last;
  for (std::size_t count = 0; count <= operations.size(); ++count) {
    if (count > 0 && !changes_files(operations[count - 1].kind)) continue;
    const Trio files =
        files_of(path_, [&](const crash::Path& name) { return history.file_at(count, name); });
    const Hash128 hash = hash_of(files);
    if (last == hash) continue;
    last = hash;
    if (contents_.size() == changes_max) {
      followed_ = false;
      return;
    }
    contents_.push_back({count, files[0] ? check_.content(to_check(files)) : absent});
  }
}

std::optional<Observed> DatabaseContents::problem(const crash::CrashState& state,
                                                  std::size_t count) const {
  const Trio files = files_of(path_, [&](const crash::Path& name) { return state.file(name); });
  // The last content that was made by `count` operations or fewer is the one that was promised.
  const auto later = std::find_if(contents_.begin(), contents_.end(),
                                  [&](const Content& content) { return content.since > count; });
  const auto promised = later == contents_.begin() ? later : std::prev(later);
  const std::optional<Hash128> found = files[0] ? check_.content(to_check(files)) : absent;
  if (!found) return Observed::unparseable;
  const auto is_found = [&](const Content& content) { return content.bytes == found; };
  if (std::any_of(promised, contents_.end(), is_found)) return {};
  if (!files[0]) return Observed::missing;
  return std::any_of(contents_.begin(), promised, is_found) ? Observed::old_after_ack
                                                            : Observed::mixed;
}

}  // namespace untorn::prove
