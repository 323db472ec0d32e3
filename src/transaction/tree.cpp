// SPDX-License-Identifier: Apache-2.0
#include "transaction/tree.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/try.h"
#include "counters/timing.h"
#include "transaction/paths.h"
#include "write/target.h"

namespace untorn::transaction {
namespace {

constexpr std::size_t open_directories_max = 64;
constexpr int attempts_max = 8;
constexpr const char* rebuilt_variable = "UNTORN_STATE";

// `untorn prove` runs a check in a state that it has rebuilt file by file, and says where it is.
Identity identity_in(const std::string& root) {
  const char* rebuilt = std::getenv(rebuilt_variable);
  if (rebuilt == nullptr || *rebuilt != '/') return Identity::inode;
  std::error_code problem;
  const std::string path = std::filesystem::absolute(root, problem).lexically_normal().native();
  const std::string state = std::filesystem::path(rebuilt).lexically_normal().native();
  if (problem) return Identity::inode;
  const bool inside = (path + '/').starts_with(state.ends_with('/') ? state : state + '/');
  return inside ? Identity::content : Identity::inode;
}

}  // namespace

Error with_outcome(const Error& error, Outcome outcome) {
  return {error.code(), error.step(), outcome, error.os_errno(), error.path(), error.detail()};
}

Error Tree::error(Errno os_errno, Step step, std::string_view path, std::string detail) const {
  return Error::from_errno(number(os_errno), step, Outcome::not_applied,
                           path.empty() ? root_path_ : joined(root_path_, path), std::move(detail));
}

Error Tree::error(Code code, Step step, std::string_view path, std::string detail) const {
  return {code,
          step,
          Outcome::not_applied,
          0,
          path.empty() ? root_path_ : joined(root_path_, path),
          std::move(detail)};
}

Result<void> Tree::open_root() {
  if (root_path_.empty() || root_path_.find('\0') != std::string::npos) {
    return std::unexpected(error(Code::invalid_argument, Step::resolve, {},
                                 "the path of the tree is empty or holds a NUL byte"));
  }
  auto opened = fs_->open(Handle::working_directory, root_path_, {.access = Access::directory});
  if (!opened) return std::unexpected(error(opened.error(), Step::open_directory, {}));
  root_ = OwnedHandle(*fs_, *opened);
  kind_ = fs_->kind(root());
  plan_ = write::group_plan_for(kind_, Durability::durable, ProtocolChoice::automatic);
  identity_ = identity_in(root_path_);
  UNTORN_TRY(kept_, KeptFolder::find(*fs_, root(), root_path_));
  return {};
}

Result<Tree> Tree::look(FileSystem& fs, const std::string& root) {
  Tree tree;
  tree.fs_ = &fs;
  tree.root_path_ = root;
  UNTORN_CHECK(tree.open_root());
  return tree;
}

Result<Tree> Tree::open(FileSystem& fs, const std::string& root,
                        const TransactionOptions& options) {
  UNTORN_TRY(Tree tree, look(fs, root));
  tree.counters_ = options.counters;
  if (!locks_are_trusted(tree.kind_)) {
    return std::unexpected(tree.error(Code::unsupported, Step::inspect, {},
                                      "locks on " + tree.kind_.name + " are not known to work"));
  }
  UNTORN_CHECK(tree.kept_.make());
  return tree;
}

// A folder that nobody needs any more may be removed while we wait for its lock (leave.h).
Result<Tree> Tree::open_locked(FileSystem& fs, const std::string& root,
                               const TransactionOptions& options, LockMode mode) {
  for (int attempt = 0;; ++attempt) {
    UNTORN_TRY(Tree tree, open(fs, root, options));
    auto locked = tree.lock(mode, options.lock_wait);
    if (locked) return tree;
    if (locked.error().code() != Code::not_found || attempt == attempts_max) {
      return std::unexpected(locked.error());
    }
  }
}

Result<void> Tree::lock(LockMode mode, std::chrono::milliseconds wait) {
  UNTORN_TRY(lock_, take_lock(*fs_, folder(), lock_name, root_path_, {.mode = mode, .wait = wait}));
  return {};
}

// The last directory of `path`, from the directory that holds it.
Result<OwnedHandle> Tree::enter(Handle parent, std::string_view path) {
  const std::string_view name = name_of(path);
  auto status = fs_->status_at(parent, name);
  if (!status) return std::unexpected(error(status.error(), Step::open_directory, path));
  if (status->mount_root || status->device != root_status().device) {
    return std::unexpected(error(Code::mount_point, Step::open_directory, path,
                                 "another file system is mounted there"));
  }
  auto opened = fs_->open(parent, name, {.access = Access::directory, .follow = false});
  if (!opened) return std::unexpected(error(opened.error(), Step::open_directory, path));
  return OwnedHandle(*fs_, *opened);
}

Result<Handle> Tree::directory(std::string_view path) {
  if (path.empty()) return root();
  const auto found = std::ranges::find(open_, path, &OpenDirectory::path);
  if (found != open_.end()) {
    std::rotate(found, found + 1, open_.end());
    return open_.back().handle.get();
  }
  UNTORN_TRY(const Handle parent, directory(parent_of(path)));
  UNTORN_TRY(OwnedHandle entered, enter(parent, path));
  if (open_.size() == open_directories_max) open_.erase(open_.begin());
  open_.push_back({std::string(path), std::move(entered)});
  return open_.back().handle.get();
}

Result<std::optional<Status>> Tree::look_at(std::string_view path) {
  auto parent = directory(parent_of(path));
  if (!parent) {
    if (parent.error().os_errno() == ENOENT) return std::optional<Status>();
    return std::unexpected(parent.error());
  }
  auto status = fs_->status_at(*parent, name_of(path));
  if (status) return std::optional<Status>(*status);
  if (number(status.error()) == ENOENT) return std::optional<Status>();
  return std::unexpected(error(status.error(), Step::inspect, path));
}

SystemResult<void> Tree::sync_counted(Handle handle) {
  ++syncs_;
  return counters::timed_sync(counters_.get(), [&] { return fs_->sync(handle); });
}

SystemResult<void> Tree::sync_everything() {
  ++syncs_;
  return counters::timed_sync(counters_.get(), [&] { return fs_->sync_everything(root()); });
}

SystemResult<void> Tree::sync_file(Handle file) {
  return sync_counted(file);
}

SystemResult<void> Tree::sync_directory(Handle directory) {
  auto synced = sync_counted(directory);
  if (!synced && write::means_unsupported(synced.error())) return {};
  return synced;
}

}  // namespace untorn::transaction
