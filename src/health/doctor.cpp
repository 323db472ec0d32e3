// SPDX-License-Identifier: Apache-2.0
#include "health/doctor.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "document/inspect.h"
#include "health/documents.h"
#include "health/walk.h"
#include "health/words.h"

namespace untorn::health {
namespace {

constexpr std::string_view kept_folder = ".untorn";

// The part of `path` below `folder`, "" if they are the same.
std::string below(const std::string& folder, const std::string& path) {
  if (path == folder) return "";
  return path.substr(folder == "/" ? 1 : folder.size() + 1);
}

std::string join(const std::string& folder, const std::string& name) {
  if (folder.empty() || name.empty()) return folder + name;
  return folder.back() == '/' ? folder + name : folder + "/" + name;
}

class Doctor {
 public:
  Doctor(FileSystem& fs, const Options& options)
      : fs_(fs), options_(options), patterns_(options.documents) {}

  Report run() {
    report_.root = common_folder(options_.folders);
    report_.repair = options_.repair;
    if (options_.folders.size() == 1) report_.shown = options_.folders.front().shown;
    open_folders();
    for (std::size_t index = 0; index < opened_.size() && !report_.interrupted; ++index) {
      if (index == 0) look_at_file_system();
      if (!report_.interrupted) look_at(opened_[index]);
    }
    std::ranges::sort(report_.problems, {}, &Problem::path);
    std::ranges::sort(report_.skipped, {}, &Skipped::path);
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
                                .path = relative(named)});
  }

  // "." for the root itself.
  [[nodiscard]] std::string relative(const NamedFolder& named) const {
    const std::string path = below(report_.root, named.real);
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
      report_.failures.push_back({.error = measured.error(), .path = relative(first.named)});
    } else {
      report_.filesystem.measures = *std::move(measured);
    }
    if (report_.interrupted) return;
    if (auto problem = sync_problem(report_.filesystem, relative(first.named))) {
      report_.problems.push_back(*std::move(problem));
    }
  }

  void look_at(const Opened& opened) {
    const std::string prefix = below(report_.root, opened.named.real);
    WalkEvents events;
    events.folder = [&](const FolderView& folder) {
      return look_at_folder(opened, join(prefix, folder.path), folder);
    };
    events.skipped = [&](const std::string& path, SkipReason reason, Errno error) {
      skip(join(prefix, path), reason, error);
    };
    // A named folder inside another one is looked at on its own.
    events.enters = [&](const Status& status) { return !named_.contains(identity_of(status)); };
    (void)walk(fs_, opened.handle.get(), events);
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

  bool look_at_folder(const Opened& opened, const std::string& path, const FolderView& folder) {
    ++report_.counts.folders;
    const std::string real = join(opened.named.real, folder.path);
    const std::set<std::string> kept = documents_kept_in(real, path, folder);
    const FileSystemKind* kind = nullptr;
    FileSystemKind kind_here;
    for (const Entry& entry : folder.entries) {
      if (!going()) return false;
      if (entry.type == FileType::directory) continue;
      ++report_.counts.files;
      const std::string entry_path = join(path, entry.name);
      if (entry.type == FileType::regular && is_temporary_name(entry.name)) {
        if (kind == nullptr) kind = &(kind_here = fs_.kind(folder.handle));
        add(judge_temporary(fs_, {folder.handle, *kind, entry_path, entry.name}, options_.repair,
                            options_.clock));
      } else if (is_set_aside_name(entry.name) || document::is_set_aside_name(entry.name)) {
        add_set_aside(folder, entry, entry_path);
      } else if (!kept.contains(entry.name) && is_named_document(opened, folder, entry)) {
        look_at_document({.file = join(real, entry.name), .path = entry_path});
      }
    }
    for (const std::string& name : kept) {
      if (!going()) return false;
      look_at_document({.file = join(real, name), .path = join(path, name), .is_kept = true});
    }
    return true;
  }

  // What lies below `.untorn` is ours, and judged with the document that it belongs to.
  [[nodiscard]] bool is_named_document(const Opened& opened, const FolderView& folder,
                                       const Entry& entry) const {
    if (patterns_.empty()) return false;
    if (entry.type != FileType::regular && entry.type != FileType::symlink) return false;
    const std::string relative = join(folder.path, entry.name);
    const std::string absolute = join(opened.named.real, relative);
    if (("/" + absolute).find("/" + std::string(kept_folder) + "/") != std::string::npos) {
      return false;
    }
    return patterns_.matches(entry.name, relative, absolute);
  }

  std::set<std::string> documents_kept_in(const std::string& real, const std::string& path,
                                          const FolderView& folder) {
    const auto found = std::ranges::find(folder.entries, kept_folder, &Entry::name);
    if (found == folder.entries.end() || found->type != FileType::directory) return {};
    auto names = document::names_kept_in(fs_, real);
    if (names) return {names->begin(), names->end()};
    report_.skipped.push_back(
        {.path = join(path, std::string(kept_folder)), .reason = names.error().message()});
    return {};
  }

  void look_at_document(const DocumentPlace& place) {
    ++report_.counts.documents;
    auto problem = judge_document(fs_, place, options_.repair);
    if (problem) return add(*std::move(problem));
    report_.skipped.push_back({.path = place.path, .reason = problem.error().message()});
  }

  void add_set_aside(const FolderView& folder, const Entry& entry, const std::string& path) {
    const auto status = fs_.status_at(folder.handle, entry.name);
    if (!status || status->type != FileType::regular) return;
    report_.problems.push_back(
        {.kind = Kind::set_aside,
         .severity = Severity::info,
         .path = path,
         .detail = "kept by an earlier repair (" + size_words(status->size) + ")",
         .repair = "nothing to do: remove it when you have what you need of it"});
  }

  void add(std::optional<Problem> problem) {
    if (problem) report_.problems.push_back(*std::move(problem));
  }

  FileSystem& fs_;
  const Options& options_;
  DocumentPatterns patterns_;
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
