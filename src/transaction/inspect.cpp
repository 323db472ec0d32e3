// SPDX-License-Identifier: Apache-2.0
#include "transaction/inspect.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/try.h"
#include "filesystem/kept_folder.h"
#include "filesystem/same_file.h"
#include "transaction/paths.h"
#include "transaction/recover.h"
#include "transaction/set_aside.h"
#include "transaction/tree.h"

namespace untorn::transaction {
namespace {

// Nobody changes the tree as long as the handle is open; nothing if someone does. A tree without a
// lock file never had a transaction.
SystemResult<std::optional<OwnedHandle>> keep_away(FileSystem& fs, Handle folder) {
  auto opened = fs.open(folder, lock_name, {.follow = false, .nonblocking = true});
  if (!opened && number(opened.error()) == ENOENT) return std::optional<OwnedHandle>(OwnedHandle());
  if (!opened) return std::unexpected(opened.error());
  OwnedHandle file(fs, *opened);
  auto locked = fs.lock(file.get(), LockMode::shared);
  if (locked) return std::optional<OwnedHandle>(std::move(file));
  if (number(locked.error()) == EWOULDBLOCK) return std::optional<OwnedHandle>();
  return std::unexpected(locked.error());
}

InspectedState state_of(Interrupted::Kind kind) noexcept {
  switch (kind) {
    case Interrupted::Kind::none:
      return InspectedState::none;
    case Interrupted::Kind::staged:
      return InspectedState::discard;
    case Interrupted::Kind::committed:
      return InspectedState::roll_forward;
    case Interrupted::Kind::foreign:
      return InspectedState::foreign;
    case Interrupted::Kind::damaged:
      return InspectedState::damaged;
    case Interrupted::Kind::newer:
      return InspectedState::newer;
  }
  return InspectedState::damaged;
}

// As far as the tree in this directory is concerned, if there is one.
SystemResult<bool> is_abandoned_by(FileSystem& fs, Handle directory, const std::string& name) {
  auto opened =
      fs.open(directory, kept_folder_name, {.access = Access::directory, .follow = false});
  if (!opened) {
    const int os_errno = number(opened.error());
    if (os_errno == ENOENT || os_errno == ENOTDIR || os_errno == ELOOP) return true;
    return std::unexpected(opened.error());
  }
  const OwnedHandle folder(fs, *opened);
  auto quiet = keep_away(fs, folder.get());
  if (!quiet) return std::unexpected(quiet.error());
  if (!*quiet) return false;
  auto known = KnownIntents::read(fs, folder.get());
  if (!known) return std::unexpected(known.error());
  return !known->may_name(name);
}

}  // namespace

std::string_view to_string(InspectedState state) noexcept {
  switch (state) {
    case InspectedState::none:
      return "none";
    case InspectedState::running:
      return "running";
    case InspectedState::roll_forward:
      return "roll_forward";
    case InspectedState::discard:
      return "discard";
    case InspectedState::foreign:
      return "foreign";
    case InspectedState::damaged:
      return "damaged";
    case InspectedState::newer:
      return "newer";
  }
  return "";
}

Result<Inspection> inspect_transaction(FileSystem& fs, const std::string& root) {
  Inspection result;
  UNTORN_TRY(Tree tree, Tree::look(fs, root));
  if (!tree.has_folder()) return result;
  auto quiet = keep_away(fs, tree.folder());
  if (!quiet) return std::unexpected(tree.error(quiet.error(), Step::inspect, kept_folder_name));
  UNTORN_TRY(const auto set_aside, intents_set_aside(tree));
  for (const std::string& name : set_aside) {
    result.set_aside.push_back(joined(kept_folder_name, name));
  }
  if (!*quiet) {
    result.state = InspectedState::running;
    return result;
  }
  UNTORN_TRY(const Interrupted found, find_interrupted(tree));
  result.state = state_of(found.kind);
  std::vector<std::string> staged = found.staged;
  for (const Operation& operation : found.intent.operations) {
    result.paths.push_back(operation.path);
    if (!operation.to.empty()) result.paths.push_back(operation.to);
    if (!operation.staged.empty()) staged.push_back(operation.staged);
  }
  for (std::string& path : staged) {
    const auto status = tree.look_at(path);
    if (status && *status) result.staged.push_back(std::move(path));
  }
  return result;
}

Result<bool> is_abandoned(FileSystem& fs, Handle directory, const std::string& name) {
  const auto failed = [&name](Errno os_errno) {
    return std::unexpected(
        Error::from_errno(number(os_errno), Step::inspect, Outcome::not_applied, name));
  };
  if (!locks_are_trusted(fs.kind(directory))) return false;
  OwnedHandle above;
  for (Handle here = directory;;) {
    auto abandoned = is_abandoned_by(fs, here, name);
    if (!abandoned) return failed(abandoned.error());
    if (!*abandoned) return false;
    auto status = fs.status(here);
    if (!status) return failed(status.error());
    auto opened = fs.open(here, "..", {.access = Access::directory, .follow = false});
    if (!opened) return failed(opened.error());
    OwnedHandle parent(fs, *opened);
    auto parent_status = fs.status(parent.get());
    if (!parent_status) return failed(parent_status.error());
    const bool top = same_file(*parent_status, *status);
    if (top || parent_status->device != status->device) return true;
    above = std::move(parent);
    here = above.get();
  }
}

}  // namespace untorn::transaction
