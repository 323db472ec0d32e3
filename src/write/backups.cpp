// SPDX-License-Identifier: Apache-2.0
#include "write/backups.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/try.h"
#include "counters/timing.h"
#include "filesystem/kept_folder.h"
#include "filesystem/random_hex.h"
#include "filesystem/same_file.h"
#include "filesystem/unsupported.h"
#include "write/temporary_name.h"

namespace untorn::write {
namespace {

class Backups {
 public:
  Backups(FileSystem& fs, const std::string& path, const Target& target,
          const ReplaceOptions& options)
      : fs_(fs), path_(path), target_(target), options_(options) {}

  Result<void> keep(const Plan& plan, Receipt& receipt) {
    UNTORN_TRY(const std::optional<Status> file, look(target_.place.name));
    if (!file || file->type != FileType::regular) return {};
    UNTORN_TRY(const std::optional<Status> newest, look(name_of(1)));
    if (newest && same_file(*newest, *file)) return {};  // V5
    UNTORN_CHECK(sync_content(plan, receipt));
    UNTORN_TRY(const std::string second_name, link_to_new_name(target_.place.name));  // V1
    auto shifted = newest ? shift(*newest) : Result<void>();
    auto named = shifted ? move(second_name, name_of(1)) : shifted;
    if (!named) (void)fs_.unlink(folder(), second_name);
    return named;
  }

 private:
  [[nodiscard]] Handle folder() const { return target_.place.folder(); }
  [[nodiscard]] std::string name_of(unsigned number) const {
    return backup_name(target_.place.name, number);
  }
  [[nodiscard]] std::unexpected<Error> failed(Errno os_errno, Step step,
                                              const std::string& name) const {
    return std::unexpected(Error::from_errno(number(os_errno), step, Outcome::not_applied, path_,
                                             "keeping a backup: " + name));
  }

  [[nodiscard]] Result<std::optional<Status>> look(const std::string& name) const {
    auto status = fs_.status_at(folder(), name);
    if (status) return std::optional<Status>(*status);
    if (is_missing(status.error())) return std::optional<Status>();
    return failed(status.error(), Step::inspect, name);
  }

  // V4.
  Result<void> sync_content(const Plan& plan, Receipt& receipt) {
    if (plan.before == ContentSync::none || options_.durability == Durability::process) return {};
    auto opened = fs_.open(folder(), target_.place.name,
                           {.access = Access::read, .follow = false, .nonblocking = true});
    if (!opened) return failed(opened.error(), Step::sync_file, target_.place.name);
    const OwnedHandle file(fs_, *opened);
    SystemResult<void> synced;
    if (plan.before == ContentSync::range) {
      synced = fs_.sync_range(file.get());
    } else {
      ++receipt.syncs;
      if (!target_.kind.network) ++receipt.commits;
      synced = counters::timed_sync(options_.counters.get(), [&] { return fs_.sync(file.get()); });
    }
    if (!synced) return failed(synced.error(), Step::sync_file, target_.place.name);
    return {};
  }

  // Under a name of our shape: what a crash leaves of it, sweep removes.
  Result<std::string> link_to_new_name(const std::string& name) {
    std::string second = std::string(temporary_prefix) + random_hex(fs_);
    auto linked = fs_.link(folder(), name, folder(), second);
    if (linked) return second;
    const int os_errno = number(linked.error());
    if (means_unsupported(linked.error()) || os_errno == EPERM || os_errno == EMLINK) {
      return std::unexpected(Error(Code::unsupported, Step::rename, Outcome::not_applied, os_errno,
                                   path_, "no hard link of it can be made, so no backup"));
    }
    return failed(linked.error(), Step::rename, name);
  }

  Result<void> move(const std::string& from, const std::string& to) {
    auto moved = fs_.rename(folder(), from, folder(), to, RenameMode::replace);
    if (!moved) return failed(moved.error(), Step::rename, to);
    return {};
  }

  // V3: makes room for a new `.~1~`, which stays until it is replaced.
  Result<void> shift(const Status& newest) {
    unsigned free = 2;
    std::optional<Status> second;
    for (; free <= options_.backups; ++free) {
      UNTORN_TRY(const std::optional<Status> there, look(name_of(free)));
      if (free == 2) second = there;
      if (!there) break;
    }
    // A crash came after the shift: it is done. (A rename between two names of one file would do
    // nothing, too.)
    if (options_.backups < 2 || (second && same_file(*second, newest))) return {};
    for (unsigned from = std::min(free, options_.backups) - 1; from >= 2; --from) {
      UNTORN_CHECK(move(name_of(from), name_of(from + 1)));
    }
    UNTORN_TRY(const std::string moving, link_to_new_name(name_of(1)));  // V2
    auto moved = move(moving, name_of(2));
    if (!moved) (void)fs_.unlink(folder(), moving);
    return moved;
  }

  FileSystem& fs_;
  const std::string& path_;
  const Target& target_;
  const ReplaceOptions& options_;
};

// `<name>.~<number>~`.
bool is_backup_name(std::string_view entry, std::string_view name) {
  if (!entry.starts_with(name)) return false;
  entry.remove_prefix(name.size());
  if (!entry.starts_with(".~") || !entry.ends_with('~') || entry.size() < 4) return false;
  const std::string_view digits = entry.substr(2, entry.size() - 3);
  return std::ranges::all_of(digits, [](char each) { return each >= '0' && each <= '9'; });
}

}  // namespace

std::uint64_t count_backups(FileSystem& fs, const Place& place, const Status& file) {
  std::uint64_t count = 0;
  const auto entries = fs.list(place.folder());
  if (!entries) return count;
  for (const Entry& entry : *entries) {
    if (!is_backup_name(entry.name, place.name) && !is_temporary_name(entry.name)) continue;
    const auto named = fs.status_at(place.folder(), entry.name);
    if (named && same_file(*named, file)) ++count;
  }
  return count;
}

std::string backup_name(std::string_view name, unsigned number) {
  return std::string(name) + ".~" + std::to_string(number) + "~";
}

Result<void> keep_backup(FileSystem& fs, const std::string& path, const Target& target,
                         const ReplaceOptions& options, const Plan& plan, Receipt& receipt) {
  return Backups(fs, path, target, options).keep(plan, receipt);
}

}  // namespace untorn::write
