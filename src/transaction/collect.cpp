// SPDX-License-Identifier: Apache-2.0
#include "transaction/collect.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/try.h"
#include "filesystem/read_whole.h"
#include "transaction/intent.h"
#include "transaction/paths.h"

namespace untorn::transaction {
namespace {

constexpr std::uint32_t mode_bits = 07777;
constexpr std::uint32_t mode_open = 0777;  // less the umask, by the kernel
constexpr std::uint32_t sticky = 01000;

std::string what_is(const Found& found) {
  if (found.is_directory()) return "it is a directory";
  if (found.is(FileType::symlink)) return "it is a symbolic link";
  return "it is not a regular file";
}

}  // namespace

Error Collection::refused(Code code, std::string_view path, std::string why) const {
  return tree_->error(code, Step::inspect, path, std::move(why));
}

Result<void> Collection::check_room(std::string_view path) const {
  if (changes_.size() < operations_max) return {};
  return std::unexpected(
      refused(Code::invalid_argument, path, "a transaction has at most 10000 operations"));
}

// May this name be removed or made, as far as permissions tell? After the commit point it is too
// late to ask.
Result<void> Collection::check_names_may_change(std::string_view path,
                                                const std::optional<Status>& status) const {
  const std::string directory = view_.nearest_present(path);
  UNTORN_TRY(const Handle handle, tree_->directory(directory));
  auto allowed = tree_->fs().may_write(handle, ".");
  if (!allowed) {
    return std::unexpected(
        tree_->error(allowed.error(), Step::inspect, path, "its directory may not be changed"));
  }
  if (!status) return {};
  if (status->mount_root) {
    return std::unexpected(
        refused(Code::mount_point, path, "another file system is mounted there"));
  }
  if (status->immutable) {
    return std::unexpected(
        refused(Code::permission_denied, path, "it is marked immutable or append-only"));
  }
  auto parent = tree_->fs().status(handle);
  if (!parent) return std::unexpected(tree_->error(parent.error(), Step::inspect, path));
  const bool ours = geteuid() == 0 || geteuid() == status->user || geteuid() == parent->user;
  if ((parent->mode & sticky) != 0 && !ours) {
    return std::unexpected(refused(Code::permission_denied, path,
                                   "it belongs to another user, in a sticky directory"));
  }
  return {};
}

// Content may not move into a directory whose name could still be lost.
bool Collection::needs_barrier(std::string_view path) {
  if (!made_.contains(parent_of(path))) return false;
  made_.clear();
  return true;
}

void Collection::add(Change change) {
  const std::size_t index = changes_.size();
  const Operation& operation = change.operation;
  switch (operation.action) {
    case Action::put:
      view_.put(operation.path, index);
      break;
    case Action::remove:
      view_.remove(operation.path);
      break;
    case Action::rename:
      view_.move(operation.path, operation.to, *change.seen);
      break;
    case Action::make_directory:
      view_.make_directory(operation.path);
      made_.insert(operation.path);
      break;
  }
  changes_.push_back(std::move(change));
}

// ------------------------------------------------------------------ put

Result<void> Collection::check_put(const Found& found, const PutOptions& options) const {
  const std::string& path = found.path;
  if (options.mode && (*options.mode & ~mode_bits) != 0) {
    return std::unexpected(
        refused(Code::invalid_argument, path, "the mode has more than permission bits"));
  }
  if (found.kind == Found::Kind::put || found.removed) {
    return std::unexpected(
        refused(Code::invalid_argument, path, "this transaction changes it already"));
  }
  const bool there = found.kind != Found::Kind::absent;
  if (options.existence == Existence::must_exist && !there) {
    return std::unexpected(refused(Code::not_found, path, "it must exist"));
  }
  if (options.existence == Existence::must_not_exist && there) {
    return std::unexpected(refused(Code::already_exists, path, "it must not exist"));
  }
  if (!there) return {};
  if (found.kind == Found::Kind::made || !found.is(FileType::regular)) {
    return std::unexpected(refused(Code::not_regular_file, path, what_is(found)));
  }
  if (found.kind != Found::Kind::present) return {};
  UNTORN_CHECK(check_names_may_change(path, found.status));
  UNTORN_TRY(const Handle directory, tree_->directory(parent_of(path)));
  auto allowed = tree_->fs().may_write(directory, name_of(path));
  if (allowed) return {};
  return std::unexpected(
      tree_->error(allowed.error(), Step::inspect, path, "the file is read-only"));
}

Result<void> Collection::put(std::string_view path, std::string content,
                             const PutOptions& options) {
  UNTORN_TRY(const Found found, view_.find(*tree_, path, true));
  UNTORN_CHECK(check_room(path));
  UNTORN_CHECK(check_put(found, options));
  if (content.size() > bytes_max - bytes_) {
    return std::unexpected(
        refused(Code::invalid_argument, path, "a transaction has at most 4 GiB of new content"));
  }
  bytes_ += content.size();
  if (found.kind == Found::Kind::moved) {
    put_over_moved(found, std::move(content), options);
    return {};
  }
  Change change;
  change.operation.path = found.path;
  change.operation.barrier = needs_barrier(found.path);
  change.content = std::move(content);
  change.mode = options.mode;
  change.in_tree = found.in_tree;
  if (found.in_tree) {
    change.seen = found.status;
    if (found.status) change.metadata_from = found.path;
  }
  add(std::move(change));
  return {};
}

// A file renamed by this transaction gets new content: as if the content were put under the new
// name, with the metadata of the old one, which is then removed.
void Collection::put_over_moved(const Found& found, std::string content,
                                const PutOptions& options) {
  const auto renamed = std::ranges::find_if(changes_, [&](const Change& change) {
    return change.operation.action == Action::rename && change.operation.to == found.path;
  });
  Change removal;
  removal.operation.action = Action::remove;
  removal.operation.path = found.source;
  removal.seen = renamed->seen;
  removal.in_tree = renamed->in_tree;
  renamed->operation.action = Action::put;
  renamed->operation.path = found.path;
  renamed->operation.to.clear();
  renamed->content = std::move(content);
  renamed->mode = options.mode;
  renamed->metadata_from = found.source;
  renamed->seen.reset();
  renamed->in_tree = renamed->to_in_tree;
  view_.put(found.path, static_cast<std::size_t>(renamed - changes_.begin()));
  add(std::move(removal));
}

// ------------------------------------------------------------------ names

Result<void> Collection::remove(std::string_view path) {
  UNTORN_TRY(const Found found, view_.find(*tree_, path, false));
  UNTORN_CHECK(check_room(path));
  if (found.kind == Found::Kind::absent && !found.removed) {
    return std::unexpected(tree_->error(Errno{ENOENT}, Step::inspect, path));
  }
  if (found.kind != Found::Kind::present) {
    return std::unexpected(
        refused(Code::invalid_argument, path, "this transaction changes it already"));
  }
  UNTORN_CHECK(check_names_may_change(found.path, found.status));
  if (found.is_directory()) {
    UNTORN_TRY(const bool empty, view_.is_empty(*tree_, found.path));
    if (!empty) {
      return std::unexpected(
          refused(Code::not_regular_file, path, "it is a directory that is not empty"));
    }
  } else if (!found.is(FileType::regular) && !found.is(FileType::symlink)) {
    return std::unexpected(refused(Code::not_regular_file, path, what_is(found)));
  }
  Change change;
  change.operation.action = Action::remove;
  change.operation.path = found.path;
  change.seen = found.status;
  change.in_tree = true;
  add(std::move(change));
  return {};
}

Result<void> Collection::rename(std::string_view from, std::string_view to) {
  UNTORN_TRY(const Found source, view_.find(*tree_, from, false));
  UNTORN_TRY(const Found target, view_.find(*tree_, to, false));
  UNTORN_CHECK(check_room(from));
  if (source.kind == Found::Kind::absent && !source.removed) {
    return std::unexpected(tree_->error(Errno{ENOENT}, Step::inspect, from));
  }
  if (source.kind != Found::Kind::present || target.removed) {
    return std::unexpected(refused(Code::invalid_argument,
                                   source.kind == Found::Kind::present ? to : from,
                                   "this transaction changes it already"));
  }
  if (target.kind != Found::Kind::absent) {
    return std::unexpected(refused(Code::already_exists, to, "the new name is taken"));
  }
  const bool folder = source.is_directory();
  if (!folder && !source.is(FileType::regular) && !source.is(FileType::symlink)) {
    return std::unexpected(refused(Code::not_regular_file, from, what_is(source)));
  }
  if (folder && is_below(target.path, source.path)) {
    return std::unexpected(
        refused(Code::invalid_argument, to, "a directory cannot move into itself"));
  }
  if (folder && view_.touches_below(source.path)) {
    return std::unexpected(
        refused(Code::invalid_argument, from, "this transaction changes something in it already"));
  }
  UNTORN_CHECK(check_names_may_change(source.path, source.status));
  UNTORN_CHECK(check_names_may_change(target.path, {}));
  if (folder && parent_of(source.path) != parent_of(target.path)) {
    UNTORN_TRY(const Handle directory, tree_->directory(source.path));
    if (auto allowed = tree_->fs().may_write(directory, "."); !allowed) {
      return std::unexpected(tree_->error(allowed.error(), Step::inspect, from));
    }
  }
  Change change;
  change.operation.action = Action::rename;
  change.operation.path = source.path;
  change.operation.to = target.path;
  change.operation.barrier = needs_barrier(target.path);
  change.seen = source.status;
  change.in_tree = true;
  change.to_in_tree = target.in_tree;
  add(std::move(change));
  return {};
}

Result<void> Collection::make_directory(std::string_view path, std::uint32_t mode) {
  if ((mode & ~mode_bits) != 0) {
    return std::unexpected(
        refused(Code::invalid_argument, path, "the mode has more than permission bits"));
  }
  if (auto problem = path_problem(path)) {
    return std::unexpected(refused(Code::invalid_argument, path, std::move(*problem)));
  }
  for (std::size_t end = 0; end != path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    if (path.substr(0, end) == kept_folder_name && end != path.size()) continue;
    UNTORN_TRY(const Found found, view_.find(*tree_, path.substr(0, end), true));
    if (found.is_directory()) continue;
    if (found.kind != Found::Kind::absent) {
      return std::unexpected(
          refused(Code::already_exists, found.path, "it is there, and no directory"));
    }
    if (found.removed) {
      return std::unexpected(
          refused(Code::invalid_argument, path, "this transaction changes it already"));
    }
    UNTORN_CHECK(check_room(path));
    UNTORN_CHECK(check_names_may_change(found.path, {}));
    const bool kept = is_below(found.path, kept_folder_name);
    const std::uint32_t mode_between = kept ? kept_folder_mode : mode_open;
    Change change;
    change.operation.action = Action::make_directory;
    change.operation.path = found.path;
    change.operation.mode = end == path.size() ? mode : mode_between;
    change.in_tree = found.in_tree;
    add(std::move(change));
  }
  return {};
}

// ------------------------------------------------------------------ looking

Result<std::optional<std::string>> Collection::read(std::string_view path) const {
  auto found = view_.find(*tree_, path, true);
  if (!found) {
    if (found.error().os_errno() == ENOENT) return std::optional<std::string>();
    return std::unexpected(found.error());
  }
  if (found->kind == Found::Kind::absent) return std::optional<std::string>();
  if (found->kind == Found::Kind::put) return changes_[found->index].content;
  if (!found->is(FileType::regular)) {
    return std::unexpected(refused(Code::not_regular_file, path, what_is(*found)));
  }
  const std::string& source = found->kind == Found::Kind::moved ? found->source : found->path;
  UNTORN_TRY(const Handle directory, tree_->directory(parent_of(source)));
  auto opened =
      tree_->fs().open(directory, name_of(source), {.follow = false, .nonblocking = true});
  if (!opened) return std::unexpected(tree_->error(opened.error(), Step::inspect, path));
  const OwnedHandle file(tree_->fs(), *opened);
  auto text = read_whole(tree_->fs(), file.get());
  if (!text) return std::unexpected(tree_->error(text.error(), Step::inspect, path));
  return std::optional<std::string>(std::move(*text));
}

Result<std::string> Collection::resolve(std::string_view path) const {
  UNTORN_TRY(Found found, view_.find(*tree_, path, true));
  return std::move(found.path);
}

}  // namespace untorn::transaction
