// SPDX-License-Identifier: Apache-2.0
//
// What a power cut may leave on xfs with barriers and its log on the same device. The numbers are
// bad states of all states in block-level power cuts on Linux 6.18.
//
//  X1 Names and truncations that shrink a file are logged in order: what persisted of them is a
//     prefix. Measured: truncations before the writes after them, 13 of 28 states empty.
//  X2 A completed sync forces the log up to the newest change of what it syncs, and with it all
//     that was logged before, as E2 of ext4 says. Measured: fsync of another file that had changed
//     made a rename durable. An exchange changes the directories alone, not the two files: fsync of
//     one of them returned, and the exchange was lost (1 of 718 states; it takes a log that was
//     written between the creation and the exchange). A rename does change its file.
//  X3 A size that grows is logged when its data has been written: no zeros below it. Measured:
//     appends 0 of 11 and 0 of 25 bad; renamed without a sync 11 of 13 empty, none with zeros.
//  X4 sync_file_range with all three flags that returned 0 puts the bytes and their sizes before
//     every later name or truncation: the new size is logged before the wait ends. Measured: 0 of
//     1,446 states bad with a noisy neighbour, 0 of 750 for new names.
//  X5 Overwritten blocks are written in place, in any order, and tear: 11 of 21 states mixed.
//  X6 Nothing orders a name and what it leads to: there is no heuristic for renames.
#include "crash/models/rules.h"

namespace untorn::crash {

const Rules xfs_rules = {
    .metadata_in_order = true,
    .range_sync_orders_data = true,
    .size_waits_for_data = true,
    .exchange_changes_files = false,
};

}  // namespace untorn::crash
