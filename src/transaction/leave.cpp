// SPDX-License-Identifier: Apache-2.0
#include "transaction/leave.h"

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/try.h"
#include "transaction/paths.h"
#include "transaction/tree.h"

namespace untorn::transaction {
namespace {

Result<void> unlink(Tree& tree, std::string_view name) {
  auto removed = tree.fs().unlink(tree.folder(), name);
  if (removed || number(removed.error()) == ENOENT) return {};
  return std::unexpected(
      tree.error(removed.error(), Step::clean_up, joined(kept_folder_name, name)));
}

}  // namespace

Result<bool> remove_unused_kept_folder(FileSystem& fs, const std::string& root) {
  UNTORN_TRY(Tree tree, Tree::look(fs, root));
  if (!tree.has_folder()) return true;
  if (!locks_are_trusted(tree.kind())) return false;
  auto locked = tree.lock(LockMode::exclusive, std::chrono::milliseconds(0));
  if (!locked && locked.error().code() == Code::busy) return false;
  if (!locked) return std::unexpected(locked.error());
  auto entries = fs.list(tree.folder());
  if (!entries) {
    return std::unexpected(tree.error(entries.error(), Step::inspect, kept_folder_name));
  }
  const bool unused = std::ranges::all_of(*entries, [](const Entry& entry) {
    return entry.name == lock_name || entry.name == ignore_name;
  });
  if (!unused) return false;
  // Who waits for the lock finds it nameless, and makes the folder anew.
  UNTORN_CHECK(unlink(tree, ignore_name));
  UNTORN_CHECK(unlink(tree, lock_name));
  auto removed = fs.remove_directory(tree.root(), kept_folder_name);
  if (removed || number(removed.error()) == ENOENT) return true;
  const int os_errno = number(removed.error());
  if (os_errno == ENOTEMPTY || os_errno == EEXIST) return false;
  return std::unexpected(tree.error(removed.error(), Step::clean_up, kept_folder_name));
}

}  // namespace untorn::transaction
