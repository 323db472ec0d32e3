// SPDX-License-Identifier: Apache-2.0
//
//  A1  Each operation is looked at before it is carried out: carried out already (a put: the target
//      is the temporary, by inode; a removal: nothing is there; a rename: the new name leads to the
//      inode; a directory: there is one), still to do (the target holds its pre-image, or nothing),
//      or changed by another program. The third kind is never overwritten or removed.
//  A2  Names whose loss would lose content are durable before they are relied on: before content
//      moves into a directory that this transaction made, that directory's name is synced
//      (`barrier`), else a power cut could keep the move and lose the directory. Where names
//      persist in the order of their changes, no power cut can, and nothing is synced.
//  A3  At the end every directory that any operation touches is synced, those of operations found
//      carried out too: who carried them out may have been killed before it synced. A directory
//      that something was moved out of comes before the one that it was moved into: synced alone,
//      the second may leave both names after a power cut (seen on btrfs). There, several
//      directories are synced by one sync of everything. Where names persist in order, the sync
//      that makes the end of the intent durable comes after all of them, and is the only one.
//  A4  Content that cannot be put in place stays, beside its target if that directory is there.
//  A5  Where the old and the new name lead to one inode, a rename was parted, as moves in a circle
//      may be, which have no order by A3: the old name is removed.
#include "transaction/apply.h"

#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/try.h"
#include "filesystem/same_file.h"
#include "transaction/paths.h"
#include "write/group_sync.h"
#include "write/target.h"

namespace untorn::transaction {
namespace {

constexpr unsigned kept_names_max = 10'000;
constexpr int looks_max = 3;

// What a look at an operation says. `parted`: A5.
enum class State : std::uint8_t { to_do, already, changed, parted };
// What an attempt to carry it out says. `again`: another program was quicker.
enum class Attempt : std::uint8_t { done, again, changed };

bool is_unreachable(const Error& error) noexcept {
  const int os_errno = error.os_errno();
  return os_errno == ENOENT || os_errno == ENOTDIR || os_errno == ELOOP ||
         error.code() == Code::mount_point;
}

class Applier {
 public:
  Applier(Tree& tree, Look look) : tree_(tree), look_(look) {}

  Result<Applied> run(const Operations& operations) {
    for (const Operation& operation : operations) {
      if (operation.barrier) UNTORN_CHECK(sync_touched());
      UNTORN_CHECK(carry_out(operation));
    }
    UNTORN_CHECK(sync_touched());
    return std::move(result_);
  }

 private:
  // Another program may change the target between a look and the call: look again, a few times.
  Result<void> carry_out(const Operation& operation) {
    for (int looks = 0; looks < looks_max; ++looks) {
      UNTORN_TRY(const State state, look_at(operation));
      touch(operation);
      if (state == State::already) {
        ++result_.already;
        return {};
      }
      if (state == State::changed) return keep(operation);
      UNTORN_TRY(const Attempt attempt,
                 state == State::parted ? remove_old_name(operation) : carry_out_once(operation));
      if (attempt == Attempt::changed) return keep(operation);
      if (attempt == Attempt::done) {
        ++result_.applied;
        return {};
      }
    }
    return keep(operation);
  }

  Result<State> look_at(const Operation& operation) {
    UNTORN_TRY(const auto status, look_if_reachable(operation.path));
    switch (operation.action) {
      case Action::put:
        return look_at_put(operation, status);
      case Action::remove:
        if (!status) return State::already;
        return holds_pre_image(operation, *status);
      case Action::rename:
        return look_at_rename(operation, status);
      case Action::make_directory:
        if (!status) return to_do_if_reachable(operation.path);
        return status->type == FileType::directory ? State::already : State::changed;
    }
    return State::changed;
  }

  // Nothing also where the directories that lead to it are not there, or are no directories of the
  // tree any more.
  Result<std::optional<Status>> look_if_reachable(const std::string& path) {
    auto status = tree_.look_at(path);
    if (!status && is_unreachable(status.error())) return std::optional<Status>();
    return status;
  }

  Result<State> to_do_if_reachable(const std::string& path) {
    auto parent = tree_.directory(parent_of(path));
    if (parent) return State::to_do;
    if (is_unreachable(parent.error())) return State::changed;
    return std::unexpected(parent.error());
  }

  Result<State> holds_pre_image(const Operation& operation, const Status& status) {
    UNTORN_TRY(const Handle directory, tree_.directory(parent_of(operation.path)));
    auto holds = still_holds(tree_.fs(), directory, name_of(operation.path), status,
                             operation.before, look_, tree_.identity());
    if (!holds) return std::unexpected(tree_.error(holds.error(), Step::inspect, operation.path));
    return *holds ? State::to_do : State::changed;
  }

  Result<State> look_at_put(const Operation& operation, const std::optional<Status>& status) {
    UNTORN_TRY(const auto ready, temporary(operation));
    if (ready) {
      if (status && same_file(*status, *ready)) return State::parted;
      return status ? holds_pre_image(operation, *status) : to_do_if_reachable(operation.path);
    }
    if (!status) return State::changed;
    UNTORN_TRY(const bool done, is_staged(operation, operation.path, *status));
    return done ? State::already : State::changed;
  }

  Result<bool> is_staged(const Operation& operation, const std::string& path,
                         const Status& status) {
    UNTORN_TRY(const Handle directory, tree_.directory(parent_of(path)));
    auto staged = is_staged_content(tree_.fs(), directory, name_of(path), status, operation,
                                    tree_.identity());
    if (!staged) return std::unexpected(tree_.error(staged.error(), Step::inspect, path));
    return *staged;
  }

  // The operation's temporary, if it is where it was put.
  Result<std::optional<Status>> temporary(const Operation& operation) {
    UNTORN_TRY(auto staged, look_if_reachable(operation.staged));
    if (!staged || staged->size != operation.bytes) return std::optional<Status>();
    UNTORN_TRY(const bool is_ours, is_staged(operation, operation.staged, *staged));
    return is_ours ? staged : std::nullopt;
  }

  Result<State> look_at_rename(const Operation& operation, const std::optional<Status>& from) {
    UNTORN_TRY(const auto to, look_if_reachable(operation.to));
    const bool is_same = from && to && same_file(*from, *to) && from->type != FileType::directory;
    if (tree_.identity() == Identity::content) {
      if (is_same) return State::parted;
      // The new name was free when the operation was committed, and nobody else is there.
      if (to) return State::already;
      return from ? to_do_if_reachable(operation.to) : State::changed;
    }
    const bool from_holds = from && from->inode == operation.before.inode;
    if (is_same && from_holds) return State::parted;
    if (to && to->inode == operation.before.inode && !from_holds) return State::already;
    if (!from_holds || to) return State::changed;
    return to_do_if_reachable(operation.to);
  }

  Result<Attempt> carry_out_once(const Operation& operation) {
    switch (operation.action) {
      case Action::put:
        return move(operation.staged, operation.path,
                    operation.before.kind != PreImage::Kind::absent);
      case Action::rename:
        tree_.forget();  // what is renamed may be a directory
        return move(operation.path, operation.to, false);
      case Action::remove:
        return remove(operation);
      case Action::make_directory:
        return make_directory(operation);
    }
    return Attempt::changed;
  }

  Result<Attempt> remove(const Operation& operation) {
    const bool folder = operation.before.kind == PreImage::Kind::directory;
    if (folder) tree_.forget();
    UNTORN_TRY(const Handle directory, tree_.directory(parent_of(operation.path)));
    const std::string_view name = name_of(operation.path);
    auto removed =
        folder ? tree_.fs().remove_directory(directory, name) : tree_.fs().unlink(directory, name);
    if (removed) return Attempt::done;
    const int os_errno = number(removed.error());
    if (os_errno == ENOENT) return Attempt::again;
    if (folder && (os_errno == ENOTEMPTY || os_errno == EEXIST)) return Attempt::changed;
    return std::unexpected(tree_.error(removed.error(), Step::rename, operation.path));
  }

  Result<Attempt> make_directory(const Operation& operation) {
    UNTORN_TRY(const Handle directory, tree_.directory(parent_of(operation.path)));
    auto made = tree_.fs().make_directory(directory, name_of(operation.path), operation.mode);
    if (made) return Attempt::done;
    if (number(made.error()) == EEXIST) return Attempt::again;
    return std::unexpected(tree_.error(made.error(), Step::rename, operation.path));
  }

  // A5.
  Result<Attempt> remove_old_name(const Operation& operation) {
    const std::string& path = operation.action == Action::put ? operation.staged : operation.path;
    UNTORN_TRY(const Handle directory, tree_.directory(parent_of(path)));
    auto removed = tree_.fs().unlink(directory, name_of(path));
    if (removed) return Attempt::done;
    if (number(removed.error()) == ENOENT) return Attempt::again;
    return std::unexpected(tree_.error(removed.error(), Step::rename, path));
  }

  // One rename. Onto a name that shall be free it fails if it is not, where the file system can.
  Result<Attempt> move(const std::string& from, const std::string& to, bool replaces) {
    UNTORN_TRY(const Handle from_directory, tree_.directory(parent_of(from)));
    UNTORN_TRY(const Handle to_directory, tree_.directory(parent_of(to)));
    const auto call = [&](RenameMode mode) {
      return tree_.fs().rename(from_directory, name_of(from), to_directory, name_of(to), mode);
    };
    auto moved = call(replaces ? RenameMode::replace : RenameMode::no_replace);
    if (!moved && !replaces && write::means_unsupported(moved.error())) {
      moved = call(RenameMode::replace);
    }
    if (moved) return Attempt::done;
    const int os_errno = number(moved.error());
    if (os_errno == EEXIST || os_errno == ENOTEMPTY || os_errno == EISDIR) return Attempt::again;
    return std::unexpected(tree_.error(moved.error(), Step::rename, to));
  }

  // A4.
  Result<void> keep(const Operation& operation) {
    result_.changed.push_back(operation.path);
    if (operation.action != Action::put) return {};
    UNTORN_TRY(const auto there, temporary(operation));
    if (!there) {
      result_.missing.push_back(operation.staged);
      return {};
    }
    std::string directory(parent_of(operation.path));
    if (auto opened = tree_.directory(directory); !opened) {
      if (!is_unreachable(opened.error())) return std::unexpected(opened.error());
      directory = parent_of(operation.staged);
      touched_.insert(directory);
    }
    for (unsigned count = 1; count <= kept_names_max; ++count) {
      const std::string suffix = std::string(unapplied_infix) + std::to_string(count);
      std::string name(name_of(operation.path).substr(0, name_bytes_max - suffix.size()));
      name += suffix;
      const std::string path = joined(directory, name);
      UNTORN_TRY(const auto taken, tree_.look_at(path));
      if (taken) continue;
      UNTORN_TRY(const Attempt kept, move(operation.staged, path, false));
      if (kept != Attempt::done) continue;
      result_.kept.push_back(path);
      return {};
    }
    return std::unexpected(tree_.error(Code::already_exists, Step::rename, operation.path,
                                       "every name for content that is kept is taken"));
  }

  void touch(const Operation& operation) {
    touched_.insert(std::string(parent_of(operation.path)));
    if (operation.action == Action::put) touch_move(operation.staged, operation.path);
    if (operation.action == Action::rename) touch_move(operation.path, operation.to);
  }

  void touch_move(std::string_view from, std::string_view to) {
    const std::string left(parent_of(from));
    std::string entered(parent_of(to));
    touched_.insert(left);
    touched_.insert(entered);
    if (left != entered) left_before_[std::move(entered)].insert(left);
  }

  // A3.
  Result<void> sync_touched() {
    if (tree_.names_in_order()) touched_.clear();
    if (tree_.plan().after.all && touched_.size() >= write::shared_files_min) {
      auto synced = tree_.sync_everything();
      if (!synced) return std::unexpected(tree_.error(synced.error(), Step::sync_directory, {}));
      touched_.clear();
    }
    while (!touched_.empty()) {
      const std::string path = *touched_.begin();
      UNTORN_CHECK(sync_with_those_before(path));
    }
    left_before_.clear();
    return {};
  }

  // A circle of moves ends where it began: what is being synced is not in touched_ any more.
  Result<void> sync_with_those_before(const std::string& path) {
    touched_.erase(path);
    for (const std::string& left : left_before_[path]) {
      if (touched_.contains(left)) UNTORN_CHECK(sync_with_those_before(left));
    }
    auto directory = tree_.directory(path);
    if (!directory && is_unreachable(directory.error())) return {};  // it holds no names any more
    if (!directory) return std::unexpected(directory.error());
    auto synced = tree_.sync_directory(*directory);
    if (!synced) return std::unexpected(tree_.error(synced.error(), Step::sync_directory, path));
    return {};
  }

  Tree& tree_;
  Look look_;
  Applied result_;
  std::set<std::string> touched_;  // directories with names that are not durable yet
  // By directory that something was moved into: those that it came from.
  std::map<std::string, std::set<std::string>> left_before_;
};

}  // namespace

Result<Applied> apply(Tree& tree, const Operations& operations, Look look) {
  return Applier(tree, look).run(operations);
}

}  // namespace untorn::transaction
