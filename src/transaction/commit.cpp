// SPDX-License-Identifier: Apache-2.0
//
// The protocol of one commit. docs/internals/transactions.md repeats these invariants.
//
//  C1  Until the intent has its name, no name of the tree but those of temporaries is changed, and
//      every failure removes the temporaries.
//  C2  What the intent says is on the disk before the intent is: the temporaries, their names, the
//      old content whose hash it records, and the name `.untorn`. On btrfs, for several contents,
//      by one sync of everything. Where contents that were waited for and all names persist in
//      order (one_commit), they need not be there before: they come with the intent at the latest.
//  C3  The intent is whole when it gets its name: written beside, made safe as the contents of C2
//      are, renamed.
//  C4  From the rename of the intent on nothing is taken back, nor if that call failed and it
//      cannot be told that it did nothing. A failure leaves the intent; its outcome is `unknown`,
//      or `applied` if everything is in place and only the intent remains.
//  C5  The intent goes only when every operation is durable, or persists before its end does.
//  C6  Every target is looked at twice: when it is read for its pre-image, and after all content is
//      staged. If it is not what it was when its operation was collected, nothing is committed.
#include "transaction/commit.h"

#include <cerrno>
#include <set>
#include <utility>

#include "base/try.h"
#include "transaction/apply.h"
#include "transaction/contents.h"
#include "transaction/intent.h"
#include "transaction/paths.h"
#include "transaction/stage.h"
#include "write/target.h"

namespace untorn::transaction {
namespace {

class Committer {
 public:
  Committer(Tree& tree, Collection& collection)
      : tree_(tree),
        collection_(collection),
        changes_(collection.changes()),
        contents_(tree, contents_of(collection.changes())) {}

  Result<TransactionReceipt> run() {
    const unsigned syncs_before = tree_.syncs();
    auto prepared = prepare();
    if (!prepared) return std::unexpected(give_up(prepared.error()));
    auto published = publish_intent();
    if (!published) {
      const bool nothing = published.error().outcome() == Outcome::not_applied;
      return std::unexpected(nothing ? give_up(published.error()) : published.error());
    }
    UNTORN_TRY(Applied applied, carry_out());
    auto retired = retire(tree_);
    if (!retired) return std::unexpected(with_outcome(retired.error(), Outcome::applied));  // C4
    const write::Level level = write::achievable(tree_.kind(), Durability::durable);
    receipt_.operations = changes_.size();
    receipt_.bytes = collection_.bytes();
    receipt_.syncs = tree_.syncs() - syncs_before;
    receipt_.protocol = tree_.plan().protocol;
    receipt_.achieved = level.achieved;
    receipt_.why_lower = level.why_lower;
    receipt_.changed = std::move(applied.changed);
    receipt_.kept = std::move(applied.kept);
    return std::move(receipt_);
  }

 private:
  // How many contents the intent relies on.
  static std::size_t contents_of(const std::vector<Change>& changes) {
    std::size_t count = 0;
    for (const Change& change : changes) {
      const Action action = change.operation.action;
      if (action == Action::put) ++count;
      const bool reads = action == Action::put || action == Action::remove;
      if (reads && change.in_tree && change.seen && change.seen->type == FileType::regular) ++count;
    }
    return count;
  }

  // Everything before the commit point. C6: the second look comes when all content is safe.
  Result<void> prepare() {
    for (Change& change : changes_) {
      if (change.operation.action != Action::put) continue;
      const std::string directory = collection_.view().nearest_present(change.operation.path);
      change.operation.staged = staged_path_in(tree_, directory);
      staged_.push_back(change.operation.staged);
    }
    UNTORN_CHECK(write_staging_list(tree_, staged_));
    for (Change& change : changes_) UNTORN_CHECK(prepare(change));
    // The sync of everything shall find the intent as well.
    const bool with_everything = contents_.with_everything();
    if (with_everything) UNTORN_CHECK(write_intent());
    UNTORN_CHECK(contents_.make_safe());
    if (!with_everything) UNTORN_CHECK(sync_staged_names());
    for (const Change& change : changes_) UNTORN_CHECK(look_again(change));
    return with_everything ? Result<void>() : write_intent();
  }

  Result<void> prepare(Change& change) {
    OwnedHandle old_file;
    if (change.in_tree) UNTORN_CHECK(observe(change, old_file));
    if (change.operation.action != Action::put) return {};
    NewContent content{.content = change.content, .mode = change.mode, .old_status = {}};
    if (!change.metadata_from.empty() && old_file.get() == Handle::none) {
      UNTORN_TRY(old_file, open_file(change.metadata_from));
    }
    if (old_file.get() != Handle::none) {
      auto status = tree_.fs().status(old_file.get());
      if (!status) return std::unexpected(failed(status.error(), change));
      content.old_file = old_file.get();
      content.old_status = *status;
    }
    UNTORN_TRY(const auto lost, stage(tree_, content, contents_, change.operation));
    for (const std::string& what : lost) {
      receipt_.metadata_lost.push_back(change.operation.path + ": " + what);
    }
    change.content.clear();
    change.content.shrink_to_fit();
    return {};
  }

  // C6, and C2 for the old content.
  Result<void> observe(Change& change, OwnedHandle& old_file) {
    Operation& operation = change.operation;
    UNTORN_TRY(const auto status, tree_.look_at(operation.path));
    if (!is_as_seen(change, status)) return std::unexpected(conflict(change));
    if (!status) return {};
    operation.before = pre_image_of(*status);
    if (operation.action == Action::rename || status->type == FileType::directory) return {};
    if (status->type == FileType::symlink) {
      UNTORN_TRY(const Handle directory, tree_.directory(parent_of(operation.path)));
      auto text = tree_.fs().read_link(directory, name_of(operation.path));
      if (!text) return std::unexpected(failed(text.error(), change));
      operation.before.hash = hash_text(*text);
      return {};
    }
    UNTORN_TRY(old_file, open_file(operation.path));
    UNTORN_CHECK(contents_.add_old(old_file.get(), operation.path));
    auto hash = hash_file(tree_.fs(), old_file.get());
    if (!hash) return std::unexpected(failed(hash.error(), change));
    auto now = tree_.fs().status(old_file.get());
    if (!now) return std::unexpected(failed(now.error(), change));
    if (!is_as_seen(change, *now)) return std::unexpected(conflict(change));
    operation.before.hash = *hash;
    return {};
  }

  // A directory may have got or lost names: what counts is that it is the same one.
  static bool is_as_seen(const Change& change, const std::optional<Status>& now) {
    if (!change.seen || !now) return change.seen.has_value() == now.has_value();
    if (change.seen->type == FileType::directory) {
      return now->type == FileType::directory && now->inode == change.seen->inode;
    }
    return write::etag_of(*change.seen) == write::etag_of(*now);
  }

  Result<void> look_again(const Change& change) {
    if (!change.in_tree) return {};
    const Operation& operation = change.operation;
    UNTORN_TRY(const auto status, tree_.look_at(operation.path));
    if (!is_as_seen(change, status)) return std::unexpected(conflict(change));
    if (operation.action == Action::rename && change.to_in_tree) {
      UNTORN_TRY(const auto taken, tree_.look_at(operation.to));
      if (taken) return std::unexpected(conflict(change));
    }
    if (operation.action == Action::remove && status->type == FileType::directory) {
      UNTORN_TRY(const bool empty, collection_.view().is_empty(tree_, operation.path));
      if (!empty) return std::unexpected(conflict(change));
    }
    return {};
  }

  // C2. The root holds the name `.untorn`.
  Result<void> sync_staged_names() {
    if (tree_.names_in_order()) return {};
    std::set<std::string> directories = {""};
    for (const std::string& path : staged_) directories.insert(std::string(parent_of(path)));
    for (const std::string& path : directories) {
      UNTORN_TRY(const Handle directory, tree_.directory(path));
      auto synced = tree_.sync_directory(directory);
      if (!synced) return std::unexpected(tree_.error(synced.error(), Step::sync_directory, path));
    }
    return {};
  }

  // C3, but for the rename.
  Result<void> write_intent() {
    const std::string where = joined(kept_folder_name, intent_new_name);
    auto opened = tree_.fs().open(tree_.folder(), intent_new_name,
                                  {.access = Access::write,
                                   .create = true,
                                   .truncate = true,
                                   .follow = false,
                                   .mode = kept_file_mode});
    if (!opened) {
      return std::unexpected(tree_.error(opened.error(), Step::create_temporary, where));
    }
    OwnedHandle file(tree_.fs(), *opened);
    auto status = tree_.fs().status(file.get());
    if (!status) return std::unexpected(tree_.error(status.error(), Step::check, where));
    Intent intent;
    intent.root_inode = tree_.root_status().inode;
    intent.device = tree_.root_status().device;
    intent.root_born_ns = tree_.root_status().born_ns;
    intent.inode = status->inode;
    intent.born_ns = status->born_ns;
    for (const Change& change : changes_) intent.operations.push_back(change.operation);
    UNTORN_CHECK(write_all(tree_, file.get(), encode(intent), where));
    operations_ = std::move(intent.operations);
    UNTORN_CHECK(contents_.add_new(std::move(file), where));
    return contents_.with_everything() ? Result<void>() : contents_.make_safe();
  }

  Result<void> publish_intent() {
    auto renamed = tree_.fs().rename(tree_.folder(), intent_new_name, tree_.folder(), intent_name,
                                     RenameMode::replace);
    if (renamed) return {};
    Error error = tree_.error(renamed.error(), Step::rename, joined(kept_folder_name, intent_name));
    // A call that fails may have been carried out. Only if it was not, nothing is committed.
    auto there = tree_.fs().status_at(tree_.folder(), intent_name);
    const bool absent = !there && number(there.error()) == ENOENT;
    return std::unexpected(absent ? std::move(error) : with_outcome(error, Outcome::unknown));
  }

  // C4: from here on.
  Result<Applied> carry_out() {
    auto synced = tree_.sync_directory(tree_.folder());
    if (!synced) {
      return std::unexpected(with_outcome(
          tree_.error(synced.error(), Step::sync_directory, kept_folder_name), Outcome::unknown));
    }
    auto applied = apply(tree_, operations_, Look::quick);
    if (!applied) return std::unexpected(with_outcome(applied.error(), Outcome::unknown));
    return applied;
  }

  // C1.
  Error give_up(const Error& reason) {
    auto removed = remove_staged(tree_, staged_);
    if (removed) return reason;
    std::string detail = reason.detail().empty() ? "" : reason.detail() + "; ";
    detail += "temporaries remain until the next recovery: " + removed.error().message();
    return {reason.code(),     reason.step(), reason.outcome(),
            reason.os_errno(), reason.path(), std::move(detail)};
  }

  Result<OwnedHandle> open_file(const std::string& path) {
    UNTORN_TRY(const Handle directory, tree_.directory(parent_of(path)));
    auto opened = tree_.fs().open(directory, name_of(path), {.follow = false, .nonblocking = true});
    if (opened) return OwnedHandle(tree_.fs(), *opened);
    return std::unexpected(
        tree_.error(opened.error(), Step::inspect, path, "its old content must be readable"));
  }

  [[nodiscard]] Error failed(Errno os_errno, const Change& change) const {
    return tree_.error(os_errno, Step::inspect, change.operation.path);
  }
  [[nodiscard]] Error conflict(const Change& change) const {
    return tree_.error(Code::conflict, Step::inspect, change.operation.path,
                       "another program changed it meanwhile");
  }

  Tree& tree_;
  Collection& collection_;
  std::vector<Change>& changes_;
  Contents contents_;
  std::vector<std::string> staged_;
  Operations operations_;
  TransactionReceipt receipt_;
};

}  // namespace

Result<void> retire(Tree& tree) {
  const auto failed = [&tree](Errno os_errno, Step step) {
    return std::unexpected(tree.error(os_errno, step, joined(kept_folder_name, intent_name)));
  };
  auto listed = tree.fs().unlink(tree.folder(), staging_name);
  if (!listed && number(listed.error()) != ENOENT) return failed(listed.error(), Step::clean_up);
  auto removed = tree.fs().unlink(tree.folder(), intent_name);
  if (!removed && number(removed.error()) != ENOENT) {
    return failed(removed.error(), Step::clean_up);
  }
  auto synced = tree.sync_directory(tree.folder());
  if (!synced) return failed(synced.error(), Step::sync_directory);
  return {};
}

Result<TransactionReceipt> commit(Tree& tree, Collection& collection) {
  return Committer(tree, collection).run();
}

}  // namespace untorn::transaction
