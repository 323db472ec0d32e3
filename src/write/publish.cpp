// SPDX-License-Identifier: Apache-2.0
#include "write/publish.h"

#include <cerrno>
#include <utility>

#include "counters/timing.h"
#include "filesystem/same_file.h"

namespace untorn::write {
namespace {

Error rename_error(const std::string& path, int os_errno) {
  if (os_errno == EBUSY) {
    return {Code::mount_point, Step::rename, Outcome::not_applied,
            os_errno,          path,         "mount the directory that holds it instead"};
  }
  return Error::from_errno(os_errno, Step::rename, Outcome::not_applied, path);
}

// A server may carry out a rename and lose the answer; asked again, it says that the temporary is
// not there, or that the name is taken: by our own file. The inode tells.
bool name_leads_to(FileSystem& fs, const Target& target, const Status& file) {
  auto named = fs.status_at(target.place.folder(), target.place.name);
  return named && same_file(*named, file);
}

// The old way to publish under a name that must be free, for file systems that do not know
// RENAME_NOREPLACE. For an instant both names exist.
Result<void> publish_by_link(FileSystem& fs, const std::string& path, const Target& target,
                             Temporary& temporary) {
  const Handle directory = target.place.folder();
  auto linked = fs.link(directory, temporary.name(), directory, target.place.name);
  if (!linked) return std::unexpected(rename_error(path, number(linked.error())));
  const std::string name = temporary.name();
  if (auto removed = temporary.remove(); !removed) {
    return std::unexpected(
        Error::from_errno(number(removed.error()), Step::clean_up, Outcome::applied_unsynced, path,
                          "the content is in place, and also under the name " + name));
  }
  return {};
}

}  // namespace

Result<void> publish(FileSystem& fs, const std::string& path, const Target& target,
                     Temporary& temporary, Existence existence) {
  const Handle directory = target.place.folder();
  const bool must_be_free = existence == Existence::must_not_exist;
  auto renamed = fs.rename(directory, temporary.name(), directory, target.place.name,
                           must_be_free ? RenameMode::no_replace : RenameMode::replace);
  if (renamed) {
    temporary.mark_published();
    return {};
  }
  if (must_be_free && means_unsupported(renamed.error())) {
    return publish_by_link(fs, path, target, temporary);
  }
  const int os_errno = number(renamed.error());
  if (target.kind.network && name_leads_to(fs, target, temporary.created())) {
    temporary.mark_published();
    return {};
  }
  return std::unexpected(rename_error(path, os_errno));
}

void note_level(Receipt& receipt, Level level) {
  receipt.achieved = level.achieved;
  receipt.why_lower = std::move(level.why_lower);
}

Result<Level> judge_name_sync(const SystemResult<void>& synced, const std::string& path,
                              const Target& target, const ReplaceOptions& options) {
  if (synced) return target.level;
  const bool unsupported = means_unsupported(synced.error());
  if (!unsupported || options.strict) {
    return std::unexpected(Error::from_errno(number(synced.error()), Step::sync_directory,
                                             Outcome::applied_unsynced, path));
  }
  if (target.level.achieved < Durability::durable) return target.level;
  return Level{.achieved = Durability::ordered,
               .why_lower = target.kind.name + " cannot sync a directory"};
}

Result<Level> sync_name(FileSystem& fs, const std::string& path, const Target& target,
                        const ReplaceOptions& options) {
  const auto synced =
      counters::timed_sync(options.counters.get(), [&] { return fs.sync(target.place.folder()); });
  return judge_name_sync(synced, path, target, options);
}

}  // namespace untorn::write
