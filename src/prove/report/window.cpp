// SPDX-License-Identifier: Apache-2.0
//
// Evidence: recorded block logs on Linux 6.18 with default mount options, every prefix of the log
// mounted and read; seconds count from the last call of the protocol. See
// docs/internals/windows.md.
#include "prove/report/window.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "filesystem/operation_kinds.h"

namespace untorn::prove {

namespace {

struct Window {
  std::string_view ext4;
  std::string_view xfs;
  std::string_view btrfs;
};

constexpr std::string_view unseen = "none seen";

// A temporary renamed over the file, nothing synced. (ext4 starts the write-back at the rename.)
constexpr Window rename_over = {unseen, "0.05 s", unseen};
// The same, and then another file is synced.
constexpr Window rename_over_with_foreign_sync = {unseen, "31 s", unseen};
// The same, and then the directory is synced.
constexpr Window rename_over_with_directory_sync = {"6 s", "45 s or more", "31 s"};
// A temporary renamed to a name that was not there.
constexpr Window rename_to_new = {"31 s", "15 s", unseen};
constexpr Window rename_to_new_with_foreign_sync = {"41 s", "45 s or more", "15 s"};
// A temporary linked to a new name, as git stores its objects; three commits without any sync.
constexpr Window link_to_new = {"31 s", unseen, unseen};
constexpr Window append_without_sync = {"25 s", unseen, unseen};
// Acknowledged, but the name is not committed: until the next commit of the file system.
constexpr Window until_next_commit = {"up to 5 s", "up to 30 s", "up to 30 s"};
// Emptied, and written later: bad when something else is synced in between.
constexpr Window between_truncation_and_write = {
    "from the truncation to the write, if anything is synced meanwhile",
    "from the truncation to the write, if anything is synced meanwhile", unseen};
constexpr Window while_overwritten = {"while the pages are written", "while the pages are written",
                                      unseen};

constexpr std::size_t none = static_cast<std::size_t>(-1);

class WindowFinder {
 public:
  WindowFinder(const OperationLog& log, const Failure& failure) : log_(log), failure_(failure) {}

  [[nodiscard]] std::optional<Window> find() const {
    if (failure_.simplest.lost.empty()) return {};
    if (failure_.story == nullptr) return of_repository();
    if (failure_.simplest.observed == Observed::old_after_ack ||
        failure_.simplest.observed == Observed::missing) {
      return is_durability() ? std::optional(until_next_commit) : std::nullopt;
    }
    if (const std::size_t published = publication(); published != none) {
      if (log_.operations[published].kind == OperationKind::rename) return of(published);
      return link_to_new;
    }
    if (failure_.story->path_class == PathClass::log) return append_without_sync;
    if (failure_.story->database) return {};
    const bool emptied = came_first(failure_.story->emptied);
    if (emptied && failure_.simplest.observed == Observed::empty)
      return between_truncation_and_write;
    if (!emptied && failure_.story->path_class == PathClass::in_place) return while_overwritten;
    return {};
  }

 private:
  [[nodiscard]] bool is_durability() const {
    return failure_.check == Check::durable || failure_.check == Check::durable_if_synced;
  }

  [[nodiscard]] bool concerns(InodeId inode) const {
    const auto& inodes = failure_.story->inodes;
    return std::binary_search(inodes.begin(), inodes.end(), inode);
  }

  // A repository in which nothing was synced: measured as such.
  [[nodiscard]] std::optional<Window> of_repository() const {
    if (failure_.check != Check::parse) return {};
    const auto begun =
        log_.operations.begin() + static_cast<std::ptrdiff_t>(failure_.simplest.begun);
    const bool synced = std::any_of(log_.operations.begin(), begun, [](const Operation& operation) {
      return is_sync(operation.kind);
    });
    return synced ? std::nullopt : std::optional(link_to_new);
  }

  // The rename or link that put the file in place although content from before it is lost.
  [[nodiscard]] std::size_t publication() const {
    const std::size_t lost = failure_.simplest.lost.front();
    for (const std::size_t kept : failure_.simplest.kept) {
      const Operation& operation = log_.operations[kept];
      const bool publishes =
          operation.kind == OperationKind::rename || operation.kind == OperationKind::link;
      if (kept > lost && publishes && concerns(operation.inode)) return kept;
    }
    return none;
  }

  [[nodiscard]] std::optional<Window> of(std::size_t renamed) const {
    const Operation& rename = log_.operations[renamed];
    bool directory = false;
    bool foreign = false;
    for (std::size_t i = renamed + 1; i < failure_.simplest.begun; ++i) {
      const Operation& operation = log_.operations[i];
      if (operation.kind == OperationKind::sync_directory)
        directory = directory || operation.inode == rename.target_directory;
      if (operation.kind == OperationKind::sync_file || operation.kind == OperationKind::sync_data)
        foreign = foreign || !concerns(operation.inode);
    }
    if (rename.replaced == no_inode) {
      if (directory) return {};  // nobody measured it
      return foreign ? rename_to_new_with_foreign_sync : rename_to_new;
    }
    if (directory) return rename_over_with_directory_sync;
    return foreign ? rename_over_with_foreign_sync : rename_over;
  }

  [[nodiscard]] bool came_first(const std::vector<std::size_t>& operations) const {
    return !operations.empty() && operations.front() < failure_.simplest.begun;
  }

  const OperationLog& log_;
  const Failure& failure_;
};

std::string words_of(const Window& window) {
  std::string text;
  const std::array<std::pair<std::string_view, std::string_view>, 3> each = {
      {{"ext4", window.ext4}, {"xfs", window.xfs}, {"btrfs", window.btrfs}}};
  for (const auto& [name, time] : each) {
    if (!text.empty()) text += ", ";
    text += name;
    text += ' ';
    text += time;
  }
  return text;
}

}  // namespace

std::string window_of(const OperationLog& log, const Failure& failure, crash::Model model) {
  if (failure.engine != Engine::power) return {};
  const auto window = WindowFinder(log, failure).find();
  if (!window) return {};
  switch (model) {
    case crash::Model::portable:
      return words_of(*window);
    case crash::Model::ext4:
      return "ext4 " + std::string(window->ext4);
    case crash::Model::xfs:
      return "xfs " + std::string(window->xfs);
    case crash::Model::btrfs:
      return "btrfs " + std::string(window->btrfs);
    case crash::Model::kill:
    case crash::Model::posix:
      break;
  }
  return {};
}

}  // namespace untorn::prove
