// SPDX-License-Identifier: Apache-2.0
//
// What a power cut may leave on ext4 with a journal, data=ordered and barriers. The numbers are bad
// states of all states in block-level power cuts on Linux 6.18.
//
//  E1 Names and truncations that shrink a file go into one running transaction, and transactions
//     commit in order: what persisted of them is a prefix. Measured: acknowledged renames lost for
//     up to 5.0 s, none after an fsync of another file that had changed since. A truncation that
//     committed before the writes after it left an empty file in 18 of 50 states.
//  E2 A completed sync commits that order up to the newest change of what it syncs: a name in the
//     directory, a name of the file, its size, mode or owner; for fdatasync up to its creation, its
//     size or a name in the directory. A sync of something unchanged commits nothing: ext4 waits
//     for the transaction that the inode was last in, not for the running one. Measured: fsync of
//     the renamed file, or of a file that had grown since, made the rename durable in all states.
//  E3 Sizes that grow come at any time, before or after the data (new files empty in 12 of 24
//     states, up to 31 s after the rename; right sizes with zeros in 22 of 36 after rename and
//     fsync of the directory; zeros at the end of appended files in 23 of 44).
//  E4 sync_file_range with all three flags that returned 0 puts the bytes and their sizes before
//     every later name or truncation: the page is written back when the extent is converted, so
//     both are in a transaction no later than the rename's. Measured: 0 of 1,500 states bad with a
//     noisy neighbour, 0 of 1,725 for new names, 0 of 189 and more with each of noauto_da_alloc,
//     data=writeback, data=journal, nodelalloc, dioread_lock and fast_commit.
//  E5 Overwritten blocks are written in place, in any order, and tear: mixed contents in 13 of 24
//     states. Two writes of one block reach the disk as one request, and tear as one (seen once).
//
// Not in the table because nobody may rely on it: allocation at once on a rename over an existing
// file (auto_da_alloc). With fast_commit a sync may commit the synced inode alone: `portable` is
// the model of such a disk. overlay ignores sync_file_range, whatever lies below it.
#include "crash/models/rules.h"

namespace untorn::crash {

const Rules ext4_rules = {.metadata_in_order = true, .range_sync_orders_data = true};

}  // namespace untorn::crash
