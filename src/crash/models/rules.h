// SPDX-License-Identifier: Apache-2.0
//
// What may persist when the power goes, as a table. Each model is one table in a file of its own,
// beside the evidence for its rules; the engine reads the table and knows no file system by name.
//
// The rules that all models of a power cut share (docs/internals/crash-model.md tells more):
//
//  R1 A completed fsync or fdatasync of a file forces every earlier size and block step of it. One
//     of a range (msync, an O_DSYNC write) forces the block steps of the pages that the range
//     touches, and the sizes up to the one that reaches its end or the file's, whichever is less.
//  R2 A completed fsync of a directory forces every earlier unit that touches a name in it. `sync`
//     and `syncfs` force everything.
//  R3 A sync forces what stood in the log when it was entered; what other threads did meanwhile is
//     as before.
//  R4 After a failed sync of an inode no later sync forces its content, nor, if it is a directory,
//     does a sync of it or of everything force its names.
//  R5 Order is kept among the units of one name, the size steps of one file and the writes to one
//     block; a write to a block that a truncation freed waits for the truncation, and the
//     truncation for the writes that it discards.
//  R6 A block holds any prefix of its writes; what was never written below the size is zeros.
//  R7 In one state at most one block is torn: the last kept writes of it, one or more, as the one
//     request that the kernel may make of them; of the bytes from their first to their last the
//     first sector or all but the last one persisted, and after it is what was there before these
//     writes. What a sync forced, or what something else that persisted waited for, is never torn.
//
// What a sync forces takes with it all that this waits for.
#pragma once
#include "crash/engine.h"
#include "crash/names.h"

namespace untorn::crash {

struct Rules {
  // The units of all names and the truncations that shrink a file persist in the order of the log,
  // and a sync commits them up to the newest change of what it syncs.
  bool metadata_in_order = false;
  // What sync_file_range wrote, with its sizes, persists before any later unit or truncation.
  bool range_sync_orders_data = false;
  // A size that grows waits for the block write that ends at it.
  bool size_waits_for_data = false;
  // An exchange changes the two files too, so that a sync of one of them commits it.
  bool exchange_changes_files = true;
  // Block writes may be torn at a sector.
  bool blocks_tear = true;
  // A rename is one unit or several.
  Renames renames = Renames::whole;
  // A block that was added and not written yet may hold garbage instead of zeros.
  bool garbage_in_new_blocks = false;
};

// For what a kill leaves of calls that overlapped: whole units, in no order.
extern const Rules kill_rules;
extern const Rules portable_rules;
extern const Rules ext4_rules;
extern const Rules xfs_rules;
extern const Rules btrfs_rules;
extern const Rules posix_rules;

[[nodiscard]] const Rules& rules_of(Model model) noexcept;

}  // namespace untorn::crash
