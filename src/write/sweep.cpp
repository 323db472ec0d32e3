// SPDX-License-Identifier: Apache-2.0
#include "untorn/sweep.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/try.h"
#include "filesystem/same_file.h"
#include "write/temporary_judge.h"
#include "write/temporary_name.h"

namespace untorn {
namespace {

using write::Obstacle;
using write::Removal;
using write::TemporaryJudgement;
using write::TemporaryState;

constexpr unsigned depth_max = 512;  // folders below folders; each holds a descriptor

std::string words_of(int os_errno) {
  return std::generic_category().message(os_errno);
}

// Without "//" and without "./".
std::string path_of(const std::string& folder, std::string_view name) {
  std::string path = folder;
  if (!path.empty() && path.back() != '/') path += '/';
  return path += name;
}

class Sweeper {
 public:
  Sweeper(FileSystem& fs, const SweepOptions& options, SweepReport& report)
      : fs_(fs), options_(options), report_(report), clock_(write::system_clock()) {}

  Result<void> sweep(const OwnedHandle& folder, const std::string& path, unsigned depth) {
    const std::string why_not = write::why_locks_do_not_tell(fs_.kind(folder.get()));
    auto entries = fs_.list(folder.get());
    if (!entries) {
      return std::unexpected(Error::from_errno(number(entries.error()), Step::inspect,
                                               Outcome::not_applied, path, "listing it"));
    }
    for (const Entry& entry : *entries) {
      if (write::is_temporary_name(entry.name)) judge(folder.get(), path, entry.name, why_not);
    }
    if (!options_.below) return {};
    for (const Entry& entry : *entries) {
      if (entry.type != FileType::directory && entry.type != FileType::other) continue;
      go_below(folder.get(), path_of(path, entry.name), entry.name, depth + 1);
    }
    return {};
  }

 private:
  void judge(Handle folder, const std::string& path, const std::string& name,
             const std::string& why_not) {
    const TemporaryJudgement judged = write::judge_temporary(fs_,
                                                             {.folder = folder,
                                                              .name = name,
                                                              .locks_tell = why_not.empty(),
                                                              .remove = options_.remove,
                                                              .older_than = options_.older_than},
                                                             clock_);
    if (judged.state == TemporaryState::not_ours || judged.removal == Removal::gone) return;
    SweepEntry entry{.path = path_of(path, name),
                     .bytes = judged.status.size,
                     .verdict = verdict_of(judged),
                     .why = {}};
    if (entry.verdict == SweepVerdict::unsure) entry.why = why_unsure(judged, why_not);
    if (entry.verdict == SweepVerdict::set_aside) entry.why = judged.set_aside_as;
    if (entry.verdict == SweepVerdict::removed) report_.removed_bytes += entry.bytes;
    report_.entries.push_back(std::move(entry));
  }

  [[nodiscard]] SweepVerdict verdict_of(const TemporaryJudgement& judged) const {
    if (judged.state == TemporaryState::alive) return SweepVerdict::alive;
    if (judged.state != TemporaryState::dead) return SweepVerdict::unsure;
    switch (judged.removal) {
      case Removal::not_asked:
        return is_young(judged) ? SweepVerdict::young : SweepVerdict::dead;
      case Removal::young:
        return SweepVerdict::young;
      case Removal::removed:
        return SweepVerdict::removed;
      case Removal::set_aside:
        return SweepVerdict::set_aside;
      case Removal::linked:
      case Removal::gone:
      case Removal::look_failed:
      case Removal::remove_failed:
      case Removal::set_aside_failed:
        break;
    }
    return SweepVerdict::unsure;
  }

  // What a removal would say of it.
  [[nodiscard]] bool is_young(const TemporaryJudgement& judged) const {
    const std::int64_t age_ns = clock_.now_ns() - judged.status.changed_ns;
    return age_ns >= 0 && std::chrono::nanoseconds(age_ns) < options_.older_than;
  }

  static std::string why_unsure(const TemporaryJudgement& judged, const std::string& why_not) {
    switch (judged.obstacle) {
      case Obstacle::policy:
        return why_not;
      case Obstacle::open:
        return "it cannot be opened to try its lock: " + words_of(judged.os_errno);
      case Obstacle::lock:
        return "its lock cannot be tried: " + words_of(judged.os_errno);
      case Obstacle::look:
        return "it cannot be looked at: " + words_of(judged.os_errno);
      case Obstacle::none:
        break;
    }
    if (judged.removal == Removal::linked) {
      return "it has " + std::to_string(judged.status.links) + " names";
    }
    return "it cannot be removed: " + words_of(judged.os_errno);
  }

  // A folder on the same mount; what cannot be entered is told, and the others go on.
  void go_below(Handle parent, const std::string& path, const std::string& name, unsigned depth) {
    const auto status = fs_.status_at(parent, name);
    if (!status || status->type != FileType::directory || status->mount_root) return;
    const auto tell = [&](std::string why) {
      report_.entries.push_back(
          {.path = path, .bytes = 0, .verdict = SweepVerdict::unsure, .why = std::move(why)});
    };
    if (depth > depth_max) return tell("folders below it were not looked at: too deep");
    auto opened = fs_.open(parent, name, {.access = Access::directory, .follow = false});
    if (!opened) {
      if (!is_missing(opened.error()))
        tell("it cannot be opened: " + words_of(number(opened.error())));
      return;
    }
    const OwnedHandle folder(fs_, *opened);
    const auto entered = fs_.status(folder.get());
    if (!entered || !same_file(*entered, *status)) return;
    if (auto swept = sweep(folder, path, depth); !swept) {
      tell("it cannot be listed: " + words_of(swept.error().os_errno()));
    }
  }

  FileSystem& fs_;
  const SweepOptions& options_;
  SweepReport& report_;
  const write::Clock clock_;
};

}  // namespace

Result<SweepReport> sweep(FileSystem& fs, const std::filesystem::path& directory,
                          const SweepOptions& options) {
  auto opened =
      fs.open(Handle::working_directory, directory.native(), {.access = Access::directory});
  if (!opened) {
    return std::unexpected(Error::from_errno(number(opened.error()), Step::open_directory,
                                             Outcome::not_applied, directory.native()));
  }
  const OwnedHandle folder(fs, *opened);
  SweepReport report;
  UNTORN_CHECK(Sweeper(fs, options, report).sweep(folder, directory.native(), 0));
  std::ranges::sort(report.entries, {}, &SweepEntry::path);
  return report;
}

Result<SweepReport> sweep(const std::filesystem::path& directory, const SweepOptions& options) {
  return sweep(posix_file_system(), directory, options);
}

}  // namespace untorn
