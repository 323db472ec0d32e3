// SPDX-License-Identifier: Apache-2.0
//
//  V1  A recovery rolls forward or does nothing: with a valid intent of this tree it carries out
//      what is left, without one it removes temporaries. It never brings old content back.
//  V2  What was visible may not have been durable (the process was killed, and the power stays):
//      the intent and its name are synced before anything is carried out.
//  V3  A foreign intent is renamed, never removed: the tree it came from may need it. A damaged or
//      newer one keeps its name, and no transaction begins until a person decides.
//  V4  Every step may be cut short and done again: the intent goes last.
//  V5  The record of content that was not found is set aside, not removed: it names the temporary,
//      wherever that was moved, so that nobody takes it for one that was never committed.
//  V6  A temporary that any intent names, one that was set aside too, is not removed as left over.
#include "transaction/recover.h"

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/try.h"
#include "filesystem/kept_folder.h"
#include "filesystem/read_whole.h"
#include "transaction/apply.h"
#include "transaction/commit.h"
#include "transaction/paths.h"
#include "transaction/set_aside.h"
#include "transaction/stage.h"

namespace untorn::transaction {
namespace {

std::string where(std::string_view name) {
  return joined(kept_folder_name, name);
}

Result<OwnedHandle> open_intent(Tree& tree) {
  auto opened = tree.fs().open(tree.folder(), intent_name, {.follow = false, .nonblocking = true});
  if (opened) return OwnedHandle(tree.fs(), *opened);
  if (number(opened.error()) == ENOENT) return OwnedHandle();
  return std::unexpected(tree.error(opened.error(), Step::inspect, where(intent_name)));
}

Result<Interrupted> read_intent(Tree& tree, Handle file) {
  auto status = tree.fs().status(file);
  if (!status)
    return std::unexpected(tree.error(status.error(), Step::inspect, where(intent_name)));
  auto text = read_whole(tree.fs(), file);
  if (!text) return std::unexpected(tree.error(text.error(), Step::inspect, where(intent_name)));
  Decoded decoded = decode(*text);
  Interrupted found;
  switch (decoded.kind) {
    case Decoded::Kind::damaged:
      found.kind = Interrupted::Kind::damaged;
      return found;
    case Decoded::Kind::newer:
      found.kind = Interrupted::Kind::newer;
      return found;
    case Decoded::Kind::valid:
      break;
  }
  const bool ours = tree.identity() == Identity::content ||
                    belongs_to(decoded.intent, *status, tree.root_status());
  found.kind = ours ? Interrupted::Kind::committed : Interrupted::Kind::foreign;
  found.intent = std::move(decoded.intent);
  return found;
}

Result<TransactionRecovery> roll_forward(Tree& tree, const Intent& intent) {
  UNTORN_TRY(const OwnedHandle file, open_intent(tree));
  if (file.get() != Handle::none) {  // V2
    auto synced = tree.sync_file(file.get());
    if (synced) synced = tree.sync_directory(tree.folder());
    if (!synced) {
      return std::unexpected(tree.error(synced.error(), Step::sync_file, where(intent_name)));
    }
  }
  UNTORN_TRY(Applied applied, apply(tree, intent.operations, Look::thorough));
  TransactionRecovery recovery;
  if (!applied.missing.empty()) {  // V5
    UNTORN_TRY(const std::string name, set_intent_aside(tree, unapplied_infix));
    recovery.detail = std::to_string(applied.missing.size()) +
                      " temporaries are not where they were; the intent is kept as " + where(name);
  }
  UNTORN_CHECK(retire(tree));
  recovery.kind = TransactionRecovery::Kind::rolled_forward;
  recovery.applied = applied.applied;
  recovery.already = applied.already;
  recovery.kept = std::move(applied.kept);
  recovery.changed = std::move(applied.changed);
  return recovery;
}

// V6.
Result<TransactionRecovery> discard(Tree& tree, std::vector<std::string> staged) {
  auto known = KnownIntents::read(tree.fs(), tree.folder());
  if (!known) return std::unexpected(tree.error(known.error(), Step::inspect, kept_folder_name));
  std::erase_if(staged,
                [&known](const std::string& path) { return known->may_name(name_of(path)); });
  UNTORN_TRY(const std::uint64_t removed, remove_staged(tree, staged));
  TransactionRecovery recovery;
  if (removed == 0) return recovery;
  if (tree.counters() != nullptr) tree.counters()->count_swept(removed);
  recovery.kind = TransactionRecovery::Kind::discarded;
  recovery.detail = std::to_string(removed) + " temporaries removed";
  return recovery;
}

Result<TransactionRecovery> refuse(Tree& tree, Interrupted::Kind kind) {
  TransactionRecovery recovery;
  recovery.kind = TransactionRecovery::Kind::refused;
  switch (kind) {
    case Interrupted::Kind::foreign: {
      // Its temporaries stay too: they are copies of content that someone committed (V6).
      UNTORN_TRY(const std::string name, set_intent_aside(tree, foreign_infix));
      UNTORN_CHECK(remove_staged(tree, {}));
      if (tree.counters() != nullptr) tree.counters()->count_set_aside(1);
      recovery.detail =
          "the intent belongs to another tree, or to the tree that this one is a "
          "copy of; it is kept as " +
          where(name);
      break;
    }
    case Interrupted::Kind::newer:
      recovery.detail = where(intent_name) + " has a newer format; a newer Untorn can read it";
      break;
    default:
      recovery.detail = where(intent_name) + " is damaged";
      break;
  }
  return recovery;
}

void count(Tree& tree, const Result<TransactionRecovery>& recovery) {
  if (tree.counters() == nullptr) return;
  using Kind = TransactionRecovery::Kind;
  const Kind kind = recovery ? recovery->kind : Kind::refused;
  if (kind == Kind::none) return;
  RecoveryResult result = RecoveryResult::failed;
  if (kind == Kind::rolled_forward) result = RecoveryResult::rolled_forward;
  if (kind == Kind::discarded) result = RecoveryResult::discarded;
  tree.counters()->count_recovery(result);
}

Result<TransactionRecovery> finish(Tree& tree, const Interrupted& found) {
  switch (found.kind) {
    case Interrupted::Kind::none:
      return TransactionRecovery();
    case Interrupted::Kind::staged:
      return discard(tree, found.staged);
    case Interrupted::Kind::committed:
      return roll_forward(tree, found.intent);
    case Interrupted::Kind::foreign:
    case Interrupted::Kind::damaged:
    case Interrupted::Kind::newer:
      break;
  }
  return refuse(tree, found.kind);
}

}  // namespace

Result<bool> has_intent(Tree& tree) {
  auto status = tree.fs().status_at(tree.folder(), intent_name);
  if (status) return true;
  if (number(status.error()) == ENOENT) return false;
  return std::unexpected(tree.error(status.error(), Step::inspect, where(intent_name)));
}

Result<Interrupted> find_interrupted(Tree& tree) {
  if (!tree.has_folder()) return Interrupted();
  UNTORN_TRY(const OwnedHandle file, open_intent(tree));
  if (file.get() != Handle::none) return read_intent(tree, file.get());
  Interrupted found;
  UNTORN_TRY(found.staged, read_staging_list(tree));
  const auto status = tree.fs().status_at(tree.folder(), intent_new_name);
  if (!found.staged.empty() || status) found.kind = Interrupted::Kind::staged;
  return found;
}

Result<TransactionRecovery> recover(Tree& tree) {
  UNTORN_TRY(const Interrupted found, find_interrupted(tree));
  auto recovery = finish(tree, found);
  count(tree, recovery);
  return recovery;
}

Result<TransactionRecovery> recover_or_refuse(Tree& tree) {
  UNTORN_TRY(const Interrupted found, find_interrupted(tree));
  auto recovery = finish(tree, found);
  count(tree, recovery);
  if (!recovery) return recovery;
  if (found.kind == Interrupted::Kind::damaged || found.kind == Interrupted::Kind::newer) {
    const bool newer = found.kind == Interrupted::Kind::newer;
    return std::unexpected(
        tree.error(newer ? Code::unsupported : Code::corrupt, Step::inspect, {}, recovery->detail));
  }
  return recovery;
}

}  // namespace untorn::transaction
