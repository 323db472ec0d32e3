// SPDX-License-Identifier: Apache-2.0
#include "pipeline/leave.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/refusal.h"
#include "base/try.h"
#include "document/home.h"
#include "document/inspect.h"
#include "filesystem/kept_folder.h"
#include "filesystem/unsupported.h"
#include "line_log/inspect.h"
#include "registry/inspect.h"
#include "transaction/paths.h"
#include "untorn/document.h"
#include "untorn/line_log.h"
#include "untorn/pipeline/patch_manager.h"
#include "untorn/pipeline/pipeline_state.h"
#include "untorn/transaction.h"

namespace untorn::pipeline {
namespace {

constexpr auto no_wait = std::chrono::milliseconds(0);
// In the order of removal. The lock goes last: whoever waits for it finds a folder that is whole,
// or none.
constexpr std::array<std::string_view, 8> own_names = {
    "acknowledged", "counters", "documents", "logs", "registry", "staging", ".gitignore", "lock"};
constexpr std::string_view pipeline_folder_name = ".pipeline";
constexpr std::string_view state_name = ".pipeline/state.json";
constexpr unsigned levels_max = 64;

Result<OwnedHandle> open_folder(FileSystem& fs, const std::string& path) {
  auto opened = fs.open(Handle::working_directory, path, {.access = Access::directory});
  if (opened) return OwnedHandle(fs, *opened);
  return std::unexpected(
      Error::from_errno(number(opened.error()), Step::open_directory, Outcome::not_applied, path));
}

// Everything in one project, step by step.
class Leaving {
 public:
  Leaving(FileSystem& fs, const std::string& root) : fs_(fs), root_(root) {}

  Result<LeaveReport> preview() {
    UNTORN_TRY(const OwnedHandle tree, open_folder(fs_, root_));
    UNTORN_TRY(const KeptFolder kept, KeptFolder::find(fs_, tree.get(), root_));
    if (kept.handle() == Handle::none) return std::move(report_);
    UNTORN_CHECK(list(kept.handle()));
    for (const std::string& name : report_.removed) UNTORN_CHECK(count(kept.handle(), name, 0));
    return std::move(report_);
  }

  Result<LeaveReport> run() {
    UNTORN_CHECK(take_over_older());
    UNTORN_TRY(const OwnedHandle tree, open_folder(fs_, root_));
    UNTORN_TRY(const KeptFolder kept, KeptFolder::find(fs_, tree.get(), root_));
    if (kept.handle() == Handle::none) return std::move(report_);
    UNTORN_CHECK(recover());
    UNTORN_TRY(const OwnedHandle lock,
               take_lock(fs_, kept.handle(), transaction::lock_name, root_, {.wait = no_wait}));
    UNTORN_CHECK(list(kept.handle()));
    if (!report_.unknown.empty()) {
      return refused(Code::conflict, root_ + "/" + std::string(kept_folder_name),
                     "it holds \"" + report_.unknown.front() +
                         "\", which is not known to be of no use; look at it and remove it",
                     Step::check);
    }
    UNTORN_TRY(const std::vector<OwnedHandle> locks, lock_documents());
    for (const std::string& name : report_.removed) {
      UNTORN_CHECK(count(kept.handle(), name, 0));
      UNTORN_CHECK(remove(kept.handle(), name, 0));
    }
    return finish(tree.get());
  }

 private:
  // Earlier versions kept the generations in `.pipeline/.untorn`.
  Result<void> take_over_older() {
    const std::string folder = root_ + "/" + std::string(pipeline_folder_name);
    const auto names = document::names_kept_in(fs_, folder);
    if (!names && names.error().code() == Code::not_found) return {};
    if (!names) return std::unexpected(names.error());
    for (const std::string& name : *names) {
      UNTORN_CHECK(recover_document(std::string(pipeline_folder_name) + "/" + name));
    }
    const std::string older = folder + "/" + std::string(kept_folder_name);
    if (!fs_.status_at(Handle::working_directory, older)) return {};
    return refused(Code::conflict, older, "it holds more than Untorn's generations of documents",
                   Step::check);
  }

  // E1.
  Result<void> recover() {
    UNTORN_TRY(const TransactionRecovery recovery,
               recover_transactions(fs_, root_, {.lock_wait = no_wait}));
    if (recovery.kind == TransactionRecovery::Kind::refused) {
      return refused(Code::conflict, root_, recovery.message(), Step::check);
    }
    tell(recovery.message());
    UNTORN_TRY(documents_, document::names_kept_in(fs_, root_));
    for (const std::string& name : documents_) UNTORN_CHECK(recover_document(name));
    UNTORN_TRY(const auto logs, line_log::inspect_logs(fs_, root_));
    for (const auto& log : logs) {
      if (log.unreadable) return std::unexpected(*log.unreadable);
      if (!log.torn.happened) continue;
      UNTORN_TRY(const LineLog opened,
                 LineLog::open(fs_, root_ + "/" + log.path, {.lock_wait = no_wait, .tree = root_}));
      tell(log.path + ": " + opened.torn().message());
    }
    UNTORN_TRY(const auto registries, registry::inspect_registries(fs_, root_));
    for (const auto& registry : registries) UNTORN_CHECK(recover_registry(registry));
    return check_patches();
  }

  Result<void> recover_document(const std::string& name) {
    UNTORN_TRY(Document document,
               Document::open(fs_, root_ + "/" + name, {.lock_wait = no_wait, .tree = root_}));
    const auto loaded = document.load();
    // A form that is not read is current as it is.
    if (!loaded && loaded.error().code() == Code::unsupported) return {};
    if (!loaded) return std::unexpected(loaded.error());
    if (name == state_name && loaded->document) {
      UNTORN_CHECK(PipelineState::check_version(loaded->document->root, root_ + "/" + name));
    }
    if (loaded->recovery.happened && !loaded->recovery.written) {
      return refused(Code::conflict, root_ + "/" + name, loaded->recovery.message(), Step::check);
    }
    if (loaded->recovery.happened) tell(name + ": " + loaded->recovery.message());
    return {};
  }

  Result<void> recover_registry(const registry::RegistryInspection& found) {
    if (found.unreadable) return std::unexpected(*found.unreadable);
    const auto is_healthy = [](const EntryCheck& entry) { return entry.was_healthy(); };
    if (std::ranges::all_of(found.check.entries, is_healthy)) return {};
    UNTORN_TRY(const RegistryCheck check, registry::repair_registry(fs_, root_, found.folder));
    for (const EntryCheck& entry : check.entries) {
      const std::string path = found.folder + "/" + entry.name;
      if (!entry.is_healthy())
        return refused(Code::conflict, root_ + "/" + path, entry.detail, Step::check);
      for (const std::string& file : entry.brought_back) tell(path + ": " + file + " is back");
    }
    return {};
  }

  // Nothing of `.untorn` can bring a patch back; but whoever leaves shall know.
  Result<void> check_patches() {
    ProjectOptions options;
    options.read_only = true;
    UNTORN_TRY(PatchManager manager, PatchManager::open(fs_, root_, options));
    UNTORN_TRY(const auto patches, manager.list());
    for (const PatchInfo& patch : patches) {
      if (patch.damage.empty()) continue;
      return refused(Code::conflict, root_ + "/.pipeline/patches",
                     "patch " + std::to_string(patch.number) + ": " + patch.damage +
                         "; look at it and remove it",
                     Step::check);
    }
    return {};
  }

  void tell(const std::string& line) {
    if (!line.empty()) report_.recovered.push_back(line);
  }

  // What of `.untorn` is there, ours and not ours.
  Result<void> list(Handle kept) {
    auto entries = fs_.list(kept);
    if (!entries) return failed(entries.error(), Step::inspect, kept_folder_name);
    const auto is_there = [&entries](std::string_view name) {
      return std::ranges::find(*entries, name, &Entry::name) != entries->end();
    };
    for (const std::string_view name : own_names) {
      if (is_there(name)) report_.removed.emplace_back(name);
    }
    for (const Entry& entry : *entries) {
      if (std::ranges::find(own_names, entry.name) == own_names.end()) {
        report_.unknown.push_back(entry.name);
      }
    }
    return {};
  }

  // E2. Those of the tree's `.untorn`, which is where load() has taken all generations.
  Result<std::vector<OwnedHandle>> lock_documents() {
    std::vector<OwnedHandle> locks;
    for (const std::string& name : documents_) {
      const std::string folder = root_ + "/" + std::string(kept_folder_name) + "/" +
                                 std::string(document::documents_directory_name) + "/" + name;
      UNTORN_TRY(const OwnedHandle opened, open_folder(fs_, folder));
      UNTORN_TRY(OwnedHandle lock, take_lock(fs_, opened.get(), document::lock_file_name,
                                             root_ + "/" + name, {.wait = no_wait}));
      locks.push_back(std::move(lock));
    }
    return locks;
  }

  // Calls `file` for each file below `name`, and `folder` for each folder, those in it first.
  template <class File, class Folder>
  Result<void> visit(Handle parent, const std::string& name, unsigned level, const File& file,
                     const Folder& folder) {
    auto status = fs_.status_at(parent, name);
    if (!status) return failed(status.error(), Step::inspect, name);
    if (status->type != FileType::directory) return file(parent, name, *status);
    if (level == levels_max)
      return refused(Code::conflict, root_, name + " is too deep", Step::check);
    auto opened = fs_.open(parent, name, {.access = Access::directory, .follow = false});
    if (!opened) return failed(opened.error(), Step::open_directory, name);
    const OwnedHandle owned(fs_, *opened);
    auto entries = fs_.list(owned.get());
    if (!entries) return failed(entries.error(), Step::inspect, name);
    for (const Entry& entry : *entries) {
      UNTORN_CHECK(visit(owned.get(), entry.name, level + 1, file, folder));
    }
    return folder(parent, name);
  }

  Result<void> count(Handle parent, const std::string& name, unsigned level) {
    return visit(
        parent, name, level,
        [this](Handle, const std::string&, const Status& status) -> Result<void> {
          ++report_.files;
          report_.bytes += status.size;
          return {};
        },
        [](Handle, const std::string&) -> Result<void> { return {}; });
  }

  // E3.
  Result<void> remove(Handle parent, const std::string& name, unsigned level) {
    return visit(
        parent, name, level,
        [this](Handle folder, const std::string& file, const Status&) -> Result<void> {
          auto removed = fs_.unlink(folder, file);
          if (removed || number(removed.error()) == ENOENT) return {};
          return failed(removed.error(), Step::clean_up, file);
        },
        [this](Handle above, const std::string& folder) -> Result<void> {
          auto removed = fs_.remove_directory(above, folder);
          if (removed || number(removed.error()) == ENOENT) return {};
          return failed(removed.error(), Step::clean_up, folder);
        });
  }

  Result<LeaveReport> finish(Handle tree) {
    auto removed = fs_.remove_directory(tree, kept_folder_name);
    if (!removed) {
      return std::unexpected(Error::from_errno(number(removed.error()), Step::clean_up,
                                               Outcome::applied, root_,
                                               std::string(kept_folder_name)));
    }
    auto synced = fs_.sync(tree);
    if (!synced && !means_unsupported(synced.error())) {
      return std::unexpected(Error::from_errno(number(synced.error()), Step::sync_directory,
                                               Outcome::applied_unsynced, root_));
    }
    return std::move(report_);
  }

  std::unexpected<Error> failed(Errno os_errno, Step step, std::string_view name) {
    return std::unexpected(
        Error::from_errno(number(os_errno), step, Outcome::not_applied, root_, std::string(name)));
  }

  FileSystem& fs_;
  const std::string& root_;
  LeaveReport report_;
  std::vector<std::string> documents_;
};

}  // namespace

Result<LeaveReport> preview_leave(FileSystem& fs, const std::string& root) {
  return Leaving(fs, root).preview();
}

Result<LeaveReport> leave(FileSystem& fs, const std::string& root) {
  return Leaving(fs, root).run();
}

}  // namespace untorn::pipeline
