// SPDX-License-Identifier: Apache-2.0
#include "health/doctor.h"

#include <algorithm>
#include <set>
#include <utility>

#include "health/examination.h"
#include "health/known_trees.h"
#include "health/trees.h"
#include "health/walk.h"

namespace untorn::health {
namespace {

class Doctor {
 public:
  Doctor(FileSystem& fs, const Options& options) : fs_(fs), options_(options) {}

  Report run() {
    report_.root = common_folder(options_.folders);
    report_.repair = options_.repair;
    if (options_.folders.size() == 1) report_.shown = options_.folders.front().shown;
    open_folders();
    for (std::size_t index = 0; index < opened_.size() && !report_.interrupted; ++index) {
      if (index == 0) look_at_file_system();
      if (!report_.interrupted) look_at(opened_[index]);
    }
    std::ranges::stable_sort(report_.problems, {}, &Problem::path);
    std::ranges::stable_sort(report_.skipped, {}, &Skipped::path);
    return std::move(report_);
  }

 private:
  using Identity = std::pair<std::uint64_t, std::uint64_t>;
  static Identity identity_of(const Status& status) { return {status.device, status.inode}; }

  struct Opened {
    OwnedHandle handle;
    Identity identity;
    const NamedFolder& named;
  };

  void open_folders() {
    for (const NamedFolder& named : options_.folders) {
      auto handle = fs_.open(Handle::working_directory, named.real, {.access = Access::directory});
      if (!handle) {
        fail_to_open(named, handle.error());
        continue;
      }
      OwnedHandle owned(fs_, *handle);
      const auto status = fs_.status(*handle);
      if (!status) {
        fail_to_open(named, status.error());
        continue;
      }
      // The same folder under two names is looked at once.
      if (!named_.insert(identity_of(*status)).second) continue;
      opened_.push_back({std::move(owned), identity_of(*status), named});
    }
  }

  void fail_to_open(const NamedFolder& named, Errno os_errno) {
    report_.failures.push_back({.error = Error::from_errno(number(os_errno), Step::open_directory,
                                                           Outcome::not_applied, named.shown),
                                .path = relative(named.real)});
  }

  // For the report; "." for its root itself.
  [[nodiscard]] std::string relative(const std::string& real) const {
    const std::string path = path_below(report_.root, real);
    return path.empty() ? "." : path;
  }

  bool going() {
    if (!options_.keep_going(report_.counts)) report_.interrupted = true;
    return !report_.interrupted;
  }

  void look_at_file_system() {
    const Opened& first = opened_.front();
    report_.filesystem = describe(fs_, first.handle.get());
    if (!options_.probe) return;
    auto measured = probe(fs_, first.handle.get(), first.named.real, [this] { return going(); });
    if (!measured) {
      report_.failures.push_back({.error = measured.error(), .path = relative(first.named.real)});
    } else {
      report_.filesystem.measures = *std::move(measured);
    }
    if (report_.interrupted) return;
    if (auto problem = sync_problem(report_.filesystem, relative(first.named.real))) {
      report_.problems.push_back(*std::move(problem));
    }
  }

  void look_at(const Opened& opened) {
    const std::string prefix = path_below(report_.root, opened.named.real);
    Examination examination(fs_, options_, opened.named, fs_.kind(opened.handle.get()), report_);
    examination.begin();
    WalkEvents events;
    events.folder = [&](const FolderView& folder) { return examination.look_at(folder); };
    events.skipped = [&](const std::string& path, SkipReason reason, Errno error) {
      skip(join_path(prefix, path), reason, error);
    };
    // A named folder inside another one is looked at on its own.
    events.enters = [&](const Status& status) { return !named_.contains(identity_of(status)); };
    if (!report_.interrupted) (void)walk(fs_, opened.handle.get(), events);
    examination.end();
  }

  void skip(const std::string& path, SkipReason reason, Errno error) {
    Skipped skipped = {.path = path.empty() ? "." : path, .reason = {}};
    switch (reason) {
      case SkipReason::failed:
        skipped.reason = reason_of(number(error));
        break;
      case SkipReason::other_file_system:
        skipped.reason = "another file system; name it to look at it";
        skipped.failed = false;
        break;
      case SkipReason::moved:
        skipped.reason = "moved while it was looked at";
        break;
    }
    report_.skipped.push_back(std::move(skipped));
  }

  FileSystem& fs_;
  const Options& options_;
  std::vector<Opened> opened_;
  std::set<Identity> named_;
  Report report_;
};

}  // namespace

bool Report::has_problems() const noexcept {
  return std::ranges::any_of(problems, [](const Problem& problem) {
    return problem.severity >= Severity::warning && !problem.repaired;
  });
}

bool Report::is_complete() const noexcept {
  return failures.empty() && !interrupted && std::ranges::none_of(skipped, &Skipped::failed);
}

std::string common_folder(const std::vector<NamedFolder>& folders) {
  if (folders.empty()) return "/";
  std::string common = folders.front().real;
  for (const NamedFolder& folder : folders) {
    const auto holds = [&folder](const std::string& candidate) {
      return folder.real == candidate || candidate == "/" ||
             folder.real.starts_with(candidate + "/");
    };
    while (!holds(common)) {
      const std::size_t slash = common.rfind('/');
      common.resize(slash == 0 || slash == std::string::npos ? 1 : slash);
      if (slash == std::string::npos) common = "/";
    }
  }
  return common;
}

Report examine(FileSystem& fs, const Options& options) {
  return Doctor(fs, options).run();
}

}  // namespace untorn::health
